"""Layers and what may be exported of them; that Vosk reads it is tested with the scores."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import toy_network
from numpy.typing import NDArray

from speech_model import acoustic_model, features, score_check, topology
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


def test_weights_of_small_layers_take_two_bytes_each() -> None:
    narrow, wide = toy_network.layers(width=24), toy_network.layers(width=200)
    grown = len(acoustic_model.acoustic_model(wide)) - len(acoustic_model.acoustic_model(narrow))
    weights = sum(b.weight.size - a.weight.size for a, b in zip(narrow, wide, strict=True))
    biases = sum(b.bias.size - a.bias.size for a, b in zip(narrow, wide, strict=True))
    assert grown == 2 * weights + 4 * biases


def test_large_layers_take_a_byte_for_each_weight() -> None:
    random = np.random.default_rng(3)
    # A column of its own size, one of equal numbers, one with a number far out.
    weight = random.normal(0, 0.05, (400, 400)) * np.geomspace(0.1, 10, 400)
    weight[:, 7] = 0.25
    weight[5, 9] = 3.0
    large = Layer(weight, np.zeros(400), (0,))
    weight = acoustic_model.evened([large, large])[0].weight
    last = Layer(np.zeros((topology.OUTPUTS, 400)), np.zeros(topology.OUTPUTS), (0,))
    made = acoustic_model.acoustic_model([large, last])
    read = _in_eight_bit(made)
    assert read.shape == weight.shape
    error = np.abs(read - weight)
    assert (error.max(0) < 0.02 * np.ptp(weight, 0) + 1e-4).all()
    rms = np.sqrt((error**2).mean(0) / weight.var(0).clip(1e-6))
    assert np.median(rms) < 0.02
    # 16 bit would be as many bytes more as there are weights, less eight a column.
    assert made.index(b"FV ", made.index(b"CM ")) - made.index(b"CM ") < 1.05 * weight.size


def _in_eight_bit(data: bytes) -> NDArray[np.float64]:
    """The first matrix that Kaldi would read with ``CompressedMatrix::CharToFloat``."""
    at = data.index(b"CM ") + 3
    lowest, span, rows, columns = struct.unpack_from("<ffii", data, at)
    at += 16
    heads = np.frombuffer(data, "<u2", 4 * columns, at).reshape(columns, 4)
    bounds = lowest + span * 1.52590218966964e-05 * heads
    codes = np.frombuffer(data, np.uint8, rows * columns, at + 8 * columns)
    codes = codes.reshape(columns, rows).astype(float)
    low, left, right, high = (bounds[:, [edge]] for edge in range(4))
    inner = left + (right - left) * (codes - 64) / 128
    outer = right + (high - right) * (codes - 192) / 63
    below = low + (left - low) * codes / 64
    return np.where(codes <= 64, below, np.where(codes <= 192, inner, outer)).T


def test_evened_layers_say_the_same_and_have_rows_of_one_size() -> None:
    made = toy_network.layers()
    made[0].weight[3] *= 100
    made[1].weight[5] = 0
    evened = acoustic_model.evened(made)
    frames = np.random.default_rng(4).normal(size=(60, features.BINS))
    assert score_check.outputs(evened, frames) == pytest.approx(score_check.outputs(made, frames))
    for layer in evened[:-1]:
        sizes = np.sqrt((layer.weight**2).mean(1))
        assert set(sizes.round(9)) <= {0.0, 1.0}
    assert made[0].weight[3].std() > 10 * made[0].weight[4].std()


def test_layers_are_read_as_they_were_written() -> None:
    random = np.random.default_rng(5)
    large = Layer(random.normal(0, 0.05, (400, 1200)), random.normal(0, 1, 400), (-3, 0, 18))
    last = Layer(random.normal(size=(topology.OUTPUTS, 400)), np.zeros(topology.OUTPUTS), (0,))
    made = [Layer(random.normal(size=(400, 400)), np.ones(400), (-2, -1, 0, 1)), large, last]
    written = acoustic_model.acoustic_model(made)
    read = acoustic_model.layers_of(written)
    for layer, expected in zip(read, acoustic_model.evened(made), strict=True):
        assert layer.offsets == expected.offsets
        assert layer.bias == pytest.approx(expected.bias, rel=1e-6)
        assert np.abs(layer.weight - expected.weight).max() < 0.05 * expected.weight.std()
    eight = _in_eight_bit(written)
    assert read[0].weight == pytest.approx(eight, abs=1e-6)


@pytest.mark.parametrize(
    "damaged", [b"", b"RIFF", b"\0B<Nnet3> \ninput-node name=input dim=40\n\n"]
)
def test_other_files_are_no_acoustic_models(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="not an acoustic model"):
        acoustic_model.layers_of(damaged)
    whole = acoustic_model.acoustic_model(toy_network.layers())
    with pytest.raises(ValueError, match="without <BiasParams>"):
        acoustic_model.layers_of(whole[: whole.rindex(b"<BiasParams>")])


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
