"""Slow recordings: longer, at the same pitch."""

from __future__ import annotations

import itertools
import struct

import pytest
from fakes.voices import hum

from ivr.hearing.telephone_audio import Audio
from ivr.speaking.speech_level import active_rms
from ivr.speaking.stretching import slowed


def pitch(audio: Audio) -> float:
    """Upward crossings of zero a second."""
    samples = struct.unpack(f"<{len(audio.pcm) // 2}h", audio.pcm)
    rising = sum(a < 0 <= b for a, b in itertools.pairwise(samples))
    return rising / audio.seconds


@pytest.mark.parametrize("rate", [50, 75, 90, 100])
@pytest.mark.parametrize("hertz", [110.0, 220.0, 310.0])
def test_it_takes_longer_at_the_same_pitch(rate: int, hertz: float) -> None:
    tone = hum(0.8, hertz=hertz)
    slow = slowed(tone, rate)
    assert slow.seconds == pytest.approx(tone.seconds * 100 / rate, abs=0.001)
    assert pitch(slow) == pytest.approx(hertz, rel=0.03)
    assert active_rms(slow) == pytest.approx(active_rms(tone), rel=0.1)


@pytest.mark.parametrize("length", [1, 100, 300])
def test_the_shortest_sounds_are_no_trouble(length: int) -> None:
    assert len(slowed(Audio(b"\x10\x00" * length), 75).pcm) // 2 == round(length / 0.75)
