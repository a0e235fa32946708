"""The export against our own forward pass, through the real Vosk."""

from __future__ import annotations

import wave
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import toy_network
import vosk
from numpy.typing import NDArray

from speech_model import acoustic_model, features, score_check
from speech_model.acoustic_model import Layer
from speech_model.phones import phones
from speech_model.score_check import Reference, ScoreMismatch
from speech_model.topology import OUTPUTS

vosk.SetLogLevel(-1)
_PRIORS = np.linspace(1, 5, OUTPUTS) / np.linspace(1, 5, OUTPUTS).sum()


@pytest.fixture(scope="module")
def layers() -> list[Layer]:
    """As they are in the model's file."""
    return acoustic_model.layers_of(acoustic_model.acoustic_model(toy_network.layers()))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, layers: list[Layer]) -> vosk.Model:
    directory = tmp_path_factory.mktemp("toy") / "ja"
    toy_network.write(directory, layers)
    return vosk.Model(str(directory))


def _expected(layers: list[Layer], samples: NDArray[np.int16], words: tuple[str, ...]) -> float:
    scores = score_check.outputs(layers, features.mfcc(samples))
    return score_check.path_score(scores, [phones(word) for word in words])


@pytest.mark.parametrize(
    ("seed", "seconds", "words"),
    [
        (1, 0.6, ("はい",)),
        (2, 0.8, ("いいえ",)),
        (3, 1.2, ("やまだい",)),
        (4, 0.4, ("え",)),
        (5, 1.4, ("やまだ", "たろう")),
        (4, 1.4, ("やまだ", "たろう", "です")),
    ],
)
def test_vosk_scores_a_phrase_as_the_network_does(
    model: vosk.Model, layers: list[Layer], seed: int, seconds: float, words: tuple[str, ...]
) -> None:
    samples = toy_network.sound(seed, seconds)
    given = score_check.vosk_score(model, samples, words)
    assert given == pytest.approx(_expected(layers, samples, words), rel=score_check.TOLERANCE)


def test_priors_are_divided_by(tmp_path: Path, layers: list[Layer]) -> None:
    toy_network.write(tmp_path / "ja", layers, _PRIORS)
    samples = toy_network.sound(2, 0.8)
    given = score_check.vosk_score(vosk.Model(str(tmp_path / "ja")), samples, ("いいえ",))
    scores = score_check.outputs(layers, features.mfcc(samples))
    divided = scores - np.log(acoustic_model.scaled_priors(_PRIORS, 1.0))
    expected = score_check.path_score(divided, [phones("いいえ")])
    assert given == pytest.approx(expected, rel=score_check.TOLERANCE)
    assert given != pytest.approx(_expected(layers, samples, ("いいえ",)), rel=0.05)


def test_another_network_is_noticed(model: vosk.Model, tmp_path: Path, layers: list[Layer]) -> None:
    said = [
        ("a", toy_network.sound(1, 0.6), ["はい"]),
        ("b", toy_network.sound(2, 0.8), ["いいえ"]),
    ]

    def references(written: list[Layer], trained: list[Layer]) -> list[Reference]:
        return score_check.refer(
            tmp_path / "wavs",
            said,
            features=features.mfcc,
            outputs=partial(score_check.outputs, written),
            trained=partial(score_check.outputs, trained),
        )

    mine, other = toy_network.layers(), toy_network.layers(seed=2)
    score_check.check(model, tmp_path / "wavs", references(layers, mine))
    with pytest.raises(ScoreMismatch, match=r"a\.wav.*Vosk reads them otherwise"):
        score_check.check(model, tmp_path / "wavs", references(other, other))
    with pytest.raises(ScoreMismatch, match=r"a\.wav.*rounded too much"):
        score_check.check(model, tmp_path / "wavs", references(layers, other))


@pytest.mark.parametrize("share", [0.002, -0.002])
def test_a_score_that_is_hardly_off_is_noticed(
    model: vosk.Model, tmp_path: Path, layers: list[Layer], share: float
) -> None:
    sound = toy_network.sound(1, 0.6)
    _write_wav(tmp_path / "a.wav", sound)
    right = _expected(layers, sound, ("はい",))
    wrong = right * (1 + share)
    assert abs(right) > 40
    score_check.check(model, tmp_path, [Reference("a.wav", ("はい",), right, right)])
    with pytest.raises(ScoreMismatch):
        score_check.check(model, tmp_path, [Reference("a.wav", ("はい",), wrong, wrong)])


def test_words_that_vosk_does_not_hear_are_told(model: vosk.Model) -> None:
    with pytest.raises(ScoreMismatch, match="where the grammar holds only"):
        score_check.vosk_score(model, toy_network.sound(1, 0.2), ("やまだい", "たろう"))


def test_outputs_are_probabilities_every_third_frame(layers: list[Layer]) -> None:
    scores = score_check.outputs(layers, np.random.default_rng(1).normal(size=(10, features.BINS)))
    assert scores.shape == (4, OUTPUTS)
    assert np.exp(scores).sum(1) == pytest.approx(np.ones(4))


def test_references_survive_the_file(tmp_path: Path) -> None:
    references = [
        Reference("a.wav", ("はい",), -12.3456, -12.5),
        Reference("b.wav", ("え", "はい"), -7.0, -7.0),
    ]
    score_check.write(tmp_path / "scores.json", references)
    assert score_check.read(tmp_path / "scores.json") == [
        Reference("a.wav", ("はい",), -12.346, -12.5),
        references[1],
    ]


def test_only_telephone_audio_is_read(tmp_path: Path) -> None:
    samples = toy_network.sound(1, 0.2)
    _write_wav(tmp_path / "right.wav", samples)
    assert np.array_equal(score_check.samples(tmp_path / "right.wav"), samples)
    _write_wav(tmp_path / "wide.wav", samples, rate=16000)
    with pytest.raises(ValueError, match=r"wide\.wav: is not 16-bit mono at 8000 Hz"):
        score_check.samples(tmp_path / "wide.wav")


def _write_wav(path: Path, samples: NDArray[np.int16], rate: int = 8000) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
