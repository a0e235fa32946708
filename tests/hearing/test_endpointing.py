"""Utterances begin and end where people would say they do."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from fakes.line_sounds import click, mixed, mulaw, noise, pieces, samples, silence, speech
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.hearing.endpointing import (
    Began,
    Ended,
    Endpointer,
    Happening,
    Limits,
    More,
    NothingSaid,
    Paused,
)

LIMITS = Limits(complete_s=0.7, incomplete_s=2.5, no_input_s=6.0, too_long_s=10.0)
#: What is said in the tests, once: it takes longest to make.
WORD = speech(0.6)
QUIET = noise(12, 8)


def quiet(seconds: float) -> list[float]:
    return QUIET[: samples(seconds)]


def asked(limits: Limits = LIMITS) -> Endpointer:
    endpointer = Endpointer()
    endpointer.feed(mulaw(quiet(1.0)))
    endpointer.listen(limits)
    endpointer.expect()
    return endpointer


def told(
    endpointer: Endpointer, sound: list[float] | bytes, size: int = 160
) -> list[tuple[float, Happening]]:
    """(seconds since the beginning of ``sound``, what happened then), without More."""
    audio = sound if isinstance(sound, bytes) else mulaw(sound)
    found: list[tuple[float, Happening]] = []
    for number, piece in enumerate(pieces(audio, size), 1):
        for happening in endpointer.feed(piece):
            if not isinstance(happening, More):
                found.append((min(number * size, len(audio)) / 8000, happening))
    return found


def kinds(found: Iterable[tuple[float, Happening]]) -> list[str]:
    return [type(happening).__name__ for _, happening in found]


def test_nobody_speaks() -> None:
    found = told(asked(), quiet(8))
    assert found == [(6.0, NothingSaid())]


def test_the_time_to_answer_begins_when_the_question_was_asked() -> None:
    endpointer = Endpointer()
    endpointer.listen(LIMITS)
    assert told(endpointer, quiet(10)) == []
    endpointer.expect()
    assert told(endpointer, quiet(7)) == [(6.0, NothingSaid())]


def test_an_answer_that_is_not_complete_ends_after_a_long_pause() -> None:
    found = told(asked(), quiet(1) + WORD + quiet(4))
    assert kinds(found) == ["Began", "Paused", "Ended"]
    began, paused, ended = (at for at, _ in found)
    assert 1.0 < began <= 1.15
    assert paused == pytest.approx(1.6 + 0.7, abs=0.13)
    assert ended == pytest.approx(1.6 + 2.5, abs=0.13)
    assert found[-1][1] == Ended("pause")


def test_a_complete_answer_ends_at_once() -> None:
    endpointer = asked()
    found = told(endpointer, quiet(1) + WORD + quiet(1))
    (paused,) = (happening for _, happening in found if isinstance(happening, Paused))
    assert endpointer.complete(paused.number) == [Ended("complete")]
    assert not endpointer.speaking
    assert told(endpointer, quiet(4) + WORD) == []


def test_a_pause_that_is_over_ends_nothing() -> None:
    endpointer = asked()
    (first,) = (
        h for _, h in told(endpointer, WORD + quiet(1) + WORD + quiet(0.3)) if isinstance(h, Paused)
    )
    assert endpointer.complete(first.number) == []
    found = told(endpointer, quiet(1))
    (second,) = (happening for _, happening in found if isinstance(happening, Paused))
    assert second.number != first.number
    assert endpointer.complete(first.number) == []
    assert endpointer.complete(second.number) == [Ended("complete")]
    assert endpointer.complete(second.number) == []


def test_pauses_in_the_middle_are_allowed() -> None:
    found = told(asked(), WORD + quiet(2.2) + WORD + quiet(2.2) + WORD + quiet(3))
    assert kinds(found) == ["Began", "Paused", "Paused", "Paused", "Ended"]


def test_a_click_does_not_make_a_pause_longer() -> None:
    found = told(asked(), WORD + quiet(1.5) + click() + quiet(2))
    assert kinds(found) == ["Began", "Paused", "Ended"]
    assert found[-1][0] == pytest.approx(0.6 + 2.5, abs=0.13)


def test_clicks_and_short_noises_are_no_speech() -> None:
    assert kinds(told(asked(), quiet(1) + click() + quiet(1) + click() + quiet(5))) == [
        "NothingSaid"
    ]


def test_speech_without_end_is_ended() -> None:
    found = told(asked(), speech(12))
    assert kinds(found) == ["Began", "Ended"]
    assert found[-1][1] == Ended("too_long")
    assert found[-1][0] == pytest.approx(10, abs=0.2)


def test_the_first_mora_is_kept() -> None:
    """What is given begins up to 300 ms before speech was noticed."""
    sound = mulaw(quiet(1) + WORD)
    endpointer = asked()
    (began,) = (
        h for piece in pieces(sound, 160) for h in endpointer.feed(piece) if isinstance(h, Began)
    )
    at = sound.find(began.audio)
    assert at >= 0
    assert 0.25 <= 1.0 - at / 8000 <= 0.35


def test_callers_may_cut_in_but_a_cough_does_not() -> None:
    """While we speak ourselves more is needed, and it takes less than 200 ms."""
    endpointer = Endpointer()
    endpointer.feed(mulaw(quiet(1)))
    endpointer.listen(LIMITS)
    assert told(endpointer, quiet(0.5) + speech(0.08) + quiet(1)) == []
    found = told(endpointer, WORD)
    assert kinds(found) == ["Began"]
    assert found[0][0] <= 0.2


def test_our_own_echo_does_not_cut_us_short() -> None:
    endpointer = Endpointer()
    endpointer.feed(mulaw(quiet(1)))
    endpointer.listen(LIMITS)
    assert told(endpointer, speech(3, amplitude=90)) == []


def test_what_was_no_answer_takes_its_time_from_the_answer() -> None:
    endpointer = asked()
    found = told(endpointer, quiet(2) + WORD + quiet(1))
    (paused,) = (happening for _, happening in found if isinstance(happening, Paused))
    endpointer.complete(paused.number)
    endpointer.resume()
    assert told(endpointer, quiet(4)) == [(pytest.approx(6 - 3.6, abs=0.05), NothingSaid())]


def test_a_new_question_gives_all_its_time() -> None:
    endpointer = asked()
    told(endpointer, quiet(5))
    endpointer.listen(LIMITS)
    endpointer.expect()
    assert told(endpointer, quiet(7)) == [(6.0, NothingSaid())]


def test_a_deaf_ear_hears_nothing_but_learns_the_noise() -> None:
    endpointer = Endpointer()
    assert told(endpointer, WORD + noise(4, 300)) == []
    endpointer.listen(LIMITS)
    endpointer.expect()
    assert kinds(told(endpointer, noise(5, 300, seed=4))) == []
    endpointer.stop()
    assert told(endpointer, WORD) == []


def test_short_limits_are_one_frame_at_least() -> None:
    endpointer = asked(Limits(no_input_s=0))
    assert told(endpointer, quiet(0.1)) == [(0.02, NothingSaid())]


def test_the_pause_of_a_complete_answer_may_be_as_long_as_any() -> None:
    found = told(asked(Limits(complete_s=2.5, incomplete_s=1.0)), WORD + quiet(3))
    assert kinds(found) == ["Began", "Ended"]


def run(audio: bytes, cuts: Iterable[int]) -> tuple[list[str], bytes]:
    """What happens, and all audio that is given on, where ``audio`` comes in pieces."""
    endpointer = asked()
    happened: list[Happening] = []
    at = 0
    for cut in [*sorted(cuts), len(audio)]:
        happened += endpointer.feed(audio[at:cut])
        at = max(at, cut)
    names = [repr(h) for h in happened if not isinstance(h, Began | More)]
    return names, b"".join(h.audio for h in happened if isinstance(h, Began | More))


SENTENCE = mulaw(quiet(0.5) + WORD + quiet(1.0) + WORD + quiet(3))


@settings(max_examples=12)
@given(st.lists(st.integers(0, len(SENTENCE)), max_size=40))
def test_how_audio_is_cut_into_messages_changes_nothing(cuts: list[int]) -> None:
    assert run(SENTENCE, cuts) == WHOLE


WHOLE = run(SENTENCE, [])


def test_all_that_is_given_on_is_one_piece_of_the_line() -> None:
    assert WHOLE[1] in SENTENCE
    assert len(WHOLE[1]) > samples(0.6 + 1.0 + 0.6 + 2.4)


@settings(max_examples=12)
@given(
    st.floats(0.1, 4),
    st.sampled_from([0, 20, 100]),
    st.sampled_from([1500, 6000]),
    st.floats(0.3, 2.4),
)
def test_an_utterance_holds_all_that_was_said(
    before: float, rms: float, amplitude: float, gap: float
) -> None:
    word = speech(0.4, amplitude)
    said = silence(before) + word + silence(gap) + word + silence(3)
    audio = mulaw(mixed(said, noise(len(said) / 8000, rms)))
    endpointer = Endpointer()
    endpointer.feed(mulaw(noise(3, rms, seed=5)))
    endpointer.listen(LIMITS)
    endpointer.expect()
    happened = endpointer.feed(audio)
    given_on = b"".join(h.audio for h in happened if isinstance(h, Began | More))
    at = audio.find(given_on)
    assert at <= samples(before)
    assert at + len(given_on) >= samples(before + 0.4 + gap + 0.4)
    assert [type(h).__name__ for h in happened].count("Began") == 1
    assert happened[-1] == Ended("pause")
