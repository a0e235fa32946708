"""Where utterances begin and end, in audio of any length at a time.

Time is counted in samples and never looked up: what is heard late is judged as if it had come in
time. How long a pause may be depends on what was said so far, which this module does not know: it
tells of the pause (:class:`Paused`), and is told whether the caller has said everything.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

from ivr.hearing.echo import Echo
from ivr.hearing.telephone_audio import TELEPHONE_RATE
from ivr.hearing.voice_activity import FRAME, VoiceActivity, level

#: Frames that are kept from before speech was noticed: 300 ms, or the first mora is lost.
_PREROLL = 15
#: Speech has begun when so many of the latest frames hold some; more are needed while we speak
#: ourselves, so that no click stops us. A short はい has six.
_LATEST, _FEW, _MANY = 10, 3, 5
#: A pause is over when two of three frames hold speech; one alone is a click.
_BREAK = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. A pause of ``complete_s`` ends an utterance that is a whole answer, one of
    ``incomplete_s`` any other; ``no_input_s`` after the prompts nobody is expected to speak any
    more; ``too_long_s`` of speech are no answer."""

    complete_s: float = 0.7
    incomplete_s: float = 2.5
    no_input_s: float = 6.0
    too_long_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody speaks; ``audio`` (µ-law) begins a little before that."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class More:
    """More of the utterance, pauses included."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class Paused:
    """The speaker has been silent for ``complete_s``. If all has been said,
    :meth:`Endpointer.complete` with this ``number`` ends the utterance."""

    number: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The utterance is over."""

    reason: Literal["complete", "pause", "too_long"]


@dataclass(frozen=True, slots=True)
class NothingSaid:
    """The time to answer is over."""


Happening = Began | More | Paused | Ended | NothingSaid

_State = Literal["deaf", "waiting", "speaking"]


class Endpointer:
    """Follows one line. :meth:`listen` for each question, :meth:`expect` when it was asked."""

    def __init__(self, echo: Echo | None = None) -> None:
        """``echo``: what comes back of our own voice; None where we say nothing."""
        self._activity, self._echo = VoiceActivity(), echo or Echo()
        self._rest = b""
        self._recent: deque[bytes] = deque(maxlen=_PREROLL + _LATEST)
        self._latest: deque[bool] = deque(maxlen=_LATEST)
        self._state: _State = "deaf"
        self._limits = Limits()
        self._expecting = False
        self._waited = self._spoken = self._silent = self._pauses = 0
        #: The pause that goes on now.
        self._pause: int | None = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance has begun and not ended."""
        return self._state == "speaking"

    @property
    def silence_s(self) -> float:
        """Seconds of silence at the end of the utterance that goes on, or was the last."""
        return self._silent * FRAME / TELEPHONE_RATE

    @property
    def spoken_s(self) -> float:
        """How long that utterance is, without the silence at its end (seconds)."""
        return (self._spoken - self._silent) * FRAME / TELEPHONE_RATE

    def listen(self, limits: Limits) -> None:
        """From now on there may be an answer; our own voice may still be heard."""
        self._limits = limits
        self._expecting = False
        self._waited = 0
        self._go_on_waiting()

    def expect(self) -> None:
        """We have stopped speaking: the time to answer begins."""
        self._expecting = True

    def resume(self) -> None:
        """The last utterance was none: go on waiting. The time to answer has not stopped."""
        self._echo.mistaken()
        self._go_on_waiting()

    def stop(self) -> None:
        """What is said from now on is no answer."""
        self._state = "deaf"

    def complete(self, number: int) -> list[Happening]:
        """All has been said before the pause ``number``; nothing happens where it is over."""
        if not self.speaking or number != self._pause:
            return []
        return [self._end("complete")]

    def feed(self, audio: bytes) -> list[Happening]:
        """What happens in the next ``audio``: µ-law of any length."""
        self._rest += audio
        happened: list[Happening] = []
        whole = len(self._rest) // FRAME * FRAME
        for start in range(0, whole, FRAME):
            happened += self._frame(self._rest[start : start + FRAME])
        self._rest = self._rest[whole:]
        return happened

    # --- frame by frame ----------------------------------------------------------------------

    def _frame(self, frame: bytes) -> list[Happening]:
        loud = level(frame)
        echo = self._echo.louder_than(loud, learn=not self.speaking)
        voice = self._activity.hear(loud, echo=echo)
        self._recent.append(frame)
        self._latest.append(voice)
        if self._state == "deaf":
            return []
        if self._expecting:
            self._waited += 1
        return self._speech(frame) if self.speaking else self._wait(voice)

    def _wait(self, voice: bool) -> list[Happening]:
        if voice and sum(self._latest) >= (_FEW if self._expecting else _MANY):
            self._state = "speaking"
            first = list(self._latest).index(True)
            kept = len(self._latest) - first + _PREROLL
            self._spoken, self._silent, self._pause = sum(self._latest), 0, None
            return [Began(b"".join(list(self._recent)[-kept:]))]
        if self._waited >= _frames(self._limits.no_input_s):
            self._state = "deaf"
            return [NothingSaid()]
        return []

    def _speech(self, frame: bytes) -> list[Happening]:
        self._spoken += 1
        if sum(list(self._latest)[-3:]) >= _BREAK:
            self._silent, self._pause = 0, None
        else:
            self._silent += 1
        happened: list[Happening] = [More(frame)]
        if self._silent >= _frames(self._limits.incomplete_s):
            happened.append(self._end("pause"))
        elif self._spoken >= _frames(self._limits.too_long_s):
            happened.append(self._end("too_long"))
        elif self._silent == _frames(self._limits.complete_s):
            self._pauses += 1
            self._pause = self._pauses
            happened.append(Paused(self._pauses))
        return happened

    def _end(self, reason: Literal["complete", "pause", "too_long"]) -> Ended:
        self._state = "deaf"
        return Ended(reason)

    def _go_on_waiting(self) -> None:
        self._state = "waiting"
        # What was said before is not the beginning of the next answer.
        self._latest.clear()


def _frames(seconds: float) -> int:
    """Frames until ``seconds`` have passed, at least one."""
    return max(1, math.ceil(round(seconds * TELEPHONE_RATE / FRAME, 6)))
