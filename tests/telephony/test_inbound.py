"""What a webhook's fields mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialogue.events import Event, Heard, Pressed
from ivr.flow.model import TRANSFER_OUTCOMES
from ivr.telephony.caller_number import e164
from ivr.telephony.inbound import Webhook, answer_of, read, read_failed
from ivr.telephony.transfer_outcome import DialEnd, transfer_outcome
from ivr.understanding.value import Hypothesis

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)


def heard(text: str, confidence: float | None = None) -> Heard:
    return Heard(AT, (Hypothesis(text, confidence),))


@pytest.mark.parametrize(
    ("form", "event"),
    [
        ({"SpeechResult": "はい", "Confidence": "0.91"}, heard("はい", 0.91)),
        ({"SpeechResult": "はい"}, heard("はい")),
        ({"SpeechResult": "はい", "Confidence": ""}, heard("はい")),
        ({"SpeechResult": "はい", "Confidence": "high"}, heard("はい")),
        ({"SpeechResult": "はい", "Confidence": "nan"}, heard("はい")),
        ({"SpeechResult": "はい", "Confidence": "1e999"}, heard("はい")),
        ({"SpeechResult": "はい", "Confidence": "-0.1"}, heard("はい")),
        ({"SpeechResult": " 山田\x00太郎\n です "}, heard("山田 太郎 です")),
        ({"SpeechResult": "あ" * 9000}, heard("あ" * 500)),
        ({"Digits": "123456"}, Pressed(AT, "123456")),
        ({"Digits": "12", "FinishedOnKey": "#"}, Pressed(AT, "12", "#")),
        ({"Digits": "", "FinishedOnKey": "*"}, Pressed(AT, "", "*")),
        ({"FinishedOnKey": "#"}, Pressed(AT, "", "#")),
        ({"Digits": "1a2あ*"}, Pressed(AT, "12*")),
        ({"Digits": "1２"}, Pressed(AT, "1")),
        ({"Digits": "9" * 300}, Pressed(AT, "9" * 40)),
        ({"SpeechResult": "はい", "Digits": "1"}, heard("はい")),
        ({"SpeechResult": "  ", "Digits": "1"}, Pressed(AT, "1")),
        ({"Digits": "", "FinishedOnKey": ""}, None),
        ({"SpeechResult": ""}, None),
        ({"Digits": "hello"}, None),
        ({}, None),
    ],
)
def test_answer(form: dict[str, str], event: Event | None) -> None:
    assert answer_of(read({}, form), AT) == event


@pytest.mark.parametrize(
    ("query", "turn", "poll", "language"),
    [
        ({"turn": "3"}, 3, 0, "ja"),
        ({"turn": "0"}, 0, 0, "ja"),
        ({"turn": "-1"}, None, 0, "ja"),
        ({"turn": "3x"}, None, 0, "ja"),
        ({"turn": "３"}, None, 0, "ja"),
        ({"turn": "99999999999999999999"}, None, 0, "ja"),
        ({}, None, 0, "ja"),
        ({"turn": "3", "poll": "2", "lang": "en"}, 3, 2, "en"),
        ({"turn": "3", "poll": "x", "lang": "fr"}, 3, 0, "ja"),
    ],
)
def test_our_own_url(query: dict[str, str], turn: int | None, poll: int, language: str) -> None:
    hook = read(query, {})
    assert (hook.turn, hook.poll, hook.language) == (turn, poll, language)


def test_end_of_a_transfer_survives_a_retry_in_the_url() -> None:
    hook = read({"dial": "completed", "bridged": "true"}, {})
    assert hook.dial == DialEnd("completed", True)


@pytest.mark.parametrize("sid", ["", "CA 1", "CA1\x00", "あ" * 34, "C" * 65, "../../x"])
def test_malformed_call_sid_is_no_call_sid(sid: str) -> None:
    assert read({}, {"CallSid": sid}).call_sid == ""


@pytest.mark.parametrize(
    ("given_number", "kept"),
    [
        ("+819012345678", "+819012345678"),
        (" +819012345678 ", "+819012345678"),
        ("anonymous", ""),
        ("+266696687", ""),
        ("+7378742833", ""),
        ("+2562533", ""),
        ("+8656696", ""),
        ("+86282452253", ""),
        ("09012345678", ""),
        ("+８１9012345678", ""),
        ("sip:someone@example.com", ""),
        ("client:desk", ""),
        ("+0123456789", ""),
        ("", ""),
    ],
)
def test_caller_number(given_number: str, kept: str) -> None:
    assert e164(given_number) == kept


def test_fallback_reads_the_url_that_failed() -> None:
    url = "https://voice.example.co.jp/voice/continue?turn=4&lang=en&recovered=1"
    hook = read_failed({"ErrorUrl": url, "ErrorCode": "11200", "CallSid": "CA1"})
    assert hook == Webhook(
        call_sid="CA1", turn=4, language="en", recovered=True, error_code="11200"
    )


@pytest.mark.parametrize("url", ["", "http://[", "no url at all", "https://x/?turn=%zz"])
def test_fallback_without_a_usable_url(url: str) -> None:
    assert read_failed({"ErrorUrl": url}).turn is None


@given(
    st.dictionaries(
        st.sampled_from(["turn", "poll", "retry", "asked", "lang", "dial", "sip", "ref"]), st.text()
    ),
    st.dictionaries(
        st.sampled_from(
            [
                "CallSid", "From", "To", "CallStatus", "SpeechResult", "Confidence", "Digits",
                "FinishedOnKey", "DialCallStatus", "DialBridged", "DialSipResponseCode",
                "ReferCallStatus", "ReferSipResponseCode", "NotifySipResponseCode", "ErrorUrl",
                "ErrorCode",
            ]
        ),
        st.text(),
    ),
)  # fmt: skip
def test_nothing_that_comes_in_raises(query: dict[str, str], form: dict[str, str]) -> None:
    for hook in (read(query, form), read_failed(form)):
        event = answer_of(hook, AT)
        assert event is None or isinstance(event, Heard | Pressed)
        outcome = transfer_outcome(hook.dial, None)
        assert outcome in TRANSFER_OUTCOMES
