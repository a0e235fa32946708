"""What a stream leaves to TwiML, and the last words before it: said once, by one voice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from media_rig import WORD, ask, gone, hear_out, heard, media_rig, said

from ivr.dialogue.actions import Check, End, Line, Transfer
from ivr.dialogue.events import Heard
from ivr.rehearsal.media_stream import SILENCE, MediaStream
from ivr.telephony.media import speaker

CONSENT = ask("consent", "ご同意いただけますか")
END = End("goodbye")


@pytest.mark.parametrize(
    "last",
    [
        Transfer("transfer", "agents", (Line("transfer", "おつなぎします"),)),
        END,
        ask("odd", "音のない質問"),
        Check("odd", "identify", (Line("odd", "音のない質問"),)),
    ],
)
def test_what_only_twiml_can_do_is_left_to_twiml(last: object) -> None:
    with media_rig(CONSENT, last, texts=["はい"]) as rig:
        rig.prompts.silent = {"音のない質問"}
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        line.until(lambda: line.closed is not None)
        assert line.closed == 1000
        assert rig.events() == [Heard(rig.clock.now(), heard("はい"))]


TRANSFER = Transfer(
    "transfer", "agents", (Line("transfer", "おつなぎします"), Line("wait", "お待ちください"))
)
GOODBYE = End("goodbye", (Line("goodbye", "失礼いたします"),))


@pytest.mark.parametrize("last", [TRANSFER, GOODBYE])
def test_the_last_words_are_said_before_twiml_goes_on(last: Transfer | End) -> None:
    with media_rig(CONSENT, last, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        began = len(line.played)
        line.until(lambda: line.closed is not None)
        assert line.closed == 1000
        words = bytes(line.played[began:]).strip(SILENCE)
        assert words == b"".join(rig.prompts.sound(each.text) for each in last.lines)
        assert rig.dialogue.spoken_turns == [1], "TwiML need not say them"


def test_last_words_that_were_said_are_not_said_again() -> None:
    with media_rig(GOODBYE) as rig:
        rig.dialogue.spoken_turns.append(0)
        line = rig.call()
        line.until(lambda: line.closed is not None)
        assert (line.closed, line.events) == (1000, [])


@pytest.mark.parametrize("last", [TRANSFER, GOODBYE])
def test_last_words_without_a_sound_are_left_to_twiml_whole(last: Transfer | End) -> None:
    with media_rig(last) as rig:
        rig.prompts.silent = {last.lines[-1].text}
        line = rig.call()
        line.until(lambda: line.closed is not None)
        assert (line.closed, line.events, rig.dialogue.spoken_turns) == (1000, [], [])


def test_nobody_is_told_of_a_transfer_to_nobody() -> None:
    """TwiML goes on with what the flow does instead."""
    with media_rig(TRANSFER, reaches=lambda name: name != "agents") as rig:
        line = rig.call()
        line.until(lambda: line.closed is not None)
        assert (line.closed, line.events, rig.dialogue.spoken_turns) == (1000, [], [])


@pytest.mark.parametrize("ends", [MediaStream.die, MediaStream.hang_up])
def test_last_words_that_were_cut_off_are_not_taken_for_said(
    ends: Callable[[MediaStream], None],
) -> None:
    with media_rig(TRANSFER) as rig:
        line = rig.call()
        line.until(lambda: line.bot_speaks)
        line.run(0.8)  # into the second line
        ends(line)
        rig.do(gone(rig))
        assert rig.dialogue.spoken_turns == []


@pytest.mark.parametrize(("away", "told"), [(2, [0]), (9, [])])
def test_last_words_are_noted_though_the_database_is_away(away: int, told: list[int]) -> None:
    with media_rig(GOODBYE) as rig:
        line = rig.call()
        line.until(lambda: line.bot_speaks)
        rig.dialogue.away = away
        line.until(lambda: line.closed is not None)
        assert line.closed == 1000
        assert rig.dialogue.spoken_turns == told


def test_marks_that_never_come_back_are_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speaker, "_LATE_S", -60.0)
    with media_rig(GOODBYE) as rig:
        line = rig.call()
        line.until(lambda: line.closed is not None)
        assert line.closed == 1000
        assert rig.dialogue.spoken_turns == [], "nobody knows whether it was heard"


def test_a_check_that_takes_long_is_left_to_twiml_after_its_words() -> None:
    check = Check("send_code", "send_code", (Line("sending", "お送りします"),))
    with media_rig(CONSENT, check, texts=["はい"], check_polls=9) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        assert said(line) == rig.prompts.sound("お送りします")
        line.until(lambda: line.closed is not None)
        assert line.closed == 1000
