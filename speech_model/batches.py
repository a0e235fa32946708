"""What a network is trained with: batches of utterances, each as it arrives over a fresh line."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from speech_model import augmentation, synthesis
from speech_model.examples import Example
from speech_model.features import Features, mfcc
from speech_model.network import SUBSAMPLING
from speech_model.schedule import Stage
from speech_model.telephone_line import RATE_HZ, resampled

Samples = npt.NDArray[np.float64]
#: For each output, whether the caller speaks.
Spoken = npt.NDArray[np.bool_]
#: Seconds of speech in one batch, about.
_BATCH_S = 50.0
_AHEAD = 8


@lru_cache(maxsize=30_000)
def _sound(wav: str) -> npt.NDArray[np.int16]:
    audio = synthesis.read_wav(Path(wav))
    return np.round(audio * 32767).astype(np.int16)


@lru_cache(maxsize=1)
def _background(wavs: tuple[str, ...]) -> list[npt.NDArray[np.float64]]:
    return [resampled(synthesis.read_wav(Path(wav)), synthesis.RATE_HZ, RATE_HZ) for wav in wavs]


def arriving(
    wavs: list[str],
    seed: int,
    background: tuple[str, ...],
    gentle: bool,
    everyday: float = 0.0,
    noise_db: tuple[float, float] = (8.0, 35.0),
) -> list[Features]:
    """MFCCs of each example over a fresh line."""
    return [features for features, _ in _heard(wavs, seed, background, gentle, everyday, noise_db)]


def _heard(
    wavs: list[str],
    seed: int,
    background: tuple[str, ...],
    gentle: bool,
    everyday: float,
    noise_db: tuple[float, float],
) -> list[tuple[Features, Spoken]]:
    """MFCCs of each example over a fresh line, and in which outputs its caller speaks."""
    out = []

    def add(sent: Samples, said: Samples, warp: float = 1.0) -> None:
        features = mfcc(sent, warp=warp)
        outputs = -(-len(features) // SUBSAMPLING)
        out.append((features, augmentation.speaking(said, outputs)))

    for at, wav in enumerate(wavs):
        noise = np.random.default_rng((seed, at))
        if not wav:
            sent = augmentation.non_speech(noise, _background(background))
            add(sent, np.zeros(len(sent)))
            continue
        audio = _sound(wav).astype(np.float64) / 32767
        if gentle:
            sent = augmentation.telephone(audio, synthesis.RATE_HZ, noise, noise.uniform(25, 40))
            add(sent, augmentation.around(audio, synthesis.RATE_HZ))
            continue
        if everyday and noise.random() < everyday:
            snr_db = noise.uniform(*noise_db)
            sent = augmentation.telephone(audio, synthesis.RATE_HZ, noise, snr_db)
            said = augmentation.around(audio, synthesis.RATE_HZ)
            add(sent, said, float(noise.uniform(0.95, 1.05)))
            continue
        sent, said = augmentation.sent_and_said(
            audio, synthesis.RATE_HZ, noise, _background(background)
        )
        add(sent, said, float(noise.uniform(0.88, 1.12)))
    return out


def batches(items: list[Example], shuffle: random.Random) -> list[list[Example]]:
    """``items`` in batches of like lengths, in random order."""
    order = sorted(items, key=lambda item: item.seconds + shuffle.uniform(0, 0.4))
    out: list[list[Example]] = []
    at = 0
    while at < len(order):
        size = max(4, int(_BATCH_S / (order[at].seconds + 1.0)))
        out.append(order[at : at + size])
        at += size
    shuffle.shuffle(out)
    return out


def ahead(
    plan: list[list[Example]],
    pool: ProcessPoolExecutor,
    seed: int,
    background: tuple[str, ...],
    stage: Stage,
) -> Iterator[tuple[list[Example], list[tuple[Features, Spoken]]]]:
    """The batches of ``plan`` with their features, made by other processes while one trains."""
    waiting: deque[tuple[list[Example], Future[list[tuple[Features, Spoken]]]]] = deque()
    for at, batch in enumerate(plan):
        wavs = [item.wav for item in batch]
        line = (background, stage.gentle, stage.everyday, stage.noise_db)
        waiting.append((batch, pool.submit(_heard, wavs, seed + at, *line)))
        if len(waiting) > _AHEAD:
            ready, future = waiting.popleft()
            yield ready, future.result()
    while waiting:
        ready, future = waiting.popleft()
        yield ready, future.result()
