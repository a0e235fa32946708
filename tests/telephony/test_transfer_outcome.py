"""How transfers end: phones with a whisper, SIP with response codes, REFER."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from ivr.flow.model import TRANSFER_OUTCOMES
from ivr.telephony.inbound import read
from ivr.telephony.links import Links
from ivr.telephony.transfer_outcome import NO_END, DialEnd, read_end, transfer_outcome


@pytest.mark.parametrize(
    ("status", "bridged", "accepted", "outcome"),
    [
        ("completed", True, True, "bridged"),
        ("completed", True, None, "bridged"),
        ("completed", None, True, "bridged"),
        ("answered", None, True, "bridged"),
        ("completed", False, True, "failed"),
        ("completed", False, None, "no_answer"),
        ("completed", None, None, "no_answer"),
        ("completed", None, False, "declined"),
        ("completed", False, False, "declined"),
        ("no-answer", False, False, "declined"),
        ("busy", False, None, "busy"),
        ("no-answer", None, None, "no_answer"),
        ("failed", None, None, "failed"),
        ("canceled", None, None, "failed"),
        ("canceled", None, True, "failed"),
        ("something-new", None, None, "failed"),
        ("something-new", None, True, "failed"),
    ],
)
def test_phones_with_a_whisper(
    status: str, bridged: bool | None, accepted: bool | None, outcome: str
) -> None:
    assert transfer_outcome(DialEnd(status, bridged), accepted) == outcome
    assert outcome in TRANSFER_OUTCOMES


@pytest.mark.parametrize(
    ("status", "bridged", "code", "outcome"),
    [
        ("completed", "true", "200", "bridged"),
        # Nobody is whispered to: who answered has the call.
        ("completed", "", "200", "bridged"),
        ("completed", "", "", "bridged"),
        # The caller hung up before the two were joined.
        ("completed", "false", "200", "failed"),
        ("busy", "false", "486", "busy"),
        ("failed", "false", "600", "busy"),
        ("no-answer", "false", "480", "no_answer"),
        ("failed", "", "408", "no_answer"),
        ("no-answer", "", "487", "no_answer"),
        # Twilio calls a decline "busy" or "failed"; the code says what it was.
        ("busy", "false", "603", "declined"),
        ("failed", "false", "607", "declined"),
        ("failed", "false", "608", "declined"),
        ("failed", "false", "404", "failed"),
        ("failed", "false", "403", "failed"),
        ("failed", "false", "503", "failed"),
        ("failed", "false", "699", "failed"),
        ("no-answer", "", "", "no_answer"),
        ("no-answer", "", "4 8", "no_answer"),
        ("no-answer", "", "４８６", "no_answer"),
    ],
)
def test_sip_response_codes(status: str, bridged: str, code: str, outcome: str) -> None:
    form = {"DialCallStatus": status, "DialBridged": bridged, "DialSipResponseCode": code}
    assert transfer_outcome(read_end({}, form), None, whispered=False) == outcome


@pytest.mark.parametrize(
    ("status", "asked", "told", "outcome"),
    [
        ("in-progress", "202", "200", "bridged"),
        ("completed", "202", "200", "bridged"),
        # The other side accepts and tells nothing more: it has the call.
        ("", "202", "", "bridged"),
        ("busy", "202", "486", "busy"),
        ("failed", "202", "603", "declined"),
        ("failed", "202", "404", "failed"),
        ("no-answer", "202", "480", "no_answer"),
        ("failed", "405", "", "failed"),
        ("", "405", "", "failed"),
        ("", "", "", "failed"),
        ("canceled", "202", "180", "failed"),
        ("no-answer", "202", "180", "no_answer"),
    ],
)
def test_refer(status: str, asked: str, told: str, outcome: str) -> None:
    fields = {
        "ReferCallStatus": status,
        "ReferSipResponseCode": asked,
        "NotifySipResponseCode": told,
    }
    form = {name: value for name, value in fields.items() if value} or {"ReferCallStatus": ""}
    assert transfer_outcome(read_end({}, form), None, whispered=False) == outcome


@pytest.mark.parametrize(
    "end",
    [
        DialEnd("completed", True, 200),
        DialEnd("busy", False, 486),
        DialEnd("no-answer", None, None),
        NO_END,
    ],
)
def test_the_end_of_a_transfer_survives_a_retry(end: DialEnd) -> None:
    """While the database is away, the same end is asked about again, without Twilio's fields."""
    url = Links("https://voice.example.co.jp").onward(3, retry=1, asked=2, dial=end)
    hook = read(dict(parse_qsl(urlsplit(url).query)), {})
    assert (hook.turn, hook.retry, hook.asked, hook.dial) == (3, 1, 2, end)


@pytest.mark.parametrize(
    ("form", "by_sip"),
    [
        ({"From": "+819012345678"}, False),
        ({"From": "anonymous"}, False),
        ({}, False),
        ({"From": "sip:100@pbx.example.co.jp"}, True),
        ({"From": "SIPS:100@pbx.example.co.jp"}, True),
        # A trunk gives the number it was called from.
        ({"From": "+819012345678", "SipCallId": "a84b4c76e66710"}, True),
    ],
)
def test_calls_that_came_by_sip(form: dict[str, str], by_sip: bool) -> None:
    assert read({}, form).by_sip is by_sip
