"""Spellings of one kanji: 髙 is 高, and 齋藤 sounds like 斉藤."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Literal

from ivr.understanding import tables

Part = Literal["surname", "given"]

_PARTS: dict[str, tuple[Part, ...]] = {
    "any": ("surname", "given"),
    "surname": ("surname",),
    "given": ("given",),
}
#: More spellings of one name than this are not tried.
_MOST = 64


def _read() -> Mapping[Part, Mapping[str, str]]:
    """``kanji_variants.tsv``: the usual sign and its other spellings, by part of the name."""
    groups: dict[Part, dict[str, str]] = {"surname": {}, "given": {}}
    for row in tables.rows("ivr.understanding.ja", "kanji_variants.tsv", 3):
        usual, others, where = row.cells
        if where not in _PARTS or len(usual) != 1:
            raise row.wrong("a row is one sign, its other spellings, and any, surname or given")
        for part in _PARTS[where]:
            for sign in usual + others:
                if sign in groups[part]:
                    raise row.wrong("a sign belongs to one row only")
                groups[part][sign] = usual + others
    return groups


_GROUPS = _read()


def plain(spelling: str, part: Part) -> str:
    """``spelling`` with the usual sign for every variant."""
    groups = _GROUPS[part]
    return "".join(groups.get(sign, sign)[0] for sign in spelling)


def spellings(spelling: str, part: Part) -> list[str]:
    """Every way to write ``spelling`` with variants of its kanji, the usual one first.

    The same list for each of them. Where there are too many, the usual one alone and the one
    given.
    """
    groups = _GROUPS[part]
    options = [groups.get(sign, sign) for sign in spelling]
    count = 1
    for option in options:
        count *= len(option)
    if count > _MOST:
        return list(dict.fromkeys((plain(spelling, part), spelling)))
    return ["".join(signs) for signs in product(*options)]
