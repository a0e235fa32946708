"""Events, and the way through the shipped flow, shared by the tests of the dialogue."""

from __future__ import annotations

from datetime import UTC, datetime

from ivr.dialogue.events import CallStarted, Checked, Event, Heard, Pressed, Silence
from ivr.understanding.value import Hypothesis

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def say(text: str, confidence: float | None = 0.9) -> Heard:
    return Heard(START, (Hypothesis(text, confidence),))


#: The way through the shipped flow: each event, and the state it leads to.
PATH: list[tuple[Event, str]] = [
    (CallStarted(START), "opening"),
    (Silence(START), "resume"),
    (Checked(START, "resume", "fresh"), "consent"),
    (say("はい"), "birthdate"),
    (say("昭和六十年三月五日です"), "name"),
    (say("山田太郎です"), "identify"),
    (Checked(START, "identify", "done", {"match": "one"}), "code_ready"),
    (say("はい"), "send_code"),
    (Checked(START, "send_code", "sent", {"sent": "sms"}), "code_entry"),
    (Pressed(START, "123456"), "check_code"),
    (Checked(START, "check_code", "ok", {"code": "ok", "channel": "sms"}), "transfer"),
]
