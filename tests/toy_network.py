"""A network of random weights that exports like a trained one, and sounds to decode with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from speech_model import features, model_directory
from speech_model.acoustic_model import Layer
from speech_model.model_directory import Beams, Card, Mfcc
from speech_model.phones import phones
from speech_model.topology import OUTPUTS

WORDS = ("はい", "いいえ", "やまだ", "やまだい", "たろう", "です", "しろう", "しろー", "え")
LEXICON = {word: [phones(word)] for word in WORDS}
CARD = Card("toy", "1", "2026-11-22", 7, {})
#: Random outputs make every path likely, so nothing may be pruned.
WIDE = Beams(search=500.0, lattice=100.0, states=100_000)
#: Enough to hear something, whatever.
NARROW = Beams(search=8.0, lattice=3.0, states=200)
_MFCC = Mfcc(features.BINS, features.LOW_HZ, features.HIGH_HZ)


def layers(seed: int = 1, width: int = 24) -> list[Layer]:
    """Three layers over 2 + 3 frames on each side."""
    random = np.random.default_rng(seed)

    def layer(outputs: int, inputs: int, scale: float, offsets: tuple[int, ...]) -> Layer:
        weight = random.normal(0, scale, (outputs, inputs * len(offsets)))
        return Layer(weight, random.normal(0, 0.1, outputs), offsets)

    return [
        layer(width, features.BINS, 0.01, (-2, -1, 0, 1, 2)),
        layer(width, width, 0.2, (-3, 0, 3)),
        layer(OUTPUTS, width, 0.5, (0,)),
    ]


def write(
    directory: Path,
    made: list[Layer],
    priors: NDArray[np.float64] | None = None,
    beams: Beams = WIDE,
) -> None:
    """A model directory of ``made`` whose words are ``WORDS``."""
    model_directory.write(
        directory,
        made,
        LEXICON,
        card=CARD,
        mfcc=_MFCC,
        priors=priors,
        beams=beams,
    )


def sound(seed: int, seconds: float) -> NDArray[np.int16]:
    """Noise at 8 kHz whose loudness and colour change all the time."""
    random = np.random.default_rng(seed)
    pieces = [
        np.convolve(random.normal(size=1600), random.normal(size=9), "same")
        * random.uniform(50, 900)
        for _ in range(round(seconds / 0.2))
    ]
    return np.concatenate(pieces).clip(-32768, 32767).astype(np.int16)
