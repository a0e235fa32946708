"""Kaldi's MFCCs at 8 kHz, computed in NumPy, so that the vocal tract can be warped on the way.

The same numbers as Kaldi's ``compute-mfcc-feats`` (feat/feature-mfcc.cc, feature-window.cc,
mel-computations.cc) with ``--use-energy=false --dither=0``, which is what Vosk computes when it
decodes; a test compares them with kaldi-native-fbank.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]
RATE_HZ = 8000
#: Mel bins, and as many cepstra: no information is dropped.
BINS = 40
LOW_HZ = 60.0
HIGH_HZ = 3900.0
_WINDOW = 200
_SHIFT = 80
_FFT = 256
_LIFTER = 22.0
#: Warping bends the frequency axis between these, in Hz (Kaldi's --vtln-low, --vtln-high).
_WARP_LOW_HZ = 100.0
_WARP_HIGH_HZ = 3500.0


def _mel(hertz: Matrix | float) -> Matrix:
    return np.asarray(1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0))


@lru_cache(maxsize=1)
def _povey_window() -> Matrix:
    phase = 2 * np.pi * np.arange(_WINDOW) / (_WINDOW - 1)
    return np.asarray((0.5 - 0.5 * np.cos(phase)) ** 0.85)


def _warped(hertz: Matrix, factor: float) -> Matrix:
    """The piecewise linear warp of Kaldi's MelBanks::VtlnWarpFreq."""
    low = _WARP_LOW_HZ * max(1.0, factor)
    high = _WARP_HIGH_HZ * min(1.0, factor)
    scale = 1.0 / factor
    left = (scale * low - LOW_HZ) / (low - LOW_HZ)
    right = (HIGH_HZ - scale * high) / (HIGH_HZ - high)
    bent = np.where(hertz < high, scale * hertz, HIGH_HZ + right * (hertz - HIGH_HZ))
    bent = np.where(hertz < low, LOW_HZ + left * (hertz - LOW_HZ), bent)
    outside = (hertz < LOW_HZ) | (hertz > HIGH_HZ)
    return np.where(outside, hertz, bent)


@lru_cache(maxsize=64)
def _filters(factor: float) -> Matrix:
    """Triangular mel filters, ``[BINS, _FFT // 2]``."""
    edges = np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BINS + 2)
    if factor != 1.0:
        edges = _mel(_warped(700.0 * (np.exp(edges / 1127.0) - 1.0), factor))
    mel = _mel(np.arange(_FFT // 2) * RATE_HZ / _FFT)[None, :]
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (mel - left) / (centre - left), (right - mel) / (right - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


@lru_cache(maxsize=1)
def _cosines() -> Matrix:
    """DCT-II with Kaldi's cepstral lifter folded in, ``[BINS, BINS]``."""
    index = np.arange(BINS)
    table = np.sqrt(2.0 / BINS) * np.cos(np.pi / BINS * (index[None, :] + 0.5) * index[:, None])
    table[0] = np.sqrt(1.0 / BINS)
    lifter = 1.0 + 0.5 * _LIFTER * np.sin(np.pi * index / _LIFTER)
    return np.asarray(table * lifter[:, None])


def mfcc(samples: npt.ArrayLike, warp: float = 1.0) -> Features:
    """MFCCs ``[frames, BINS]`` of samples at 8 kHz within ±32,768, a frame every 10 ms.

    ``warp`` > 1 makes the vocal tract shorter (a smaller speaker). Shorter than 25 ms: no frames.
    """
    sound = np.asarray(samples, dtype=np.float64)
    frames = 1 + (len(sound) - _WINDOW) // _SHIFT
    if frames < 1:
        return np.zeros((0, BINS), dtype=np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_SHIFT][:frames]
    cut = cut - cut.mean(axis=1, keepdims=True)
    before = np.concatenate([cut[:, :1], cut[:, :-1]], axis=1)
    shaped = (cut - 0.97 * before) * _povey_window()
    power = np.abs(np.fft.rfft(shaped, _FFT)) ** 2
    mel = power[:, : _FFT // 2] @ _filters(round(warp, 2)).T
    logs = np.log(np.maximum(mel, np.finfo(np.float32).eps))
    return np.asarray(logs @ _cosines().T, dtype=np.float32)
