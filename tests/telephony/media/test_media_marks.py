"""The names of marks say which prompt was heard, and when an answer is awaited."""

from __future__ import annotations

import pytest
from media_rig import COUGH, WORD, ask, hear_out, media_rig

from ivr.dialogue.actions import Check, Line
from ivr.telephony.media import messages

GREETING = ask("consent", "いつもありがとうございます", "ご同意いただけますか")
NEXT = ask("next", "次の質問です")


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all marks that are sent, in order."""
    sent: list[str] = []
    made = messages.mark

    def mark(stream_sid: str, name: str) -> str:
        sent.append(name)
        return made(stream_sid, name)

    monkeypatch.setattr(messages, "mark", mark)
    return sent


def test_marks_name_the_turn_and_the_prompt(marks: list[str]) -> None:
    check = Check("send_code", "send_code", (Line("sending", "お送りします"),))
    with media_rig(GREETING, check, NEXT, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        line.until(lambda: len(marks) == 4 and not line.bot_speaks)
        assert marks == ["say:0:consent0:1", "ask:0:consent1:2", "say:1:sending:3", "ask:2:next0:4"]
        line.hang_up()


def test_a_question_that_was_spoken_before_is_one_mark(marks: list[str]) -> None:
    with media_rig(GREETING, NEXT, texts=["はい"]) as rig:
        line = rig.call(said="0")
        line.until(lambda: "mark" in line.events and not line.bot_speaks)
        line.say(WORD)
        hear_out(line)
        assert marks == ["ask:0::1", "ask:1:next0:2"]
        line.hang_up()


def test_a_prompt_that_is_taken_up_again_has_another_mark(marks: list[str]) -> None:
    with media_rig(GREETING, texts=["[unk]"]) as rig:
        rig.prompts.seconds = 3
        line = rig.call()
        line.until(lambda: line.bot_speaks)
        line.run(3.8)  # into the second line
        line.say(COUGH)
        line.until(lambda: "clear" in line.events, 10)
        hear_out(line)
        assert marks == ["say:0:consent0:1", "ask:0:consent1:2", "ask:0:consent1:3"]
        line.hang_up()
