"""Which kanji of a name carries which part of its reading, learnt from a list of names.

Makes ``name_kanji.tsv`` beside this module::

    python -m ivr.understanding.ja.name_alignment > ivr/understanding/ja/name_kanji.tsv

The list is the surnames and given names of the Sudachi core dictionary. No reading is given per
kanji there, so the parts are found by expectation maximisation over all ways to cut a reading
(Jiampojamarn, Kondrak, Sherif: "Applying many-to-many alignments", NAACL 2007). About 30 s.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, pairwise
from typing import Literal

from ivr.understanding.ja.kanji_variants import Part, plain
from ivr.understanding.ja.sudachi import TAGS, core

Place = Literal["first", "later"]
#: Kanji, where it stands in the name, its reading there.
Piece = tuple[str, Place, str]

_SPELLING = re.compile(r"[㐀-䶿一-鿿々〆ヶケノ]{1,5}")
_READING = re.compile(r"[ァ-ヺー]+")
#: No reading of a kanji begins with a small kana, ン or ー.
_UNIT = re.compile("[^ァィゥェォャュョヮーンッ][ァィゥェォャュョヮーンッ]*")
_MAX_UNITS = 4
_ROUNDS = 6
_UNSEEN = 1e-6
#: Taken off every count: readings that explain one odd entry fade, those of many names stay.
_DISCOUNT = 0.3
_FADED = 1e-4
#: Seen in fewer names than this, a piece is as likely an accident.
LEAST = 2


def unrepeated(spelling: str) -> str:
    """``spelling`` with 々 replaced by the sign it repeats."""
    out = ""
    for sign in spelling:
        out += out[-1] if sign == "々" and out else sign
    return out


def cuts(signs: int, reading: str) -> list[tuple[str, ...]]:
    """Every way to cut a katakana reading into ``signs`` parts that could each read a kanji."""
    units = _UNIT.findall(reading)
    if "".join(units) != reading:
        return []
    found = []
    for inner in combinations(range(1, len(units)), signs - 1):
        ends = (0, *inner, len(units))
        if all(b - a <= _MAX_UNITS for a, b in pairwise(ends)):
            found.append(tuple("".join(units[a:b]) for a, b in pairwise(ends)))
    return found


def learn(names: Iterable[tuple[str, str]]) -> Counter[Piece]:
    """In how many ``names`` (spelling, katakana reading) a kanji has a reading at a place.

    Names with other signs than kanji, and those that cannot be cut, are left out.
    """
    known = []
    for spelling, reading in sorted(set(names)):
        if _SPELLING.fullmatch(spelling) and _READING.fullmatch(reading):
            signs = unrepeated(spelling)
            ways = cuts(len(signs), reading)
            if ways:
                known.append((signs, ways))
    odds: dict[tuple[str, str], float] = {}
    for _ in range(_ROUNDS):
        odds = _better(known, odds)
    pieces: Counter[Piece] = Counter()
    for signs, ways in known:
        best = max(ways, key=lambda way: _likelihood(signs, way, odds))
        for at, (sign, part) in enumerate(zip(signs, best, strict=True)):
            pieces[sign, "later" if at else "first", part] += 1
    return pieces


def _likelihood(signs: str, way: tuple[str, ...], odds: dict[tuple[str, str], float]) -> float:
    return math.prod(
        odds.get(pair, _UNSEEN) if odds else 1.0 for pair in zip(signs, way, strict=True)
    )


def _better(
    known: list[tuple[str, list[tuple[str, ...]]]], odds: dict[tuple[str, str], float]
) -> dict[tuple[str, str], float]:
    """One round: share every name among its cuts, then count anew."""
    counts: defaultdict[tuple[str, str], float] = defaultdict(float)
    totals: defaultdict[str, float] = defaultdict(float)
    for signs, ways in known:
        weights = [_likelihood(signs, way, odds) for way in ways]
        total = sum(weights)
        for way, weight in zip(ways, weights, strict=True):
            share = weight / total
            for pair in zip(signs, way, strict=True):
                counts[pair] += share
                totals[pair[0]] += share
    return {
        pair: (count - _DISCOUNT if count > _DISCOUNT else _FADED) / totals[pair[0]]
        for pair, count in counts.items()
    }


def lines(part: str, pieces: Counter[Piece]) -> Iterator[str]:
    """The rows of ``name_kanji.tsv`` for one part of a name, without line ends."""
    for (sign, place, reading), count in sorted(pieces.items()):
        if count >= LEAST:
            yield f"{part}\t{sign}\t{place}\t{reading}\t{count}"


def main() -> None:
    """Write the table to standard output."""
    names: dict[Part, list[tuple[str, str]]] = {part: [] for part in TAGS.values()}
    for entry in core().entries():
        part = TAGS.get(entry.part_of_speech()[3])
        if part is not None:
            names[part].append((plain(entry.surface(), part), entry.reading_form()))
    sys.stdout.write(HEADER)
    for part, entries in names.items():
        for line in lines(part, learn(entries)):
            sys.stdout.write(line + "\n")


HEADER = """\
# How kanji are read in names: part of the name, kanji, place in that part, reading, in how many
# names of the Sudachi core dictionary. Derived from SudachiDict core (Works Applications,
# Apache-2.0; it contains UniDic, BSD-3-Clause, and NEologd, Apache-2.0) by name_alignment.py.
"""

if __name__ == "__main__":
    main()
