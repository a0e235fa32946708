"""Readings of names nobody has listed, put together from how each kanji is read in names (名乗り).

The table was learnt from the dictionary's names by ``name_alignment.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import lru_cache

from ivr.understanding import tables
from ivr.understanding.ja.kanji_variants import Part
from ivr.understanding.ja.name_alignment import Place, unrepeated
from ivr.understanding.kana import is_kana, katakana

#: Readings of one kanji at one place, with their share of the names, the commonest first.
_Shares = tuple[tuple[str, float], ...]

_PARTS: dict[str, Part] = {"surname": "surname", "given": "given"}
_PLACES: dict[str, Place] = {"first": "first", "later": "later"}

#: Readings tried of each kanji, and beginnings kept at every kanji.
_MOST_READINGS = 12
_MOST_BEGINNINGS = 150
_MOST_KANJI = 4
#: A reading nobody has listed as a name is this many names' worth (Laplace's rule, tempered).
_UNLISTED = 0.3
#: How far the commonness of the whole reading counts beside that of its parts. Of the
#: dictionary's own given names, each left out in turn, 0.5 put a right reading first for 73 %
#: (0: 60 %, 1: 74 %; surnames 70 %, 65 %, 69 %).
_TEMPER = 0.5


@lru_cache(maxsize=1)
def _table() -> Mapping[tuple[Part, str, Place], _Shares]:
    counts: defaultdict[tuple[Part, str, Place], dict[str, int]] = defaultdict(dict)
    for row in tables.rows("ivr.understanding.ja", "name_kanji.tsv", 5):
        part, sign, place, reading, count = row.cells
        if part not in _PARTS or place not in _PLACES:
            raise row.wrong("a row is for surname or given, and for first or later")
        if not count.isdecimal() or not is_kana(reading):
            raise row.wrong("a row ends with a katakana reading and a count")
        counts[_PARTS[part], sign, _PLACES[place]][reading] = int(count)
    shares = {}
    for key, readings in counts.items():
        total = sum(readings.values())
        ordered = sorted(readings.items(), key=lambda pair: -pair[1])[:_MOST_READINGS]
        shares[key] = tuple((reading, count / total) for reading, count in ordered)
    return shares


def load() -> None:
    """Read the table now rather than at the first name that needs it (20 ms)."""
    _table()


def compose(spelling: str, part: Part, listed: Callable[[str], int]) -> dict[str, float]:
    """Readings of ``spelling`` and how likely each is, the likeliest first and counted as 1.

    ``listed`` tells how many listed names have a reading. Kana read themselves. Empty where a
    kanji is not in the table, and for more than four signs.
    """
    if not 1 <= len(spelling) <= _MOST_KANJI:
        return {}
    table = _table()
    found = {"": 1.0}
    for at, sign in enumerate(unrepeated(spelling)):
        place: Place = "later" if at else "first"
        options: _Shares = (
            ((katakana(sign), 1.0),) if is_kana(sign) else table.get((part, sign, place), ())
        )
        longer: defaultdict[str, float] = defaultdict(float)
        for beginning, odds in found.items():
            for reading, share in options:
                longer[beginning + reading] += odds * share
        found = dict(sorted(longer.items(), key=lambda pair: -pair[1])[:_MOST_BEGINNINGS])
    for reading in found:
        found[reading] *= (listed(reading) + _UNLISTED) ** _TEMPER
    best = max(found.values(), default=1.0)
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return {reading: odds / best for reading, odds in ordered}
