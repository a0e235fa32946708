"""SIP addresses with headers: what they say, how long they may be, what is never in them."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from fakes.dialogue import FakeAgentView
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.sip import MOST_HEADER_CHARACTERS, address_with_headers

ADDRESS = "sip:queue@pbx.example.co.jp;transport=tls"
REFERENCE = "q9wX-4_hVnJ2c0aTzLr7Pg"
VIEW = FakeAgentView(
    language="ja", level="matched", flags=("relay_risk", "proxy"), why=("email_only",)
)


def headers(address: str) -> dict[str, str]:
    """The header part of an address, as the INVITE will hold it."""
    parts = address.partition("?")[2].split("&")
    return {name: unquote(value) for name, _, value in (part.partition("=") for part in parts)}


def test_level_and_reference_travel_in_headers() -> None:
    address = address_with_headers(ADDRESS, REFERENCE, VIEW)
    assert address.startswith(ADDRESS + "?")
    found = headers(address)
    uui = found.pop("User-to-User")
    assert found == {
        "X-Honnin-Reference": REFERENCE,
        "X-Honnin-Level": "matched",
        "X-Honnin-Language": "ja",
        "X-Honnin-Flags": "relay_risk,proxy",
        "X-Honnin-Why": "email_only",
    }
    content, _, encoding = uui.partition(";")
    octets = bytes.fromhex(content)
    # RFC 7434: a protocol discriminator goes first; 4 is "IA5 characters" (ITU-T Q.931).
    assert (octets[0], encoding) == (4, "encoding=hex")
    assert octets[1:].decode("ascii") == f"ref={REFERENCE};acr=matched"
    # ISDN takes 128 octets after the discriminator; gateways cut what is longer.
    assert len(octets) <= 129


def test_what_there_is_nothing_of_is_left_out() -> None:
    sure = FakeAgentView(language="en", level="verified")
    assert list(headers(address_with_headers(ADDRESS, REFERENCE, sure))) == [
        "X-Honnin-Reference",
        "X-Honnin-Level",
        "User-to-User",
        "X-Honnin-Language",
    ]


def test_a_result_that_cannot_be_read_keeps_nobody_from_a_person() -> None:
    found = headers(address_with_headers(ADDRESS, REFERENCE, None))
    assert found["X-Honnin-Reference"] == REFERENCE
    assert "X-Honnin-Level" not in found
    assert bytes.fromhex(found["User-to-User"].partition(";")[0])[1:] == f"ref={REFERENCE}".encode()
    assert address_with_headers(ADDRESS, None, None) == ADDRESS


codes = st.lists(st.from_regex(r"[a-z_]{1,40}", fullmatch=True), max_size=80).map(tuple)


@given(flags=codes, why=codes)
def test_headers_stay_below_twilios_limit(flags: tuple[str, ...], why: tuple[str, ...]) -> None:
    view = FakeAgentView(level="claimed", flags=flags, why=why)
    address = address_with_headers(ADDRESS, REFERENCE, view)
    assert len(address.partition("?")[2]) <= MOST_HEADER_CHARACTERS < 1024
    # What matters most is never what is left out.
    assert list(headers(address))[:3] == ["X-Honnin-Reference", "X-Honnin-Level", "User-to-User"]


@pytest.mark.parametrize("length", [20, 41, 100, 200, 254])
def test_what_is_referred_to_is_short(length: int) -> None:
    """Telephones keep the target of a REFER in 255 characters, headers and all."""
    address = "sip:" + "a" * (length - 4)
    whole = address_with_headers(address, REFERENCE, VIEW, referred=True)
    assert len(whole) < 255
    assert whole.startswith(address)
    kept = list(headers(whole)) if "?" in whole else []
    assert kept == ["X-Honnin-Reference", "User-to-User"][: len(kept)]
    assert kept or length > 200


def test_whoever_is_told_to_refer_learns_no_level() -> None:
    """A REFER goes to where the call came from: perhaps the caller's own telephone."""
    told = {
        address_with_headers(ADDRESS, REFERENCE, FakeAgentView(level=level), referred=True)
        for level in ("none", "claimed", "matched", "verified")
    }
    assert len(told) == 1
    uui = headers(told.pop())["User-to-User"].partition(";")[0]
    assert bytes.fromhex(uui)[1:] == f"ref={REFERENCE}".encode()


@pytest.mark.parametrize("separator", ["&", "?", ";", "=", " ", "\r\n", '"', "<", "%"])
def test_no_value_becomes_another_header(separator: str) -> None:
    odd = FakeAgentView(level="none", flags=(f"a{separator}X-Evil=1",))
    address = address_with_headers(ADDRESS, REFERENCE, odd)
    found = headers(address)
    assert found["X-Honnin-Flags"] == f"a{separator}X-Evil=1"
    assert "X-Evil" not in found
    assert address.count("?") == 1
