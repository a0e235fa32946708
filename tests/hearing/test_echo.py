"""Our own voice comes back from the line and is no caller; whoever speaks over it is one."""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from pathlib import Path

import pytest
from fakes.line_sounds import mixed, mulaw, noise, pieces, samples, silence

from ivr.hearing.echo import Echo
from ivr.hearing.endpointing import Began, Endpointer, Limits, NothingSaid
from ivr.hearing.telephone_audio import Audio, read_wav
from ivr.hearing.voice_activity import FRAME, level
from ivr.speaking.speech_level import TARGET_RMS, active_rms

AUDIO = Path(__file__).parents[2] / "flows" / "verify" / "calls" / "audio"
#: A telephone line on which nobody speaks.
LINE_RMS = 8


def values(audio: Audio, rms: float) -> list[float]:
    """Samples whose speech is as loud as ``rms``."""
    gain = rms / active_rms(audio)
    return [gain * value for value in array("h", audio.pcm)]


@lru_cache
def prompt() -> list[float]:
    """Ten seconds of speech as loud as our prompts are, pauses in it."""
    found: list[float] = []
    for path in sorted((AUDIO / "hanako").glob("*.wav")):
        found += values(read_wav(path), TARGET_RMS) + silence(0.25)
    return found[: samples(10)]


@lru_cache
def caller(name: str, softer_db: float) -> list[float]:
    return values(read_wav(AUDIO / "taro" / name), TARGET_RMS * 10 ** (-softer_db / 20))


class Telephone:
    """A line with an echo ``loss_db`` softer and ``late_s`` later than what we play."""

    def __init__(self, loss_db: float = math.inf, late_s: float = 0.0) -> None:
        self.echo = Echo()
        self.endpointer = Endpointer(self.echo)
        self._gain, self._late_s = 10 ** (-loss_db / 20), late_s
        self.endpointer.feed(mulaw(noise(1.0, LINE_RMS)))
        self.endpointer.listen(Limits())

    def line(self, said: list[float], at_s: float) -> bytes:
        """What comes in while the prompt is played, and a second longer."""
        echo = silence(self._late_s) + [self._gain * value for value in prompt()] + silence(1)
        voices = mixed(echo, silence(at_s) + said)
        return mulaw(mixed(voices, noise(len(voices) / 8000, LINE_RMS)))

    def played(self, line: bytes, marked_s: float = 0.1) -> list[tuple[float, Began]]:
        """Play the prompt while ``line`` comes in; when the caller began. The mark after the
        prompt comes back ``marked_s`` after its end."""
        self.echo.play(mulaw(prompt()))
        self.echo.mark("the prompt")
        over = (len(prompt()) + samples(marked_s)) // FRAME
        found = []
        for number, frame in enumerate(pieces(line, FRAME), 1):
            if number == over:
                self.echo.reached("the prompt")
                self.endpointer.expect()
            for happening in self.endpointer.feed(frame):
                if isinstance(happening, Began):
                    found.append((number * FRAME / 8000, happening))
        return found


LOSSES = [15, 20, 30, 45]
DELAYS = [0.0, 0.06, 0.13, 0.25, 0.38, 0.5]


@pytest.mark.parametrize("late_s", DELAYS)
@pytest.mark.parametrize("loss_db", LOSSES)
def test_our_own_voice_is_no_caller(loss_db: float, late_s: float) -> None:
    telephone = Telephone(loss_db, late_s)
    assert telephone.played(telephone.line([], 0)) == []


def test_an_echo_may_get_a_little_louder() -> None:
    """The caller puts the telephone on the table in the middle of our prompt."""
    softer, louder = Telephone(25, 0.1), Telephone(21, 0.1)
    line = softer.line([], 0)[: samples(5)] + louder.line([], 0)[samples(5) :]
    assert softer.played(line) == []


@pytest.mark.parametrize("at_s", [3.0, 5.3, 7.55])
@pytest.mark.parametrize("late_s", [0.06, 0.3])
@pytest.mark.parametrize("loss_db", [*LOSSES, math.inf])
def test_whoever_speaks_over_us_is_heard_from_the_first_mora(
    loss_db: float, late_s: float, at_s: float
) -> None:
    telephone = Telephone(loss_db, late_s)
    line = telephone.line(caller("yamada-taro.wav", 0), at_s)
    found = telephone.played(line)
    assert found
    began_s, began = found[0]
    assert began_s <= at_s + 0.4
    kept_s = line.find(began.audio) / 8000
    assert kept_s <= at_s + 0.05, "what is kept begins before the voice"


@pytest.mark.parametrize(("loss_db", "softer_db"), [(15, 6), (20, 8), (30, 16), (math.inf, 24)])
def test_soft_callers_are_heard_over_us_where_the_line_is_good(
    loss_db: float, softer_db: float
) -> None:
    telephone = Telephone(loss_db, 0.1)
    assert telephone.played(telephone.line(caller("yamada-taro.wav", softer_db), 5.3))


@pytest.mark.parametrize("loss_db", LOSSES)
def test_as_soon_as_we_are_silent_everybody_is_heard(loss_db: float) -> None:
    """Softer than our echo, after it."""
    telephone = Telephone(loss_db, 0.1)
    telephone.played(telephone.line([], 0))
    soft = mulaw(mixed(caller("hai.wav", 20) + silence(1), noise(2, LINE_RMS)))
    assert any(isinstance(each, Began) for each in telephone.endpointer.feed(soft))


@pytest.mark.parametrize("loss_db", [20, 30, math.inf])
def test_a_short_yes_is_heard_over_us(loss_db: float) -> None:
    """0.12 seconds of it are louder than a line."""
    yes = caller("hai.wav", 0)
    loud = [level(frame) > 50 for frame in pieces(mulaw(yes), FRAME)]
    assert sum(loud) == 6
    telephone = Telephone(loss_db, 0.1)
    assert telephone.played(telephone.line(yes, 5.3))


def test_a_line_of_which_nothing_is_known_is_a_bad_one() -> None:
    """A soft voice over our first word might be our own; over a later one it is not."""
    soft = caller("yamada-taro.wav", 20)
    for at_s, heard in ((0.0, False), (5.3, True)):
        telephone = Telephone()
        assert bool(telephone.played(telephone.line(soft, at_s)[: samples(at_s + 1)])) == heard


def test_what_was_taken_for_a_caller_and_was_none_makes_the_line_a_bad_one() -> None:
    telephone = Telephone()
    telephone.played(telephone.line([], 0))
    telephone.endpointer.resume()
    soft = telephone.line(caller("yamada-taro.wav", 20), 0.5)
    assert telephone.played(soft[: samples(1.5)]) == []


def test_sound_that_is_played_late_may_come_back_later() -> None:
    """The network has taken a second to begin; the mark says when it is over."""
    telephone = Telephone(15, 1.0)
    telephone.endpointer.stop()
    line = telephone.line([], 0)
    began, rest = line[: samples(10)], line[samples(10) : samples(11)]
    telephone.echo.play(mulaw(prompt()))
    telephone.echo.mark("the prompt")
    telephone.endpointer.feed(began)
    telephone.endpointer.listen(Limits())
    assert telephone.endpointer.feed(rest) == []


def test_sound_that_was_played_sooner_is_forgotten() -> None:
    """No audio came in for a while: marks tell what the line has not."""
    echo = Echo()
    echo.play(mulaw(prompt()))
    echo.mark("one")
    echo.play(mulaw(prompt())[: 2 * FRAME])
    echo.mark("two")
    echo.louder_than(0, learn=True)
    echo.reached("one")
    echo.reached("unheard of")
    for _ in range(3):
        echo.louder_than(0, learn=True)
    echo.reached("two")
    for _ in range(30):
        least = echo.louder_than(0, learn=True)
    assert least <= 0


def test_what_was_hushed_does_not_come_back() -> None:
    telephone = Telephone()
    telephone.echo.play(mulaw(prompt()))
    telephone.echo.mark("the prompt")
    telephone.endpointer.feed(mulaw(noise(0.3, LINE_RMS)))
    telephone.echo.hushed()
    telephone.endpointer.feed(mulaw(noise(0.6, LINE_RMS)))
    soft = mulaw(caller("yamada-taro.wav", 20))
    assert any(isinstance(each, Began) for each in telephone.endpointer.feed(soft))


def test_the_time_to_answer_does_not_wait_for_an_echo() -> None:
    telephone = Telephone(15, 0.5)
    telephone.played(telephone.line([], 0))
    happened = telephone.endpointer.feed(mulaw(noise(7, LINE_RMS)))
    assert happened == [NothingSaid()]
