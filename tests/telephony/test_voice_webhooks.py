"""A call by webhooks: each goes to the dialogue as the right event and gets its TwiML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes.dialogue import FakeAgentView
from web_rig import AGENTS, ASK, CALL, CALLED, CALLER, PUBLIC_URL, Rig, query_of

from ivr.dialogue.actions import Check, End, Line, Transfer
from ivr.dialogue.events import Heard, Pressed, Silence, TransferEnded
from ivr.understanding.value import Hypothesis

Build = Callable[..., Rig]
LATER = replace(ASK, state="later", lines=(Line("later", "次の質問です。"),))
CHECK = Check("identify", "identify")
SPOKEN_CHECK = Check("send_code", "send_code", (Line("sending", "お送りします。"),))
TRANSFER = Transfer("transfer", "agents", (Line("transfer", "おつなぎします。"),))
END = End("goodbye", (Line("goodbye", "失礼いたします。"),))


def outcomes(made: Rig) -> list[str]:
    return [event.outcome for _, event in made.service.events if isinstance(event, TransferEnded)]


def test_incoming_begins_the_call(rig: Build) -> None:
    made = rig(ASK)
    document = made.document("/voice/incoming")
    assert made.service.begun == [(CALL, CALLER, CALLED)]
    assert query_of(document.redirect) == {"turn": "0"}


def test_withheld_caller_has_no_number(rig: Build) -> None:
    made = rig(ASK)
    made.document("/voice/incoming", {"From": "+266696687"})
    assert made.service.begun == [(CALL, "", CALLED)]


def test_replayed_incoming_goes_on_where_the_call_is(rig: Build) -> None:
    made = rig(ASK, LATER)
    made.document("/voice/incoming")
    made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    assert query_of(made.document("/voice/incoming").redirect) == {"turn": "1"}
    assert len(made.service.begun) == 1


def test_speech_and_keys_become_events(rig: Build) -> None:
    made = rig(ASK, LATER, LATER, END)
    made.document("/voice/incoming")
    made.document("/voice/continue?turn=0", {"SpeechResult": "はい", "Confidence": "0.8"})
    made.document("/voice/continue?turn=1", {"Digits": "12", "FinishedOnKey": "#"})
    document = made.document("/voice/continue?turn=2", {"Digits": ""})
    now = made.clock.now()
    assert made.service.events == [
        (0, Heard(now, (Hypothesis("はい", 0.8),))),
        (1, Pressed(now, "12", "#")),
        (2, Silence(now)),
    ]
    assert document.verbs == ["Say", "Hangup"]


def test_replayed_turn_gets_its_stored_answer_and_no_second_step(rig: Build) -> None:
    made = rig(ASK, LATER, END)
    made.document("/voice/incoming")
    first = made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    made.document("/voice/continue?turn=1", {"SpeechResult": "はい"})
    for fields in ({"SpeechResult": "はい"}, {"Digits": "9"}, {}):
        again = made.document("/voice/continue?turn=0", fields)
        assert again.xml == first.xml
    assert len(made.service.events) == 2


@pytest.mark.parametrize("turn", ["", "?turn=", "?turn=abc", "?turn=-1", "?turn=7", "?other=1"])
def test_turn_that_was_never_asked_gets_the_present_question(rig: Build, turn: str) -> None:
    made = rig(ASK, LATER)
    made.document("/voice/incoming")
    for fields in ({"SpeechResult": "はい"}, {}):
        document = made.document(f"/voice/continue{turn}", fields)
        assert document.said == [ASK.lines[0].text]
    assert made.service.events == []


def test_silence_while_nothing_is_asked_is_no_event(rig: Build) -> None:
    made = rig(TRANSFER)
    made.document("/voice/incoming")
    assert made.document("/voice/continue?turn=0").verbs == ["Say", "Dial"]
    assert made.service.events == []


def test_caller_who_left_is_not_counted_as_silent(rig: Build) -> None:
    made = rig(ASK)
    made.document("/voice/incoming")
    document = made.document("/voice/continue?turn=0", {"CallStatus": "completed"})
    assert document.verbs == []
    assert (made.service.events, made.service.hung_up_calls) == ([], [CALL])


# --- checks ---------------------------------------------------------------------------------


def test_quick_check_is_not_heard_at_all(rig: Build) -> None:
    made = rig(ASK, CHECK, LATER, check_wait_ms=1200)
    made.document("/voice/incoming")
    document = made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    assert document.said == ["次の質問です。"]
    assert made.service.waits == [1200]


def test_slow_check_is_filled_until_it_ends(rig: Build) -> None:
    made = rig(ASK, CHECK, LATER, service={"check_polls": 3})
    made.document("/voice/incoming")
    document = made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    said = []
    while "Gather" not in document.verbs:
        assert document.verbs[-2:] == ["Pause", "Redirect"]
        said.append(document.said)
        document = made.document(document.redirect)
    assert said == [[], ["少々お待ちください。"], []]
    assert document.said == ["次の質問です。"]
    assert len(made.service.events) == 1


def test_words_before_a_check_are_said_at_once_and_once(rig: Build) -> None:
    made = rig(ASK, SPOKEN_CHECK, LATER, service={"check_polls": 1})
    made.document("/voice/incoming")
    document = made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    assert document.said == ["お送りします。"]
    assert made.service.waits == []
    document = made.document(document.redirect)
    assert document.said == ["少々お待ちください。"]
    assert made.document(document.redirect).said == ["次の質問です。"]


def test_next_check_says_its_own_words(rig: Build) -> None:
    made = rig(ASK, CHECK, SPOKEN_CHECK, LATER, service={"check_polls": 1})
    made.document("/voice/incoming")
    document = made.document("/voice/continue?turn=0", {"SpeechResult": "はい"})
    document = made.document(document.redirect)
    assert document.said == ["お送りします。"]
    assert query_of(document.redirect) == {"turn": "2", "poll": "1"}


# --- transfers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "accepted", "outcome"),
    [
        ({"DialCallStatus": "completed", "DialBridged": "true"}, None, "bridged"),
        ({"DialCallStatus": "completed"}, True, "bridged"),
        ({"DialCallStatus": "completed", "DialBridged": "false"}, False, "declined"),
        ({"DialCallStatus": "busy"}, None, "busy"),
        ({"DialCallStatus": "no-answer"}, None, "no_answer"),
        ({"DialCallStatus": "failed"}, None, "failed"),
    ],
)
def test_end_of_a_transfer_becomes_an_event(
    rig: Build, fields: dict[str, str], accepted: bool | None, outcome: str
) -> None:
    made = rig(TRANSFER, END, service={"accepted": accepted})
    assert made.document("/voice/incoming").numbers == list(AGENTS)
    assert made.document("/voice/continue?turn=0", fields).verbs == ["Say", "Hangup"]
    assert outcomes(made) == [outcome]


def test_destination_without_numbers_goes_on_as_failed(rig: Build) -> None:
    made = rig(replace(TRANSFER, destination="nobody"), TRANSFER)
    document = made.document("/voice/incoming")
    assert document.numbers == list(AGENTS)
    assert outcomes(made) == ["failed"]


def test_flow_that_only_transfers_to_nobody_leaves_by_its_exit_for_trouble(rig: Build) -> None:
    made = rig(replace(TRANSFER, destination="nobody"), service={"failed_action": END})
    assert made.document("/voice/incoming").said == ["失礼いたします。"]
    assert set(outcomes(made)) == {"failed"}


# --- the agent's leg ------------------------------------------------------------------------

AGENT_CALL = "CA" + "2" * 32


def test_whisper_tells_the_agent_and_asks_for_a_key(rig: Build) -> None:
    made = rig(TRANSFER, END)
    number = next(made.document("/voice/incoming").root.iter("Number"))
    document = made.document(number.get("url", ""), call_sid=AGENT_CALL)
    assert document.verbs == ["Gather", "Hangup"]
    assert document.said == ["本人確認、済みです。", "お受けは、1です。"]
    gather = document.one("Gather")
    assert (gather.get("input"), gather.get("numDigits")) == ("dtmf", "1")
    assert gather.get("action") == f"{PUBLIC_URL}/voice/whisper/answer?ref=ref_-1"


def test_whisper_is_in_the_language_of_the_call(rig: Build) -> None:
    view = FakeAgentView(language="en", level="matched", flags=("relay_risk",), why=("no_code",))
    made = rig(TRANSFER, service={"language": "en", "view": view})
    document = made.document("/voice/whisper?ref=ref_-1", call_sid=AGENT_CALL)
    assert document.said == [
        "Name and birthdate match. From an unregistered phone.",
        "Press 1 to accept.",
    ]
    assert (document.one("Gather").get("action") or "").endswith("ref=ref_-1&lang=en")


@pytest.mark.parametrize(
    ("fields", "verbs", "answers", "outcome"),
    [
        ({"Digits": "1"}, [], [("ref_-1", True)], "bridged"),
        ({"Digits": "2"}, ["Hangup"], [("ref_-1", False)], "declined"),
        ({"Digits": "", "FinishedOnKey": "#"}, ["Hangup"], [("ref_-1", False)], "declined"),
        ({"Digits": ""}, ["Hangup"], [], "no_answer"),
        ({}, ["Hangup"], [], "no_answer"),
    ],
)
def test_key_of_the_agent_decides(
    rig: Build,
    fields: dict[str, str],
    verbs: list[str],
    answers: list[tuple[str, bool]],
    outcome: str,
) -> None:
    made = rig(TRANSFER, END)
    made.document("/voice/incoming")
    path = "/voice/whisper/answer?ref=ref_-1"
    assert made.document(path, fields, call_sid=AGENT_CALL).verbs == verbs
    assert made.service.agent_answers == answers
    made.document("/voice/continue?turn=0", {"DialCallStatus": "completed"})
    assert outcomes(made) == [outcome]


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/voice/whisper?ref=ref_-1", {"away": 1}),
        ("/voice/whisper?ref=ref_-1", {"broken": 1}),
        ("/voice/whisper?ref=gone", {"view": None}),
        ("/voice/whisper?ref=%00", {}),
        ("/voice/whisper", {}),
    ],
)
def test_agent_may_take_the_call_even_if_the_result_is_unknown(
    rig: Build, path: str, service: dict[str, object]
) -> None:
    document = rig(TRANSFER, service=service).document(path, call_sid=AGENT_CALL)
    assert document.said == ["確認結果は不明です。", "お受けは、1です。"]


@pytest.mark.parametrize("trouble", ["away", "broken"])
def test_accepted_call_is_connected_even_if_that_cannot_be_kept(rig: Build, trouble: str) -> None:
    made = rig(TRANSFER, service={trouble: 1})
    path = "/voice/whisper/answer?ref=ref_-1"
    assert made.document(path, {"Digits": "1"}, call_sid=AGENT_CALL).verbs == []


# --- status callbacks -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "over"),
    [
        ("completed", True),
        ("busy", True),
        ("failed", True),
        ("no-answer", True),
        ("canceled", True),
        ("Completed", True),
        ("in-progress", False),
        ("ringing", False),
        ("", False),
    ],
)
def test_status_ends_the_call(rig: Build, status: str, over: bool) -> None:
    made = rig(ASK)
    response = made.send("/voice/status", {"CallStatus": status})
    assert (response.status_code, response.data) == (204, b"")
    assert made.service.hung_up_calls == ([CALL] if over else [])


@pytest.mark.parametrize("trouble", ["away", "broken"])
def test_status_is_always_acknowledged(rig: Build, trouble: str) -> None:
    made = rig(ASK, service={trouble: 1})
    assert made.send("/voice/status", {"CallStatus": "completed"}).status_code == 204
    made.send("/voice/status", {"CallStatus": "completed"})
    assert made.service.hung_up_calls == [CALL]


def test_status_without_a_call_is_acknowledged(rig: Build) -> None:
    made = rig(ASK)
    response = made.send("/voice/status", {"CallSid": "", "CallStatus": "completed"})
    assert response.status_code == 204
    assert made.service.hung_up_calls == []
