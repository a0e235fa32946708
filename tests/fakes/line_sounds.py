"""Sounds of a telephone line, made on the spot: silence, hum, noise, clicks, and speech-like
bursts (a voice's harmonics, four syllables a second, with closures between)."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from functools import lru_cache

from ivr.hearing.telephone_audio import TELEPHONE_RATE, encode_mulaw, pcm_of

_VOICE_HZ = 140.0
_SYLLABLE_S = 0.25


def samples(seconds: float) -> int:
    return round(seconds * TELEPHONE_RATE)


def mulaw(values: list[float]) -> bytes:
    return encode_mulaw(pcm_of(max(-32767, min(32767, round(value))) for value in values))


def silence(seconds: float) -> list[float]:
    return [0.0] * samples(seconds)


def noise(seconds: float, rms: float, seed: int = 1) -> list[float]:
    """The same every time; a second of it over and over."""
    chance = _chance(seed)
    length = samples(seconds)
    return [rms * value for value in (chance * (length // len(chance) + 1))[:length]]


@lru_cache
def _chance(seed: int) -> list[float]:
    chance = random.Random(seed)  # noqa: S311
    return [chance.gauss(0, 1) for _ in range(TELEPHONE_RATE)]


def tone(seconds: float, amplitude: float, hertz: float = 440.0) -> list[float]:
    step = 2 * math.pi * hertz / TELEPHONE_RATE
    return [amplitude * math.sin(step * n) for n in range(samples(seconds))]


def click(amplitude: float = 20_000) -> list[float]:
    """10 ms as loud as anything."""
    return tone(0.01, amplitude, 1000)


def speech(seconds: float, amplitude: float = 6000) -> list[float]:
    """Loud vowels with short closures, from the first sample on."""
    syllable = _syllable()
    length = samples(seconds)
    said = syllable * (length // len(syllable) + 1)
    return [amplitude * value for value in said[:length]]


@lru_cache(maxsize=1)
def _syllable() -> list[float]:
    """A whole number of the voice's periods, so that syllables can follow each other."""
    step = 2 * math.pi * _VOICE_HZ / TELEPHONE_RATE
    length = samples(_SYLLABLE_S)
    return [
        (1.0 if n < 0.75 * length else 0.02) * sum(math.sin(step * k * n) / k for k in range(1, 8))
        for n in range(length)
    ]


def mixed(one: list[float], other: list[float]) -> list[float]:
    """Both at once; as long as the first."""
    return [a + b for a, b in zip(one, other + silence(len(one) / TELEPHONE_RATE), strict=False)]


def pieces(audio: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(audio), size):
        yield audio[start : start + size]
