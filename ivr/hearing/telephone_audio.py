"""Audio as telephones send it: G.711 µ-law bytes, 16-bit samples, WAV files of one channel."""

from __future__ import annotations

import sys
import wave
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ivr.errors import HearingError

#: Samples a second of telephone audio (µ-law is one byte each).
TELEPHONE_RATE = 8000
#: Rates of files that are read; recognisers take them all where their model allows.
_RATES = range(8000, 48001)
#: Longer files are recordings of whole calls, not one utterance.
MOST_SECONDS = 600.0

_BIAS = 0x84  # ITU-T G.711, table 2: added before the logarithm is taken
_CLIP = 0x7FFF
_CONVERT = "convert it: sox IN.wav -r 8000 -c 1 -e signed -b 16 OUT.wav"


@dataclass(frozen=True, slots=True)
class Audio:
    """``pcm``: signed 16-bit little-endian samples of one channel, ``rate`` of them a second."""

    pcm: bytes
    rate: int = TELEPHONE_RATE

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / (2 * self.rate)


def _decoded(code: int) -> int:
    """One µ-law byte as a 16-bit sample (ITU-T G.711)."""
    plain = ~code & 0xFF
    magnitude = (((plain & 0x0F) << 3) + _BIAS << ((plain & 0x70) >> 4)) - _BIAS
    return -magnitude if plain & 0x80 else magnitude


_SAMPLES = [_decoded(code) & 0xFFFF for code in range(256)]
_LOW = bytes(sample & 0xFF for sample in _SAMPLES)
_HIGH = bytes(sample >> 8 for sample in _SAMPLES)


def decode_mulaw(data: bytes) -> bytes:
    """µ-law bytes as 16-bit little-endian samples, two bytes each."""
    out = bytearray(2 * len(data))
    out[0::2] = data.translate(_LOW)
    out[1::2] = data.translate(_HIGH)
    return bytes(out)


def samples_of(pcm: bytes) -> array[int]:
    """16-bit little-endian samples as numbers.

    Raises:
        ValueError: half a sample.
    """
    samples = array("h")
    samples.frombytes(pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def pcm_of(samples: Iterable[int]) -> bytes:
    """Numbers from -32,768 to 32,767 as 16-bit little-endian samples.

    Raises:
        OverflowError: another number.
    """
    made = array("h", samples)
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def encode_mulaw(pcm: bytes) -> bytes:
    """16-bit little-endian samples as µ-law bytes.

    Raises:
        ValueError: half a sample.
    """
    samples = array("H")
    samples.frombytes(pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return bytes(map(_codes().__getitem__, samples))


@lru_cache(maxsize=1)
def _codes() -> bytes:
    """The µ-law byte of every sample, by its 16 bits read without a sign."""
    positive = bytearray()
    for code in range(128):
        # Eight segments of sixteen steps, each segment with steps twice as wide.
        end = ((17 + (code & 0x0F)) << (code >> 4) + 3) - _BIAS
        positive += bytes([~code & 0xFF]) * (end - len(positive))
    top = bytes([positive[-1]])
    positive += top * (_CLIP + 2 - len(positive))
    negative = bytes(code & 0x7F for code in positive)
    # 0x8000 is -32768, 0xFFFF is -1.
    return bytes(positive[: _CLIP + 1]) + negative[:0:-1]


def read_wav(path: Path) -> Audio:
    """The samples of a WAV file: one channel, 16 bits, 8 to 48 kHz, ten minutes at most.

    Raises:
        HearingError: there is no such file, it is no such audio, or holds no sample; it says how
            to convert it.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, frames = file.getparams()[:4]
            if channels != 1:
                raise HearingError(f"{path} has {channels} channels, not one", hint=_CONVERT)
            if width != 2:
                raise HearingError(f"{path} has samples of {8 * width} bits, not 16", hint=_CONVERT)
            if rate not in _RATES:
                raise HearingError(f"{path} has {rate} samples a second", hint=_CONVERT)
            if frames > MOST_SECONDS * rate:
                raise HearingError(f"{path} is longer than {MOST_SECONDS:.0f} seconds")
            pcm = file.readframes(frames)
    except FileNotFoundError:
        raise HearingError(f"there is no file {path}") from None
    except OSError as error:
        raise HearingError(f"{path} cannot be read [{type(error).__name__}]") from None
    except (wave.Error, EOFError) as error:
        reason = str(error) or "it ends too early"
        raise HearingError(
            f"{path} is no WAV file that can be read: {reason}", hint=_CONVERT
        ) from None
    if len(pcm) < 2:
        raise HearingError(f"{path} holds no sound")
    return Audio(pcm[: len(pcm) // 2 * 2], rate)
