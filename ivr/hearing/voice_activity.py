"""Whether somebody speaks: frames of µ-law against the noise of the line, in plain Python."""

from __future__ import annotations

import math
from array import array
from collections import deque

from ivr.hearing.telephone_audio import TELEPHONE_RATE, decode_mulaw

#: Samples of a frame: 20 ms.
FRAME = TELEPHONE_RATE // 50

#: Decibels above one step of 16 bits; full scale is 90. Softer is never speech: a caller who is
#: hard to understand still has 50 in the vowels.
_SOFTEST_SPEECH = 42.0
#: Until a line has been heard for a while its noise is taken to be no louder.
_LOUDEST_NOISE_AT_FIRST = 50.0
#: Decibels over the noise at which speech begins, and under which it is over.
_BEGINS, _ENDS = 9.0, 6.0
#: The noise is the softest moment of the last blocks. Speech has a softer moment (a stop
#: consonant, a breath) far more often; what has none for so long is the line's own.
_BLOCK = 15
_BLOCKS = 8
_SMOOTHING = 0.4

_POWER = [sample * sample for sample in array("h", decode_mulaw(bytes(range(256))))]


def level(frame: bytes) -> float:
    """How loud ``frame`` is, in decibels above one step of 16 bits; 0 for digital silence."""
    return 10 * math.log10(1 + sum(map(_POWER.__getitem__, frame)) / max(1, len(frame)))


class VoiceActivity:
    """Follows one line from its beginning; knows its noise better the longer it listens."""

    def __init__(self) -> None:
        self._smooth: float | None = None
        self._softest = math.inf
        self._in_block = 0
        self._blocks: deque[float] = deque(maxlen=_BLOCKS)
        self._speaking = False

    @property
    def noise(self) -> float:
        """How loud the line is when nobody speaks, as far as is known (decibels)."""
        heard = min((*self._blocks, self._softest))
        if len(self._blocks) < _BLOCKS:
            return min(heard, _LOUDEST_NOISE_AT_FIRST)
        return heard

    def hear(self, loud: float, *, echo: float = 0.0) -> bool:
        """Whether there is speech in the next :data:`FRAME`, which is as ``loud`` as :func:`level`
        says. ``echo``: how loud our own voice may be in it (decibels)."""
        self._learn(loud)
        needed = self.noise + (_ENDS if self._speaking else _BEGINS)
        self._speaking = loud > max(needed, _SOFTEST_SPEECH, echo)
        return self._speaking

    def _learn(self, loud: float) -> None:
        before = loud if self._smooth is None else self._smooth
        self._smooth = before + _SMOOTHING * (loud - before)
        self._softest = min(self._softest, self._smooth)
        self._in_block += 1
        if self._in_block == _BLOCK:
            self._blocks.append(self._softest)
            self._softest, self._in_block = self._smooth, 0
