"""Layers and what may be exported of them; that Vosk reads it is tested with the scores."""

from __future__ import annotations

import numpy as np
import pytest
import toy_network

from speech_model import acoustic_model, features, topology
from speech_model.acoustic_model import Layer
from speech_model.phones import SPEECH, UNITS


def _layer(outputs: int, inputs: int, offsets: tuple[int, ...] = (0,)) -> Layer:
    return Layer(np.zeros((outputs, inputs * len(offsets))), np.zeros(outputs), offsets)


def test_context_is_the_sum_of_the_offsets() -> None:
    layers = [_layer(4, 3, (-2, -1, 0, 1)), _layer(4, 4, (-3, 0, 3)), _layer(2, 4, (0,))]
    assert acoustic_model.context(layers) == (5, 4)
    assert acoustic_model.context(layers[-1:]) == (0, 0)


def test_layers_must_fit_each_other_and_the_units() -> None:
    right = _layer(topology.OUTPUTS, 4)
    with pytest.raises(ValueError, match="3 outputs meet a layer of 4 inputs"):
        acoustic_model.acoustic_model([_layer(3, 5), right])
    with pytest.raises(ValueError, match=f"79 outputs, not {topology.OUTPUTS}"):
        acoustic_model.acoustic_model([_layer(4, 5), _layer(79, 4)])
    with pytest.raises(ValueError, match="a bias of shape"):
        Layer(np.zeros((4, 3)), np.zeros(3), (0,))
    with pytest.raises(ValueError, match="do not divide"):
        Layer(np.zeros((4, 3)), np.zeros(4), (0, 1))


def test_priors_must_fit_the_units() -> None:
    with pytest.raises(ValueError, match="priors"):
        acoustic_model.acoustic_model(toy_network.layers(), np.ones(3))


def test_weights_take_two_bytes_each() -> None:
    narrow, wide = toy_network.layers(width=24), toy_network.layers(width=240)
    grown = len(acoustic_model.acoustic_model(wide)) - len(acoustic_model.acoustic_model(narrow))
    weights = sum(b.weight.size - a.weight.size for a, b in zip(narrow, wide, strict=True))
    biases = sum(b.bias.size - a.bias.size for a, b in zip(narrow, wide, strict=True))
    assert grown == 2 * weights + 4 * biases


def test_equal_weights_are_exported_too() -> None:
    made = toy_network.layers()
    made[0] = _layer(24, features.BINS, (-2, -1, 0, 1, 2))
    assert acoustic_model.acoustic_model(made).startswith(b"\0B<TransitionModel> ")


def test_every_unit_but_silence_has_four_places() -> None:
    assert len(topology.PHONES) == 1 + 4 * len(SPEECH)
    assert 2 * len(UNITS) == topology.OUTPUTS
    for phone, unit in zip(topology.PHONES, topology.UNIT_OF_PHONE, strict=True):
        assert phone.split("_")[0] == UNITS[unit]


def test_states_are_numbered_as_kaldi_does() -> None:
    ids = [
        i for phone in topology.PHONES for i in (topology.self_loop(phone), topology.forward(phone))
    ]
    assert ids == list(range(1, 2 * len(topology.PHONES) + 1))


@pytest.mark.parametrize(
    ("pronunciation", "placed"),
    [(("N",), ("N_S",)), (("e:",), ("e:_S",)), (("h", "a", "i"), ("h_B", "a_I", "i_E"))],
)
def test_phones_know_their_place(pronunciation: tuple[str, ...], placed: tuple[str, ...]) -> None:
    assert topology.placed(pronunciation) == placed
