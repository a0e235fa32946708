"""Nicknames: hints that two English given names may be one person's, and never more."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.understanding import tables


def _read() -> Mapping[str, frozenset[str]]:
    """``nicknames.tsv``: every name with the full names it may stand for, itself among them."""
    full: dict[str, set[str]] = {}
    known: set[str] = set()
    for row in tables.rows("ivr.understanding.en", "nicknames.tsv", 2):
        name, nicknames = row.cells
        if name in known or name in nicknames.split():
            raise row.wrong("a name has one row, and is not its own nickname")
        known.add(name)
        for each in (name, *nicknames.split()):
            full.setdefault(each, {each}).add(name)
    return {name: frozenset(names) for name, names in full.items()}


_FULL = _read()


def related(one: str, other: str) -> bool:
    """Whether two given names (any case) may be one: Bob and Robert, Bob and Robbie."""
    first, second = one.casefold(), other.casefold()
    return bool(_FULL.get(first, frozenset((first,))) & _FULL.get(second, frozenset((second,))))
