"""Surnames and given names by reading, with a weight each: ``words/*.tsv`` (name_lists.py)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

WORDS = Path(__file__).parent / "words"


@dataclass(frozen=True, slots=True)
class Name:
    """``reading`` in hiragana; ``weight`` grows with how common the name is, as far as known."""

    reading: str
    weight: float


@lru_cache(maxsize=2)
def _names(part: str) -> tuple[Name, ...]:
    lines = (WORDS / f"{part}.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return tuple(Name(reading, float(weight)) for reading, weight in rows)


def surnames(limit: int | None = None) -> tuple[Name, ...]:
    """The ``limit`` most common readings of surnames, most common first."""
    return _names("surnames")[:limit]


def given_names(limit: int | None = None) -> tuple[Name, ...]:
    """The ``limit`` most common readings of given names, most common first."""
    return _names("given_names")[:limit]
