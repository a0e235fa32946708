"""Figures of measured turns, and the table that shows them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """``per_s`` is turns a second over all callers, None for a part of a run; ``p50_ms`` and
    ``p95_ms`` are milliseconds a turn; ``queries`` is the mean number of queries a turn, None
    where none were counted."""

    name: str
    turns: int
    per_s: float | None
    p50_ms: float
    p95_ms: float
    queries: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Rounded, without what was not measured."""
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(self).items()
            if value is not None
        }


def figures(
    name: str, seconds: Sequence[float], *, wall_s: float | None, queries: float | None = None
) -> Figures:
    """The figures of turns that took ``seconds`` each and ``wall_s`` together, at least one."""
    return Figures(
        name=name,
        turns=len(seconds),
        per_s=None if wall_s is None else len(seconds) / wall_s,
        p50_ms=percentile(seconds, 50) * 1000,
        p95_ms=percentile(seconds, 95) * 1000,
        queries=queries,
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least ``percent`` per cent of ``values`` do not exceed
    (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


HEADINGS = ("", "turns", "turns/s", "p50 ms", "p95 ms", "queries/turn")


def table(rows: Iterable[Figures]) -> str:
    """The rows as a table for a terminal, with headings."""
    return columns([HEADINGS, *(_cells(row) for row in rows)])


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Cells in columns, the first aligned left, the others right."""
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) if i == 0 else " " * (width - _width(cell)) + cell
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _cells(row: Figures) -> tuple[str, ...]:
    return (
        row.name,
        str(row.turns),
        "" if row.per_s is None else f"{row.per_s:.0f}",
        f"{row.p50_ms:.1f}",
        f"{row.p95_ms:.1f}",
        "" if row.queries is None else f"{row.queries:.1f}",
    )


def _width(text: str) -> int:
    """Columns on a terminal: wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
