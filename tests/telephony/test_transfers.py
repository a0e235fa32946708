"""Transfers at the telephone: one address after the other, SIP, REFER, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fakes.dialogue import FakeAgentView
from web_rig import CALLED, PUBLIC_URL, Document, Rig, query_of

from ivr.dialogue.actions import End, Line, Transfer
from ivr.dialogue.events import TransferEnded

Build = Callable[..., Rig]

WORDS = (Line("transfer", "おつなぎします。"),)
END = End("goodbye", (Line("goodbye", "失礼いたします。"),))
PHONES = ("+81312345671", "+81312345672", "+81312345673")
SIPS = ("sip:queue@pbx.example.co.jp", "sip:queue@standby.example.co.jp;transport=tls")
DESTINATIONS = {"phones": PHONES, "centre": SIPS}
IN_TURN = Transfer("transfer", "phones", WORDS, in_turn=True)
SIP = Transfer("transfer", "centre", WORDS, "sip", in_turn=True)
REFER = Transfer("transfer", "centre", WORDS, "sip", in_turn=True, refer=True)
BY_SIP = {"From": "sip:100@pbx.example.co.jp"}
BUSY = {"DialCallStatus": "busy"}


@pytest.fixture
def office(rig: Build) -> Callable[..., Rig]:
    def start(*script: object, **service: Any) -> Rig:
        return rig(*script, service=service, destinations=DESTINATIONS)

    return start


def outcomes(made: Rig) -> list[str]:
    return [event.outcome for _, event in made.service.events if isinstance(event, TransferEnded)]


def rung(document: Document) -> list[str]:
    """The addresses of a transfer, without headers."""
    nouns = [*document.root.iter("Number"), *document.root.iter("Sip")]
    return [(noun.text or "").partition("?")[0] for noun in nouns]


def action(document: Document) -> str:
    (verb,) = [*document.root.iter("Dial"), *document.root.iter("Refer")]
    return verb.get("action", "")


@pytest.mark.parametrize(
    "fields",
    [
        BUSY,
        {"DialCallStatus": "no-answer"},
        {"DialCallStatus": "failed"},
        {"DialCallStatus": "completed", "DialBridged": "false"},
    ],
)
def test_the_next_phone_rings_where_one_does_not_take_the_call(
    office: Build, fields: Mapping[str, str]
) -> None:
    made = office(IN_TURN, END)
    document = made.document("/voice/incoming")
    said = []
    for phone in PHONES:
        assert rung(document) == [phone]
        said.append(document.said)
        assert made.service.events == []
        document = made.document(action(document), fields)
    # The words are said once, then the caller is asked to hold; the dialogue hears of one transfer.
    assert said == [["おつなぎします。"], ["少々お待ちください。"], ["少々お待ちください。"]]
    assert document.said == ["失礼いたします。"]
    assert len(outcomes(made)) == 1


def test_who_takes_the_call_is_the_last_to_be_rung(office: Build) -> None:
    made = office(IN_TURN, END)
    document = made.document(action(made.document("/voice/incoming")), BUSY)
    assert query_of(action(document)) == {"turn": "0", "asked": "1"}
    taken = {"DialCallStatus": "completed", "DialBridged": "true"}
    assert made.document(action(document), taken).said == ["失礼いたします。"]
    assert outcomes(made) == ["bridged"]


def test_nobody_is_rung_for_a_caller_who_has_left(office: Build) -> None:
    made = office(IN_TURN, END)
    first = action(made.document("/voice/incoming"))
    made.document(first, {"DialCallStatus": "canceled", "CallStatus": "completed"})
    assert outcomes(made) == ["failed"]


def test_the_same_end_twice_rings_the_same_phone(office: Build) -> None:
    made = office(IN_TURN, END)
    first = action(made.document("/voice/incoming"))
    assert rung(made.document(first, BUSY)) == rung(made.document(first, BUSY)) == [PHONES[1]]


def test_an_end_that_comes_late_gets_the_stored_answer(office: Build) -> None:
    made = office(IN_TURN, END)
    first = action(made.document("/voice/incoming"))
    made.document(first, {"DialCallStatus": "completed", "DialBridged": "true"})
    assert made.document(first, BUSY).said == ["失礼いたします。"]
    assert outcomes(made) == ["bridged"]


def test_the_next_phone_rings_after_the_database_was_away(office: Build) -> None:
    made = office(IN_TURN, END)
    first = action(made.document("/voice/incoming"))
    second = action(made.document(first, BUSY))
    made.service.away = 1
    held = made.document(second, BUSY)
    assert held.verbs == ["Say", "Pause", "Redirect"]
    assert rung(made.document(held.redirect)) == [PHONES[2]]


def test_a_transfer_is_counted_for_each_address(office: Build) -> None:
    made = office(IN_TURN, END)
    document = made.document("/voice/incoming")
    for _ in PHONES:
        document = made.document(action(document), BUSY)
    metrics = made.client.get("/metrics", headers={"Authorization": "Bearer key-of-prometheus"})
    assert 'ivr_transfers_total{outcome="busy"} 3.0' in metrics.text


def test_a_call_handed_to_a_sip_system_carries_its_result(office: Build) -> None:
    view = FakeAgentView(level="matched", flags=("relay_risk",), why=("email_only",))
    made = office(SIP, END, view=view)
    document = made.document("/voice/incoming")
    assert document.verbs == ["Say", "Dial"]
    assert rung(document) == [SIPS[0]]
    assert document.one("Dial").get("callerId") == CALLED
    # No whisper: the other side answers by itself and reads the headers.
    assert document.one("Sip").attrib == {}
    address = document.one("Sip").text or ""
    assert "X-Honnin-Reference=ref_-1&X-Honnin-Level=matched&" in address
    assert "X-Honnin-Flags=relay_risk" in address


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"DialCallStatus": "completed", "DialSipResponseCode": "200"}, "bridged"),
        ({"DialCallStatus": "busy", "DialSipResponseCode": "486"}, "busy"),
        ({"DialCallStatus": "no-answer", "DialSipResponseCode": "480"}, "no_answer"),
        ({"DialCallStatus": "busy", "DialSipResponseCode": "603"}, "declined"),
        ({"DialCallStatus": "failed", "DialSipResponseCode": "503"}, "failed"),
    ],
)
def test_a_sip_system_answers_or_its_standby_does(
    office: Build, fields: Mapping[str, str], expected: str
) -> None:
    made = office(SIP, END)
    document = made.document(action(made.document("/voice/incoming")), fields)
    if expected == "bridged":
        assert document.said == ["失礼いたします。"]
    else:
        assert rung(document) == [SIPS[1]]
        made.document(action(document), fields)
    assert outcomes(made) == [expected]


def test_a_result_that_is_not_there_keeps_nobody_from_a_person(office: Build) -> None:
    document = office(SIP, END, view=None).document("/voice/incoming")
    assert rung(document) == [SIPS[0]]
    assert "X-Honnin-Reference=ref_-1" in (document.one("Sip").text or "")


def test_a_call_that_came_by_sip_is_handed_back(office: Build) -> None:
    made = office(REFER, END)
    document = made.document("/voice/incoming", BY_SIP)
    assert document.verbs == ["Say", "Refer"]
    assert document.one("Refer").attrib == {
        "action": f"{PUBLIC_URL}/voice/continue?turn=0",
        "method": "POST",
    }
    assert rung(document) == [SIPS[0]]
    assert "X-Honnin-Reference=ref_-1" in (document.one("Sip").text or "")
    accepted = {"ReferCallStatus": "in-progress", "ReferSipResponseCode": "202", **BY_SIP}
    made.document(action(document), accepted)
    assert outcomes(made) == ["bridged"]


def test_a_side_that_knows_no_refer_is_not_asked_in_vain_for_ever(office: Build) -> None:
    made = office(REFER, END)
    document = made.document("/voice/incoming", BY_SIP)
    refused = {"ReferCallStatus": "failed", "ReferSipResponseCode": "405", **BY_SIP}
    document = made.document(action(document), refused)
    assert rung(document) == [SIPS[1]]
    assert made.document(action(document), refused).said == ["失礼いたします。"]
    assert outcomes(made) == ["failed"]


def test_a_call_from_the_telephone_network_cannot_be_referred(office: Build) -> None:
    assert office(REFER, END).document("/voice/incoming").verbs == ["Say", "Dial"]
