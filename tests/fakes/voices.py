"""Voices for tests: hums instead of words."""

from __future__ import annotations

import math
import threading

from ivr.errors import SpeakingError
from ivr.hearing.telephone_audio import TELEPHONE_RATE, Audio, pcm_of


def hum(seconds: float, *, rms: float = 2000.0, hertz: float = 220.0) -> Audio:
    """A steady tone at 8 kHz."""
    peak = rms * math.sqrt(2)
    samples = (
        round(peak * math.sin(2 * math.pi * hertz * n / TELEPHONE_RATE))
        for n in range(round(seconds * TELEPHONE_RATE))
    )
    return Audio(pcm_of(samples))


class HummingVoice:
    """Hums a tenth of a second for every character, in no Latin letters.

    ``spoken``: what it was asked for. ``hold()`` makes it wait until ``go_on()``. ``edition``
    is part of its fingerprint. ``broken``: it raises.
    """

    def __init__(self, *, edition: str = "1", broken: bool = False) -> None:
        self.edition, self.broken = edition, broken
        self.spoken: list[tuple[str, int]] = []
        self._free = threading.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()

    def go_on(self) -> None:
        self._free.set()

    def speaks(self, text: str, language: str) -> bool:
        return language == "ja" and not text.isascii()

    def fingerprint(self, text: str) -> str:
        return f"{self.edition} {text}"

    def reading(self, text: str) -> str:
        return f"<{text}>"

    def speak(self, text: str, rate: int) -> Audio:
        self._free.wait(30)
        self.spoken.append((text, rate))
        if self.broken:
            raise SpeakingError("the voice is hoarse")
        return hum(len(text) / 10 * 100 / rate)
