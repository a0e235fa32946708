"""Transducers in OpenFst's binary files, written without OpenFst.

Sources of the format (OpenFst 1.7.9, which the 1.8 inside Vosk reads): ``fst/fst.h`` (header),
``fst/const-fst.h``, ``fst/symbol-table.cc``, ``fst/add-on.h``, ``fst/label-reachable.h`` and
``fst/interval-set.h``. The same transducer gives the same bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

_HEADER_MAGIC = 2125659606
_SYMBOLS_MAGIC = 2125658996
_ADD_ON_MAGIC = 446681434
_HAS_OUTPUT_SYMBOLS = 2
_CONST_VERSION = 2
_ADD_ON_VERSION = 1
# What a reader may take for granted (``fst/properties.h``); the rest it finds out where it asks.
_EXPANDED = 0x1
_ACCEPTOR, _TRANSDUCER = 0x10000, 0x20000
_SORTED_BY_INPUT, _SORTED_BY_OUTPUT = 0x10000000, 0x40000000
_STATE = np.dtype(
    [("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("inputs", "<u4"), ("outputs", "<u4")]
)
_ARC = np.dtype([("input", "<i4"), ("output", "<i4"), ("cost", "<f4"), ("target", "<i4")])


class Arc(NamedTuple):
    """To ``target``; label 0 is epsilon, ``cost`` a negative natural logarithm."""

    output: int
    input: int
    target: int
    cost: float = 0.0


@dataclass
class Transducer:
    """States are numbered from 0, where a path starts; ``finals`` are the costs of ending."""

    arcs: list[list[Arc]] = field(default_factory=list)
    finals: dict[int, float] = field(default_factory=dict)

    def state(self) -> int:
        """Adds a state and gives its number."""
        self.arcs.append([])
        return len(self.arcs) - 1

    def arc(
        self, source: int, target: int, label: int = 0, output: int = 0, cost: float = 0.0
    ) -> None:
        """Adds an arc that reads ``label`` and writes ``output``."""
        self.arcs[source].append(Arc(output, label, target, cost))

    def sort(self) -> None:
        """Orders the arcs of every state by what they write, as composition needs them."""
        for arcs in self.arcs:
            arcs.sort()


def const_fst(transducer: Transducer, symbols: Sequence[str] = ()) -> bytes:
    """A file of type ``const``; with ``symbols`` (by output label) these are embedded.

    The arcs must be sorted (:meth:`Transducer.sort`).
    """
    acceptor = all(arc.input == arc.output for arcs in transducer.arcs for arc in arcs)
    shape = _ACCEPTOR | _SORTED_BY_INPUT if acceptor else _TRANSDUCER
    header = _header(
        "const",
        version=_CONST_VERSION,
        flags=_HAS_OUTPUT_SYMBOLS if symbols else 0,
        properties=_EXPANDED | _SORTED_BY_OUTPUT | shape,
        shape=(0, len(transducer.arcs), sum(map(len, transducer.arcs))),
    )
    return header + (_symbol_table(symbols) if symbols else b"") + _states_and_arcs(transducer)


def lookahead_fst(transducer: Transducer, labels: int) -> bytes:
    """A file of type ``olabel_lookahead``: a ``const`` one, and what each state can still write.

    Composition with a grammar then follows only arcs that lead to one of the grammar's words.
    ``labels`` is the highest output label. The file is small where the labels that a state can
    still write are numbered without gaps.
    """
    header = _header(
        "olabel_lookahead",
        version=_ADD_ON_VERSION,
        flags=0,
        properties=_EXPANDED | _SORTED_BY_OUTPUT | _TRANSDUCER,
        shape=(-1, 0, 0),
    )
    reading_side, writing_side, keeps_relabelling = False, True, False
    add_on = struct.pack("<???", True, reading_side, writing_side)
    final = labels + 1
    data = struct.pack("<??i", False, keeps_relabelling, final)
    sets = _writable(transducer, final)
    data += struct.pack("<q", len(sets)) + b"".join(map(_intervals, sets))
    return header + struct.pack("<i", _ADD_ON_MAGIC) + const_fst(transducer) + add_on + data


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<i", len(encoded)) + encoded


def _header(
    kind: str, *, version: int, flags: int, properties: int, shape: tuple[int, int, int]
) -> bytes:
    """``shape`` is the start state, the number of states and that of arcs."""
    return (
        struct.pack("<i", _HEADER_MAGIC)
        + _text(kind)
        + _text("standard")
        + struct.pack("<iiQqqq", version, flags, properties, *shape)
    )


def _symbol_table(symbols: Sequence[str]) -> bytes:
    head = struct.pack("<i", _SYMBOLS_MAGIC) + _text("words")
    head += struct.pack("<qq", len(symbols), len(symbols))
    return head + b"".join(
        _text(symbol) + struct.pack("<q", label) for label, symbol in enumerate(symbols)
    )


def _states_and_arcs(transducer: Transducer) -> bytes:
    states = np.zeros(len(transducer.arcs), _STATE)
    first = 0
    for number, arcs in enumerate(transducer.arcs):
        states[number] = (
            transducer.finals.get(number, math.inf),
            first,
            len(arcs),
            sum(arc.input == 0 for arc in arcs),
            sum(arc.output == 0 for arc in arcs),
        )
        first += len(arcs)
    rows = [(a.input, a.output, a.cost, a.target) for arcs in transducer.arcs for a in arcs]
    return states.tobytes() + np.array(rows, _ARC).tobytes()


def _writable(transducer: Transducer, final: int) -> list[int]:
    """For every state the labels that it can write next, as bits; ``final`` where it may end."""
    sets = [
        1 << final if state in transducer.finals else 0 for state in range(len(transducer.arcs))
    ]
    silent: list[list[int]] = []
    for state, arcs in enumerate(transducer.arcs):
        for arc in arcs:
            if arc.output:
                sets[state] |= 1 << arc.output
        silent.append([arc.target for arc in arcs if not arc.output and arc.target != state])
    changed = True
    while changed:
        changed = False
        for state in reversed(range(len(sets))):
            union = sets[state]
            for target in silent[state]:
                union |= sets[target]
            if union != sets[state]:
                sets[state], changed = union, True
    return sets


def _intervals(labels: int) -> bytes:
    """A set of labels (as bits) as half-open intervals and their count."""
    spans: list[tuple[int, int]] = []
    rest, passed, count = labels, 0, labels.bit_count()
    while rest:
        gap = (rest & -rest).bit_length() - 1
        rest >>= gap
        length = (~rest & (rest + 1)).bit_length() - 1
        rest >>= length
        spans.append((passed + gap, passed + gap + length))
        passed += gap + length
    packed = b"".join(struct.pack("<ii", *span) for span in spans)
    return struct.pack("<q", len(spans)) + packed + struct.pack("<i", count)
