"""WAV files for tests."""

from __future__ import annotations

import wave
from pathlib import Path

from ivr.hearing.telephone_audio import Audio


def write_wav(path: Path, audio: Audio) -> None:
    """Write ``audio`` as a WAV file of one channel and 16 bits."""
    with path.open("wb") as stream, wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.rate)
        file.writeframes(audio.pcm)
