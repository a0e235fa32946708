"""A trained network as Kaldi's ``final.mdl``, written without Kaldi.

Sources of the format, in Kaldi's tree: ``src/base/io-funcs.cc`` (tokens and numbers),
``src/hmm/hmm-topology.cc`` and ``src/hmm/transition-model.cc`` (which state has which outputs),
``src/nnet3/nnet-nnet.cc``, ``nnet-simple-component.cc`` and ``am-nnet-simple.cc`` (the network),
``src/matrix/compressed-matrix.h`` (weights in 8 and 16 bit).
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from speech_model.topology import (
    OUTPUTS,
    PHONES,
    UNIT_OF_PHONE,
    first_output,
    following_output,
)

Floats = NDArray[np.float64]
#: How much the outputs are divided by their priors: best of a few tried on the evaluation build
#: (README.md, "Tuning").
PRIOR_SCALE = 0.3
_CODES = 2**16 - 1
#: Matrices of so many numbers are written in 8 bit, smaller ones in 16.
_LARGE = 2**17
#: Of the values of a column, the codes up to these lie in its lowest quarter, its middle half and
#: its highest quarter (``compressed-matrix.h``, CharToFloat).
_QUARTERS = (0, 64, 192, 255)


@dataclass(frozen=True)
class Layer:
    """One layer: an affine map of the frames at ``offsets``, then a rectifier.

    The last layer of a network is followed by a log-softmax instead. ``weight`` has a row for each
    output; its columns run by offset, then by input. Offsets are in frames of 10 ms, ascending.
    """

    weight: Floats
    bias: Floats
    offsets: tuple[int, ...]

    def __post_init__(self) -> None:
        rows, columns = self.weight.shape
        if self.bias.shape != (rows,):
            raise ValueError(f"a layer of {rows} outputs has a bias of shape {self.bias.shape}")
        if columns % len(self.offsets):
            raise ValueError(f"a layer's {columns} columns do not divide by its offsets")

    @property
    def inputs(self) -> int:
        """How many numbers a frame has that enters this layer."""
        return int(self.weight.shape[1]) // len(self.offsets)


def context(layers: Sequence[Layer]) -> tuple[int, int]:
    """How many frames before and after its own an output depends on."""
    left = -sum(min(layer.offsets) for layer in layers)
    right = sum(max(layer.offsets) for layer in layers)
    return max(0, left), max(0, right)


def evened(layers: Sequence[Layer]) -> list[Layer]:
    """The same network with rows of like size in every layer but the last: a rectifier passes on
    a factor, so the next layer's columns take it back. Columns of 8 bit then hold every row as
    finely as the next."""
    out = list(layers)
    for at in range(len(out) - 1):
        layer, after = out[at], out[at + 1]
        size = np.sqrt((layer.weight**2).mean(1))
        size[size == 0] = 1.0
        columns = np.tile(size, len(after.offsets))
        out[at] = Layer(layer.weight / size[:, None], layer.bias / size, layer.offsets)
        out[at + 1] = Layer(after.weight * columns, after.bias, after.offsets)
    return out


def acoustic_model(
    layers: Sequence[Layer], priors: Floats | None = None, *, prior_scale: float = 1.0
) -> bytes:
    """The bytes of ``am/final.mdl``.

    ``priors`` is how probable each output is over the training data; a recogniser divides by its
    ``prior_scale``-th power. Raises :class:`ValueError` where the layers do not fit each other or
    the topology.
    """
    for before, layer in pairwise(layers):
        if layer.inputs != len(before.bias):
            raise ValueError(f"{len(before.bias)} outputs meet a layer of {layer.inputs} inputs")
    if len(layers[-1].bias) != OUTPUTS:
        raise ValueError(f"the last layer has {len(layers[-1].bias)} outputs, not {OUTPUTS}")
    file = _File()
    _write_transition_model(file)
    _write_network(file, evened(layers))
    left, right = context(layers)
    file.token("<LeftContext>").integer(left).token("<RightContext>").integer(right)
    file.token("<Priors>").vector(() if priors is None else scaled_priors(priors, prior_scale))
    return bytes(file.data)


def layers_of(data: bytes) -> list[Layer]:
    """The layers of a file that :func:`acoustic_model` wrote, as exactly as it holds them: weights
    are rounded there, and rows have one size.

    Raises :class:`ValueError` for a file of another kind.
    """
    head, begin, nodes = data.partition(b"<Nnet3> \n")
    sources = re.findall(r"component=layer\d+\.affine input=(.+)", nodes.split(b"\n\n")[0].decode())
    if not begin or not sources:
        raise ValueError("not an acoustic model as this recipe writes it")
    read = _Reader(data, len(head))
    out = []
    for source in sources:
        offsets = re.findall(r"Offset\([^,]+, (-?\d+)\)|input|layer\d+\.relu", source)
        weight = read.after("<LinearParams>").matrix()
        bias = read.after("<BiasParams>").vector()
        out.append(Layer(weight, bias, tuple(int(offset or 0) for offset in offsets)))
    return out


def scaled_priors(priors: Floats, scale: float) -> Floats:
    """What each output is divided by: ``priors`` to the power ``scale``.

    An output never seen counts as one in 100,000. Raises :class:`ValueError` for another shape.
    """
    if priors.shape != (OUTPUTS,):
        raise ValueError(f"priors of shape {priors.shape} for {OUTPUTS} outputs")
    floored = priors.clip(1e-5)
    powered: Floats = np.power(floored / floored.sum(), scale)
    return powered


class _File:
    """Kaldi's binary marks: every value tells its size, every list its length."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0B")

    def raw(self, data: bytes) -> _File:
        self.data += data
        return self

    def token(self, name: str) -> _File:
        return self.raw(name.encode() + b" ")

    def integer(self, *values: int) -> _File:
        for value in values:
            self.raw(b"\4" + struct.pack("<i", value))
        return self

    def single(self, value: float) -> _File:
        return self.raw(b"\4" + struct.pack("<f", value))

    def double(self, value: float) -> _File:
        return self.raw(b"\10" + struct.pack("<d", value))

    def integers(self, values: Iterable[int]) -> _File:
        packed = np.fromiter(values, "<i4")
        return self.raw(b"\4" + struct.pack("<i", len(packed)) + packed.tobytes())

    def vector(self, values: ArrayLike) -> _File:
        packed = np.asarray(values, "<f4")
        return self.token("FV").integer(len(packed)).raw(packed.tobytes())

    def matrix(self, values: Floats) -> _File:
        """In 16 bit: steps of one size from the lowest value to the highest. Large ones in 8 bit:
        each column has steps of its own, finer in the middle half of its values."""
        lowest, span = float(values.min()), float(np.ptp(values)) or 1.0
        head = struct.pack("<ffii", lowest, span, *values.shape)
        if values.size < _LARGE:
            codes = np.round((values - lowest) / span * _CODES).astype("<u2")
            return self.token("CM2").raw(head + codes.tobytes())
        quarters = np.quantile(values, (0, 0.25, 0.75, 1), axis=0).T
        # Four different codes, so that every quarter has a width.
        steps = np.arange(4)
        edges = np.round((quarters - lowest) / span * _CODES).clip(steps, _CODES - steps[::-1])
        edges = np.maximum.accumulate(edges - steps, axis=1) + steps
        exact = lowest + span / _CODES * edges
        columns = [
            np.round(np.interp(column, bounds, _QUARTERS))
            for column, bounds in zip(values.T, exact, strict=True)
        ]
        body = edges.astype("<u2").tobytes() + np.array(columns, np.uint8).tobytes()
        return self.token("CM").raw(head + body)


class _Reader:
    """Reads, from ``at`` on, what :class:`_File` wrote."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def after(self, token: str) -> _Reader:
        mark = token.encode() + b" "
        found = self._data.find(mark, self._at)
        if found < 0:
            raise ValueError(f"an acoustic model without {token}")
        self._at = found + len(mark)
        return self

    def vector(self) -> Floats:
        self.after("FV")
        (count,) = struct.unpack_from("<xi", self._data, self._at)
        self._at += 5
        return self._numbers("<f4", count)

    def matrix(self) -> Floats:
        fine = self._data.startswith(b"CM2 ", self._at)
        self.after("CM2" if fine else "CM")
        lowest, span, rows, columns = struct.unpack_from("<ffii", self._data, self._at)
        self._at += 16
        if fine:
            even = self._numbers("<u2", rows * columns, (rows, columns))
            return np.asarray(lowest + span / _CODES * even)
        edges = lowest + span / _CODES * self._numbers("<u2", 4 * columns, (columns, 4))
        codes = self._numbers("u1", rows * columns, (columns, rows))
        read = [np.interp(code, _QUARTERS, edge) for code, edge in zip(codes, edges, strict=True)]
        return np.array(read).T

    def _numbers(self, kind: str, count: int, shape: tuple[int, ...] = (-1,)) -> Floats:
        found: Floats = np.frombuffer(self._data, kind, count, self._at).astype(np.float64)
        self._at += count * np.dtype(kind).itemsize
        return found.reshape(shape)


def _write_transition_model(file: _File) -> None:
    count = len(PHONES)
    file.token("<TransitionModel>").token("<Topology>")
    file.integers(range(1, count + 1)).integers([-1, *[0] * count])
    # -1 says that the two outputs of a state differ; one topology follows, for all phones.
    file.integer(-1, 1)
    file.integer(2, 0, 1, 2, 0).single(0.5).integer(1).single(0.5)
    # The state after the last frame scores nothing and leads nowhere.
    file.integer(-1, -1, 0)
    file.token("</Topology>").token("<Tuples>").integer(count)
    for phone, unit in enumerate(UNIT_OF_PHONE, start=1):
        file.integer(phone, 0, first_output(unit), following_output(unit))
    file.token("</Tuples>").token("<LogProbs>")
    file.vector([0.0, *[math.log(0.5)] * (2 * count)])
    file.token("</LogProbs>").token("</TransitionModel>")


def _write_network(file: _File, layers: Sequence[Layer]) -> None:
    nodes = [f"input-node name=input dim={layers[0].inputs}"]
    source = "input"
    for number, layer in enumerate(layers):
        ends = "logsoftmax" if number == len(layers) - 1 else "relu"
        affine, bent = f"layer{number}.affine", f"layer{number}.{ends}"
        frames = [f"Offset({source}, {o})" if o else source for o in layer.offsets]
        joined = frames[0] if len(frames) == 1 else f"Append({', '.join(frames)})"
        nodes.append(f"component-node name={affine} component={affine} input={joined}")
        nodes.append(f"component-node name={bent} component={bent} input={affine}")
        source = bent
    nodes.append(f"output-node name=output input={source} objective=linear")
    file.token("<Nnet3>").raw(b"\n" + "\n".join(nodes).encode() + b"\n\n")
    file.token("<NumComponents>").integer(2 * len(layers))
    for number, layer in enumerate(layers):
        file.token("<ComponentName>").token(f"layer{number}.affine")
        file.token("<FixedAffineComponent>")
        file.token("<LinearParams>").matrix(layer.weight)
        file.token("<BiasParams>").vector(layer.bias).token("</FixedAffineComponent>")
        last = number == len(layers) - 1
        kind = "LogSoftmaxComponent" if last else "RectifiedLinearComponent"
        file.token("<ComponentName>").token(f"layer{number}.{'logsoftmax' if last else 'relu'}")
        file.token(f"<{kind}>").token("<Dim>").integer(len(layer.bias))
        # Statistics of training; there are none.
        file.token("<ValueAvg>").vector(()).token("<DerivAvg>").vector(())
        file.token("<Count>").double(0.0).token(f"</{kind}>")
    file.token("</Nnet3>")
