"""What a telephone line does to speech: band, codecs, lost packets, level.

Everything works on samples at 8 kHz in the range of 16-bit numbers (±32,768) as floats.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
RATE_HZ = 8000
_FRAME = 160


def resampled(samples: Samples, from_hz: float, to_hz: float) -> Samples:
    """``samples`` at another rate, band-limited by their spectrum (exact to one sample of length).

    A part of a second of silence is wrapped around the end, so that nothing rings into the start.
    """
    size = smooth(len(samples) + int(from_hz * 0.02))
    spectrum = np.fft.rfft(samples, size)
    wanted = round(size * to_hz / from_hz)
    out = np.zeros(wanted // 2 + 1, dtype=np.complex128)
    kept = min(len(spectrum), len(out))
    out[:kept] = spectrum[:kept]
    length = round(len(samples) * to_hz / from_hz)
    return np.asarray(np.fft.irfft(out, wanted)[:length] * (wanted / size), dtype=np.float64)


def smooth(least: int) -> int:
    """A length from ``least`` on that a fast Fourier transform likes: a few bits, then zeros."""
    step = 1 << max(0, least.bit_length() - 5)
    return -(-least // step) * step


def mu_law(samples: Samples) -> Samples:
    """There and back through G.711 µ-law (ITU-T G.711, 8 bit logarithmic)."""
    clipped = np.clip(samples, -32635, 32635).astype(np.int32)
    size = np.abs(clipped) + 0x84
    segment = np.clip(np.floor(np.log2(size)).astype(np.int32) - 7, 0, 7)
    decoded = (((((size >> (segment + 3)) & 15) << 3) + 0x84) << segment) - 0x84
    return np.asarray(np.where(clipped < 0, -decoded, decoded), dtype=np.float64)


def a_law(samples: Samples) -> Samples:
    """There and back through G.711 A-law, which European carriers use."""
    clipped = np.clip(samples, -32767, 32767)
    size = np.abs(clipped) / 32768 * 4096
    segment = np.clip(np.floor(np.log2(np.maximum(size, 1))).astype(np.int32) - 5, 1, 6)
    step = np.where(size < 64, 2.0, 2.0 ** (segment - 1 + 1))
    decoded = (np.floor(size / step) + 0.5) * step / 4096 * 32768
    return np.asarray(np.where(clipped < 0, -decoded, decoded), dtype=np.float64)


@lru_cache(maxsize=1)
def _gsm() -> Any:
    """libgsm (TU Berlin, permissive), which Debian's sox brings; None where it is not there."""
    found = ctypes.util.find_library("gsm")
    if found is None:
        return None
    library = ctypes.CDLL(found)
    library.gsm_create.restype = ctypes.c_void_p
    for call in (library.gsm_encode, library.gsm_decode):
        call.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.gsm_destroy.argtypes = [ctypes.c_void_p]
    return library


def gsm(samples: Samples) -> Samples:
    """There and back through GSM 06.10 full rate, the oldest mobile codec still met.

    Raises ``RuntimeError`` where libgsm is missing (Debian: ``apt-get install libgsm1``).
    """
    library = _gsm()
    if library is None:
        raise RuntimeError("libgsm is missing: apt-get install libgsm1")
    whole = np.zeros(-(-len(samples) // _FRAME) * _FRAME, dtype=np.int16)
    whole[: len(samples)] = np.clip(samples, -32768, 32767)
    encoder, decoder = library.gsm_create(), library.gsm_create()
    packet = ctypes.create_string_buffer(33)
    out = np.empty_like(whole)
    for at in range(0, len(whole), _FRAME):
        library.gsm_encode(encoder, whole[at:].ctypes.data, packet)
        library.gsm_decode(decoder, packet, out[at:].ctypes.data)
    library.gsm_destroy(encoder)
    library.gsm_destroy(decoder)
    return np.asarray(out[: len(samples)], dtype=np.float64)


def band(samples: Samples, low_hz: float, high_hz: float, tilt_db: float = 0.0) -> Samples:
    """Only ``low_hz`` to ``high_hz`` (0: open below), tilted by ``tilt_db`` per kHz about 1 kHz."""
    size = 1 << (len(samples) - 1).bit_length()
    spectrum = np.fft.rfft(samples, size)
    hertz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    gain = np.clip((high_hz + 250 - hertz) / 250, 0.003, 1)
    if low_hz:
        gain *= np.clip((hertz - low_hz * 0.5) / (low_hz * 0.5), 0.003, 1)
    if tilt_db:
        gain *= 10 ** (tilt_db * np.clip(hertz - 1000, -1000, 3000) / 1000 / 20)
    return np.asarray(np.fft.irfft(spectrum * gain, size)[: len(samples)], dtype=np.float64)


def lose_packets(samples: Samples, share: float, random: np.random.Generator) -> Samples:
    """Lose ``share`` of the 20 ms packets; the receiver repeats the last one, ever softer
    (as G.711 Appendix I does, in short)."""
    out = samples.copy()
    softer = 1.0
    for at in range(_FRAME, len(out) - _FRAME, _FRAME):
        if random.random() < share:
            softer *= 0.6
            out[at : at + _FRAME] = out[at - _FRAME : at] * softer
        else:
            softer = 1.0
    return out
