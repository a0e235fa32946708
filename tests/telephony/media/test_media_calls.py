"""Calls over a real WebSocket: who may speak when, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.line_sounds import mulaw, noise, silence, speech
from media_rig import COUGH, WORD, ask, hear_out, heard, media_rig, said

from ivr.dialogue.actions import Check, End, Line
from ivr.dialogue.events import Heard, Pressed, Silence
from ivr.rehearsal import media_stream
from ivr.rehearsal.media_stream import SILENCE

CONSENT = ask("consent", "ご同意いただけますか")
PATIENT = ask("consent", "ご同意いただけますか", timeout_s=12)
NEXT = ask("next", "次の質問です")
GREETING = ask(
    "consent", "いつもありがとうございます", "目的をご説明します", "ご同意いただけますか"
)
CODE = ask("code", "番号をどうぞ", digits=4, finish_on="*")
KEYS = ask("opening", "キーをどうぞ", speech=False, digits=1, timeout_s=2)
END = End("goodbye")


def test_a_question_is_asked_and_answered_and_the_next_one_is_asked() -> None:
    with media_rig(CONSENT, NEXT, texts=["はい"]) as rig:
        line = rig.call()
        assert said(line) == rig.prompts.sound("ご同意いただけますか")
        line.say(WORD)
        assert said(line) == rig.prompts.sound("次の質問です")
        now = rig.clock.now()
        assert rig.dialogue.events == [(0, Heard(now, heard("はい")))]
        assert "clear" not in line.events
        line.hang_up()


def test_all_lines_are_spoken_in_order() -> None:
    with media_rig(GREETING) as rig:
        line = rig.call()
        hear_out(line)
        text = b"".join(rig.prompts.sound(part.text) for part in GREETING.lines)
        assert bytes(line.played).strip(SILENCE) == text
        assert [event for event in line.events if event == "mark"] == ["mark"] * 3
        line.hang_up()


def test_prompts_are_asked_for_as_they_are_to_be_spoken() -> None:
    english = ask("language", "言語", "For English, press nine.")
    with media_rig(english, slow=True) as rig:
        line = rig.call()
        hear_out(line)
        assert rig.prompts.asked == [
            ("言語", "ja", True),
            ("For English, press nine.", "en", True),
        ]
        line.hang_up()


def test_the_ear_gets_the_first_mora_and_the_last() -> None:
    with media_rig(CONSENT, NEXT, texts=["はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        hear_out(line)
        (samples,) = rig.ears.heard
        # Some silence before, half a second of speech, 0.7 s until it counts as all.
        assert samples >= 8000 * (0.2 + 0.5 + 0.7)
        line.hang_up()


def test_nobody_answers() -> None:
    with media_rig(CONSENT, NEXT) as rig:
        line = rig.call()
        hear_out(line)
        began = len(line.said)
        line.until(lambda: bool(rig.events()))
        assert rig.events() == [Silence(rig.clock.now())]
        assert len(line.said) - began >= 4 * 8000 - 160
        line.hang_up()


def test_an_answer_that_lacks_something_is_waited_for() -> None:
    with media_rig(CONSENT, NEXT, texts=["昭和"]) as rig:
        line = rig.call()
        hear_out(line)
        began = len(line.said)
        line.say(WORD)
        line.until(lambda: bool(rig.events()))
        assert rig.events() == [Heard(rig.clock.now(), heard("昭和"))]
        assert len(line.said) - began >= (0.7 + 2.5) * 8000 - 1600
        line.hang_up()


def test_a_pause_inside_an_answer_does_not_end_it() -> None:
    with media_rig(CONSENT, NEXT, texts=["昭和"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD + mulaw([0.0] * 16_000) + WORD)
        hear_out(line)
        assert rig.events() == [Heard(rig.clock.now(), heard("昭和"))]
        assert rig.ears.heard[0] >= 8000 * (0.5 + 2.0 + 0.5 + 2.5)
        line.hang_up()


def test_callers_may_cut_in() -> None:
    with media_rig(CONSENT, NEXT, texts=["はい"]) as rig:
        rig.prompts.seconds = 6
        line = rig.call()
        line.until(lambda: line.bot_speaks)
        line.say(WORD)
        line.until(lambda: "clear" in line.events, 10)
        assert not line.bot_speaks
        assert len(line.played) < 8000 * 5
        line.until(lambda: line.bot_speaks)
        assert rig.events() == [Heard(rig.clock.now(), heard("はい"))]
        line.hang_up()


def test_the_bot_is_silent_within_200_ms_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(media_stream, "_STEP", 1)  # no frame runs ahead of the server
    with media_rig(CONSENT, NEXT, texts=["はい"]) as rig:
        rig.prompts.seconds = 6
        line = rig.call()
        line.until(lambda: line.bot_speaks)
        line.run(1.0)
        began = len(line.said)
        line.say(mulaw(speech(0.6)))
        line.until(lambda: "clear" in line.events, 10)
        assert len(line.said) - began <= 0.2 * 8000
        line.until(lambda: bool(rig.events()))
        # All of it, a little of what was before, and the silence that ended it.
        assert rig.ears.heard[0] >= (0.3 + 0.6 + 0.7) * 8000
        line.hang_up()


def test_a_cough_does_not_derail_the_bot() -> None:
    with media_rig(GREETING, NEXT, texts=["[unk]", "はい"]) as rig:
        rig.prompts.seconds = 1.5
        line = rig.call()
        line.until(lambda: line.bot_speaks)
        line.run(1.8)  # into the second line
        line.say(COUGH)
        line.until(lambda: "clear" in line.events, 10)
        assert said(line).startswith(rig.prompts.sound("目的をご説明します"))
        assert rig.events() == []
        line.say(WORD)
        hear_out(line)
        assert rig.events() == [Heard(rig.clock.now(), heard("はい"))]
        line.hang_up()


def test_a_nod_before_the_question_is_no_answer_to_it() -> None:
    with media_rig(GREETING, NEXT, texts=["はい", "いいえ"]) as rig:
        rig.prompts.seconds = 1.5
        line = rig.call()
        line.until(lambda: line.bot_speaks)
        line.say(WORD)
        line.until(lambda: "clear" in line.events, 10)
        assert said(line).startswith(rig.prompts.sound("いつもありがとうございます"))
        line.say(WORD)
        hear_out(line)
        assert rig.events() == [Heard(rig.clock.now(), heard("いいえ"))]
        line.hang_up()


def test_whoever_does_not_stop_is_answered() -> None:
    with media_rig(GREETING, NEXT, texts=["[unk]", "[unk]", "[unk]"]) as rig:
        rig.prompts.seconds = 3
        line = rig.call()
        for _ in range(3):
            line.until(lambda: line.bot_speaks)
            line.say(WORD)
            line.until(lambda: not line.bot_speaks)
        line.until(lambda: bool(rig.events()))
        assert rig.events() == [Heard(rig.clock.now(), heard("[unk]"))]
        line.hang_up()


def test_a_sound_that_is_no_word_leaves_the_question_open() -> None:
    with media_rig(CONSENT, NEXT, texts=["", "はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(COUGH)
        line.run(3)
        assert rig.events() == []
        line.say(WORD)
        hear_out(line)
        assert rig.events() == [Heard(rig.clock.now(), heard("はい"))]
        line.hang_up()


def test_a_cough_is_let_pass_while_an_answer_is_awaited() -> None:
    with media_rig(PATIENT, NEXT, texts=["[unk]", "はい"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(COUGH)
        line.run(3.2)
        assert rig.ears.heard[0] > 0, "it was listened to"
        assert rig.events() == []
        line.say(WORD)
        hear_out(line)
        assert rig.events() == [Heard(rig.clock.now(), heard("はい"))]
        line.hang_up()


@pytest.mark.parametrize("sounds", [[COUGH, COUGH], [mulaw(silence(0.2) + speech(1.0))]])
def test_coughs_again_and_whole_sentences_are_asked_about(sounds: list[bytes]) -> None:
    """What nobody would answer with, but longer than a cough, was meant for us."""
    with media_rig(PATIENT, NEXT, texts=["[unk]"] * len(sounds)) as rig:
        line = rig.call()
        hear_out(line)
        for sound in sounds:
            assert rig.events() == []
            line.say(sound)
            line.run(len(sound) / 8000 + 3.0)
        line.until(lambda: bool(rig.events()))
        assert rig.events() == [Heard(rig.clock.now(), heard("[unk]"))]
        line.hang_up()


@pytest.mark.parametrize(
    ("question", "pressed", "expected"),
    [
        (CODE, "1234", ("1234", "")),
        (CODE, "12345", ("1234", "")),
        (CODE, "12*", ("12", "*")),
        (CODE, "*", ("", "*")),
        (CODE, "12", ("12", "")),
        (replace(CODE, listen=replace(CODE.listen, speech=False)), "12", ("12", "")),
        (KEYS, "9", ("9", "")),
        (CONSENT, "AD#", ("", "#")),
    ],
)
def test_keys_are_entered(question: object, pressed: str, expected: tuple[str, str]) -> None:
    with media_rig(question, NEXT) as rig:
        line = rig.call()
        hear_out(line)
        line.press(pressed)
        hear_out(line)
        assert rig.events() == [Pressed(rig.clock.now(), *expected)]
        line.hang_up()


def test_a_key_stops_the_bot() -> None:
    with media_rig(CODE, NEXT) as rig:
        rig.prompts.seconds = 6
        line = rig.call()
        line.until(lambda: line.bot_speaks)
        line.press("1")
        line.until(lambda: "clear" in line.events, 10)
        line.press("234")
        line.until(lambda: bool(rig.events()))
        assert rig.events() == [Pressed(rig.clock.now(), "1234")]
        line.hang_up()


def test_keys_win_over_what_is_being_said() -> None:
    with media_rig(CODE, NEXT, texts=["えっと"]) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        line.run(0.5)
        line.press("1234")
        hear_out(line)
        assert rig.events() == [Pressed(rig.clock.now(), "1234")]
        line.hang_up()


def test_where_keys_are_not_taken_they_stop_nothing() -> None:
    with media_rig(ask("name", "お名前をどうぞ", keys=False), NEXT, texts=["はい"]) as rig:
        line = rig.call()
        line.press("12")
        hear_out(line)
        line.say(WORD)
        hear_out(line)
        assert rig.events() == [Heard(rig.clock.now(), heard("はい"))]
        line.hang_up()


def test_a_keypad_question_hears_no_speech() -> None:
    with media_rig(KEYS, NEXT) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        line.until(lambda: bool(rig.events()))
        assert rig.events() == [Silence(rig.clock.now())]
        line.hang_up()


def test_a_noisy_line_is_no_answer() -> None:
    with media_rig(CONSENT, NEXT) as rig:
        line = rig.call()
        line.say(mulaw(noise(60, 200)))
        hear_out(line)
        line.until(lambda: bool(rig.events()))
        assert rig.events() == [Silence(rig.clock.now())]
        line.hang_up()


def test_while_a_check_runs_the_caller_hears_its_words() -> None:
    check = Check("send_code", "send_code", (Line("sending", "お送りします"),))
    with media_rig(CONSENT, check, NEXT, texts=["はい"], check_polls=1) as rig:
        line = rig.call()
        hear_out(line)
        line.say(WORD)
        line.until(lambda: line.events.count("mark") == 3 and not line.bot_speaks)
        words, question = (
            line.played.find(rig.prompts.sound(text)) for text in ("お送りします", "次の質問です")
        )
        assert 0 <= words < question
        line.hang_up()


def test_what_was_spoken_by_twiml_is_not_spoken_again() -> None:
    with media_rig(CONSENT, NEXT, texts=["はい"]) as rig:
        line = rig.call(said="0")
        line.until(lambda: line.events == ["mark"] and not line.bot_speaks)
        line.say(WORD)
        assert said(line) == rig.prompts.sound("次の質問です")
        line.hang_up()
