"""The same request again, wherever it lands, gets the same answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from web_rig import ASK, CALL, Rig

from ivr.dialogue.actions import Check, Line
from ivr.dialogue.actions import End as EndAction

Build = Callable[..., Rig]
END = EndAction("goodbye", (Line("goodbye", "失礼いたします。"),))
TOKEN = {"I-Twilio-Idempotency-Token": "4bd41b22-5ab5-4b1b-a2c7-1d2a6fbd0b0a"}
HEARD = {"SpeechResult": "はい"}


def test_repeated_request_gets_the_stored_answer(rig: Build) -> None:
    made = rig(ASK, END)
    first = made.document("/voice/incoming", headers=TOKEN)
    made.document("/voice/continue?turn=0", HEARD, headers=TOKEN)
    assert made.document("/voice/incoming", headers=TOKEN).xml == first.xml
    assert made.document("/voice/incoming").verbs == ["Say", "Hangup"]


def test_no_token_nothing_stored(rig: Build) -> None:
    made = rig(ASK, END)
    made.document("/voice/incoming")
    assert made.answers.stored == {}


def test_token_is_good_for_one_request_of_one_call_only(rig: Build) -> None:
    made = rig(ASK, END)
    made.document("/voice/incoming", headers=TOKEN)
    taken = made.document("/voice/continue?turn=0", HEARD, headers=TOKEN)
    asked = made.document("/voice/continue?turn=1", headers=TOKEN)
    other_call = made.document(
        "/voice/continue?turn=0", HEARD, headers=TOKEN, call_sid="CA" + "3" * 32
    )
    whisper = made.document("/voice/whisper?ref=ref_-1", headers=TOKEN)
    assert taken.verbs == asked.verbs == ["Say", "Hangup"]
    assert other_call.verbs == ["Say", "Dial"]
    assert whisper.verbs == ["Gather", "Hangup"]
    assert len(made.answers.stored) == 4
    assert not any(CALL in key or "continue" in key for key in made.answers.stored)


def test_first_writer_wins(rig: Build) -> None:
    made = rig(ASK)
    theirs = made.document("/voice/incoming").xml.replace("turn=0", "turn=5")
    made.answers.overtaken_by = theirs
    assert made.document("/voice/incoming", headers=TOKEN).xml == theirs


def test_fillers_and_apologies_are_not_kept(rig: Build) -> None:
    made = rig(ASK, Check("s", "identify"), END, service={"check_polls": 1})
    made.service.away = 1
    assert "Redirect" in made.document("/voice/incoming", headers=TOKEN).verbs
    made.document("/voice/incoming", headers=TOKEN)
    assert len(made.answers.stored) == 1
    assert "Pause" in made.document("/voice/continue?turn=0", HEARD, headers=TOKEN).verbs
    assert len(made.answers.stored) == 1
    again = made.document("/voice/continue?turn=0", HEARD, headers=TOKEN)
    assert again.verbs == ["Say", "Hangup"]


@pytest.mark.parametrize("away", [True, False])
def test_call_goes_on_without_the_store(rig: Build, away: bool) -> None:
    made = rig(ASK)
    made.answers.away = away
    assert "Gather" in made.document("/voice/incoming", headers=TOKEN).verbs
    assert len(made.answers.stored) == (0 if away else 1)


def test_very_long_token_is_cut_to_a_key_of_fixed_size(rig: Build) -> None:
    made = rig(ASK)
    made.document("/voice/incoming", headers={"I-Twilio-Idempotency-Token": "t" * 5000})
    assert [len(key) for key in made.answers.stored] == [64]
