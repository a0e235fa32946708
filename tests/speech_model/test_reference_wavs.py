"""Which utterances become the fixed WAVs of a shipped model."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import toy_network
from numpy.typing import NDArray

from speech_model import reference_wavs
from speech_model.scenarios import Kind, Utterance

Samples = NDArray[np.float64]


@pytest.fixture
def utterances(tmp_path: Path) -> list[Utterance]:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(toy_network.sound(1, 0.2).tobytes())
    said = (
        (Kind.DIGITS, "いち に いち"),
        (Kind.DIGITS, "いち に"),
        (Kind.OTHER, "あめが ふる"),
        (Kind.YES_NO, "はい"),
        (Kind.DIGITS, "さん"),
        (Kind.DIGITS, "よん"),
        (Kind.YES_NO, "いいえ"),
    )
    return [
        Utterance(str(number), tmp_path / "a.wav", "mei", kind, tuple(text.split()), {})
        for number, (kind, text) in enumerate(said)
    ]


def _telephone(
    samples: Samples, rate: float, random: np.random.Generator, snr_db: float
) -> Samples:
    assert (rate, snr_db) == (16000, 25.0)
    return samples[::2] * 32767 + random.normal(size=len(samples[::2]))


def test_some_of_each_kind_are_taken(utterances: list[Utterance]) -> None:
    chosen = reference_wavs.choose(utterances, _telephone, seed=1)
    assert [(name, words) for name, _, words in chosen] == [
        ("digits-1", ("いち", "に")),
        ("yes_no-1", ("はい",)),
        ("digits-2", ("さん",)),
        ("yes_no-2", ("いいえ",)),
    ]
    assert {samples.dtype for _, samples, _ in chosen} == {np.dtype(np.int16)}
    assert {len(samples) for _, samples, _ in chosen} == {800}


def test_a_seed_makes_them_again(utterances: list[Utterance]) -> None:
    one, again, other = (
        reference_wavs.choose(utterances, _telephone, seed=seed, each=1) for seed in (1, 1, 2)
    )
    assert [name for name, _, _ in one] == ["digits-1", "yes_no-1"]
    for (_, a, _), (_, b, _), (_, c, _) in zip(one, again, other, strict=True):
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)
