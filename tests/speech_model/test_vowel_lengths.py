"""A vowel's length is counted once, in what is written and in what our own scores say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import toy_network
from vosk import Model

from speech_model import acoustic_model, features, score_check, vowel_lengths
from speech_model.acoustic_model import Floats
from speech_model.phones import LONG_VOWELS, UNITS, VOWELS, phones
from speech_model.topology import OUTPUTS, first_output, following_output
from speech_model.vowel_lengths import FIRST

SHIPPED = Path(__file__).parents[2] / "ivr/hearing/rehearsal_model/ja/am/final.mdl"
PAIRS = [(UNITS.index(v), UNITS.index(w)) for v, w in zip(VOWELS, LONG_VOWELS, strict=True)]


def _heard(layers: list[acoustic_model.Layer]) -> Floats:
    sound = features.mfcc(toy_network.sound(3, 1.2)).astype(np.float64)
    return score_check.outputs(layers, sound)


@pytest.mark.parametrize(("short", "long"), PAIRS, ids=VOWELS)
def test_later_frames_of_a_vowel_say_nothing_of_its_length(short: int, long: int) -> None:
    plain, level = (
        _heard(toy_network.layers()),
        _heard(vowel_lengths.levelled(toy_network.layers())),
    )
    later = [following_output(short), following_output(long)]
    assert np.abs(np.diff(plain[:, later])).max() > 0.5
    assert np.diff(level[:, later]) == pytest.approx(0.0, abs=1e-9)


def _said(sure: dict[int, float]) -> Floats:
    """One frame in which a network is so sure of some outputs (logarithms), of all others never."""
    logs = np.full((1, OUTPUTS), -50.0)
    for output, log in sure.items():
        logs[0, output] = log
    return logs


@pytest.mark.parametrize(("short", "long"), PAIRS, ids=VOWELS)
def test_the_first_frame_says_it_and_is_doubted(short: int, long: int) -> None:
    for one, other in ((short, long), (long, short)):
        level = vowel_lengths.level(_said({first_output(one): 0.0}))[0]
        found = level[first_output(one)] - level[first_output(other)]
        assert found == pytest.approx(FIRST)
        # What was doubtful already stays as doubtful as it was.
        near = vowel_lengths.level(_said({first_output(one): -0.1, first_output(other): -2.4}))[0]
        assert near[first_output(one)] - near[first_output(other)] == pytest.approx(2.3)


def test_another_sound_stays_as_improbable_as_it_was() -> None:
    a, e, k = (UNITS.index(unit) for unit in ("a", "e", "k"))
    level = vowel_lengths.level(_said({first_output(a): 0.0, first_output(k): -6.0}))[0]
    assert level[first_output(a)] - level[first_output(k)] == pytest.approx(6.0)
    assert level[first_output(a)] - level[first_output(e)] == pytest.approx(50.0)
    assert np.exp(level).sum() == pytest.approx(1.0)


def test_layers_that_are_written_give_what_our_own_scores_say() -> None:
    layers = toy_network.layers()
    expected = vowel_lengths.level(_heard(layers))
    assert _heard(vowel_lengths.levelled(layers)) == pytest.approx(expected, abs=1e-9)


def test_vosk_scores_them_so(tmp_path: Path) -> None:
    layers = vowel_lengths.levelled(toy_network.layers())
    toy_network.write(tmp_path / "ja", layers)
    written = acoustic_model.layers_of((tmp_path / "ja/am/final.mdl").read_bytes())
    sound = toy_network.sound(5, 2.0)
    frames = features.mfcc(sound).astype(np.float64)
    given = score_check.vosk_score(Model(str(tmp_path / "ja")), sound, ("やまだい", "しろー"))
    spelt = [phones("やまだい"), phones("しろー")]
    ours = score_check.path_score(score_check.outputs(written, frames), spelt)
    assert given == pytest.approx(ours, rel=score_check.TOLERANCE)
    # It would notice a model without the layer.
    plain = score_check.path_score(score_check.outputs(toy_network.layers(), frames), spelt)
    assert given != pytest.approx(plain, abs=0.5)


def test_what_is_read_back_is_what_was_trained() -> None:
    layers = toy_network.layers()
    read = acoustic_model.layers_of(acoustic_model.acoustic_model(vowel_lengths.levelled(layers)))
    assert len(read) == len(layers) + 1
    trained = vowel_lengths.as_trained(read)
    assert len(trained) == len(layers)
    assert _heard(trained) == pytest.approx(_heard(layers), abs=0.02)


def test_a_model_without_it_is_read_as_it_is() -> None:
    layers = toy_network.layers()
    read = vowel_lengths.as_trained(layers)
    assert all(one is other for one, other in zip(read, layers, strict=True))
    with pytest.raises(ValueError, match=f"24 outputs, not {OUTPUTS}"):
        vowel_lengths.levelled(layers[:2])


def test_short_and_long_have_one_prior_for_their_later_frames() -> None:
    priors = np.arange(1.0, OUTPUTS + 1) / OUTPUTS
    shared = vowel_lengths.shared(priors)
    changed = set()
    for short, long in PAIRS:
        both = [following_output(short), following_output(long)]
        assert shared[both] == pytest.approx(priors[both].sum())
        changed |= set(both)
    rest = [at for at in range(OUTPUTS) if at not in changed]
    assert shared[rest] == pytest.approx(priors[rest])


def test_the_shipped_model_counts_lengths_once() -> None:
    layers = acoustic_model.layers_of(SHIPPED.read_bytes())
    assert len(vowel_lengths.as_trained(layers)) == len(layers) - 1
    heard = _heard(layers)
    for short, long in PAIRS:
        later = [following_output(short), following_output(long)]
        assert np.diff(heard[:, later]) == pytest.approx(0.0, abs=0.05)
