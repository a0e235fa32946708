"""Files of transducers, read back by the rules of OpenFst's headers and by Vosk."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from speech_model.openfst import Transducer, const_fst, lookahead_fst


def _small() -> Transducer:
    """Reads 7 8* to write 1, or 9 to write 2 or 3."""
    made = Transducer()
    start, middle, end = made.state(), made.state(), made.state()
    made.arc(start, middle, 7)
    made.arc(middle, middle, 8)
    made.arc(middle, end, 0, 1, 0.5)
    made.arc(start, end, 9, 3)
    made.arc(start, end, 9, 2, 1.5)
    made.arc(end, start)
    made.finals[end] = 0.25
    made.sort()
    return made


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[float, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def text(self) -> str:
        (length,) = self.take("i")
        self.at += int(length)
        return self.data[self.at - int(length) : self.at].decode()

    def header(self) -> tuple[str, tuple[float, ...]]:
        assert self.take("i") == (0x7EB2FDD6,)
        kind, arc_type = self.text(), self.text()
        assert arc_type == "standard"
        return kind, self.take("iiQqqq")


def test_a_const_file_holds_states_and_arcs() -> None:
    reader = _Reader(const_fst(_small()))
    kind, (version, flags, _, start, states, arcs) = reader.header()
    assert (kind, version, flags, start, states, arcs) == ("const", 2, 0, 0, 3, 6)
    state = [reader.take("fIIII") for _ in range(3)]
    assert state[0] == (np.inf, 0, 3, 0, 1)
    assert state[1] == (np.inf, 3, 2, 1, 1)
    assert state[2] == (0.25, 5, 1, 1, 1)
    arc = [reader.take("iifi") for _ in range(6)]
    assert arc[:3] == [(7, 0, 0.0, 1), (9, 2, 1.5, 2), (9, 3, 0.0, 2)]
    assert arc[3:] == [(8, 0, 0.0, 1), (0, 1, 0.5, 2), (0, 0, 0.0, 0)]
    assert reader.at == len(reader.data)


def test_symbols_are_embedded_by_label() -> None:
    reader = _Reader(const_fst(_small(), ["<eps>", "あ", "い", "う"]))
    _, (_, flags, *_) = reader.header()
    assert flags == 2
    assert reader.take("i") == (0x7EB2FB74,)
    assert reader.text() == "words"
    assert reader.take("qq") == (4, 4)
    assert [(reader.text(), reader.take("q")) for _ in range(4)] == [
        ("<eps>", (0,)),
        ("あ", (1,)),
        ("い", (2,)),
        ("う", (3,)),
    ]


def test_a_lookahead_file_tells_what_each_state_can_still_write() -> None:
    made = _small()
    reader = _Reader(lookahead_fst(made, labels=3))
    kind, _ = reader.header()
    assert kind == "olabel_lookahead"
    assert reader.take("i") == (446681434,)
    assert reader.data.startswith(const_fst(made), reader.at)
    reader.at += len(const_fst(made))
    # An add-on, none for the reading side, one for the writing side; no relabelling is kept.
    assert reader.take("?????") == (True, False, True, False, False)
    assert reader.take("iq") == (4, 3)
    sets = []
    for _ in range(3):
        (spans,) = reader.take("q")
        intervals = [reader.take("ii") for _ in range(int(spans))]
        (count,) = reader.take("i")
        assert count == sum(end - begin for begin, end in intervals)
        sets.append(intervals)
    # Label 4 is the end. Start: all words. Middle: only word 1. End: a word again, or the end.
    assert sets == [[(1, 4)], [(1, 2)], [(1, 5)]]
    assert reader.at == len(reader.data)


def test_gaps_make_intervals() -> None:
    made = Transducer()
    start = made.state()
    for label in (1, 2, 5, 9):
        made.arc(start, start, label, label)
    made.sort()
    data = lookahead_fst(made, labels=9)
    assert data.endswith(struct.pack("<qiiiiiii", 3, 1, 3, 5, 6, 9, 10, 4))


@pytest.mark.parametrize("write", [const_fst, lambda made: lookahead_fst(made, 3)])
def test_the_same_transducer_gives_the_same_bytes(write) -> None:  # type: ignore[no-untyped-def]
    assert write(_small()) == write(_small())
