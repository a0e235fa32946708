"""What the times of ``ivr bench oracle`` say: who is answered sooner or later than right callers,
and how small a difference would have been found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from ivr.commands.oracle_people import RIGHT
from ivr.commands.rank_sum import holm, rank_sum, smallest_shift
from ivr.rehearsal.bench_figures import columns, percentile

#: Answers that are timed: what was done, and what it leads to.
ANSWERS = {
    "name": "name said, until the next question",
    "send": "code asked for, until it is to be entered",
    "wrong": "wrong code, until the next question",
    "resume": "called again, until the next question",
}
#: A difference is told apart where it comes about by chance in one run of a hundred.
_ALPHA = 0.01
#: How surely a difference would be found that counts as one that would be.
_SURELY = (0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Row:
    """Times of one answer: ``later_ms``: how much later the median is than that of right callers;
    ``guessed``: how often the later of two, one of each, is this one; ``p``: how likely that is
    by chance, corrected for all comparisons; None for the right callers themselves."""

    answer: str
    kind: str
    calls: int
    p50_ms: float
    later_ms: float | None = None
    guessed: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """``comparisons``: how many there are. ``smallest_ms``: by answer, the smallest delays that
    would be found with a chance of :data:`_SURELY` among these very times; None: not even a second.
    ``reached``: how many right callers were really sent a code. ``load``: of the machine, before
    and after."""

    rows: tuple[Row, ...]
    comparisons: int
    smallest_ms: Mapping[str, tuple[float | None, ...]]
    reached: int
    load: tuple[float, float]


def judged(
    taken: Mapping[str, Mapping[str, list[float]]],
    load: tuple[float, float],
    seed: int,
    reached: int,
) -> Found:
    """What follows from times in seconds, by answer and kind of caller. Others: see Found."""
    pairs = [(a, kind) for a, kinds in taken.items() for kind in kinds if kind != RIGHT.name]
    ranks = [rank_sum(taken[answer][RIGHT.name], taken[answer][kind]) for answer, kind in pairs]
    corrected = dict(zip(pairs, holm([rank.p for rank in ranks]), strict=True))
    larger = {pair: rank.larger for pair, rank in zip(pairs, ranks, strict=True)}
    rows = []
    for answer, kinds in taken.items():
        right = percentile(kinds[RIGHT.name], 50) * 1000
        for kind, times in kinds.items():
            own = percentile(times, 50) * 1000
            row = Row(answer, kind, len(times), round(own, 2))
            if kind != RIGHT.name:
                pair = (answer, kind)
                row = replace(
                    row,
                    later_ms=round(own - right, 2),
                    guessed=round(larger[pair], 4),
                    p=corrected[pair],
                )
            rows.append(row)
    chance = Random(seed)  # noqa: S311
    alpha = _ALPHA / max(1, len(pairs))
    smallest = {
        answer: tuple(
            smallest_shift(kinds[RIGHT.name], alpha=alpha, power=surely, chance=chance)
            for surely in _SURELY
        )
        for answer, kinds in taken.items()
    }
    in_ms = {
        answer: tuple(None if shift is None else round(shift * 1000, 2) for shift in shifts)
        for answer, shifts in smallest.items()
    }
    return Found(tuple(rows), len(pairs), in_ms, reached, load)


def times_text(found: Found, calls: int, callers: int) -> str:
    """Tables for whoever reads. ``callers``: calls at a time."""
    parts = [
        f"{calls} calls of each kind, {callers} at a time; load {_loads(found.load)};"
        f" codes sent to right callers: {found.reached}"
    ]
    for answer, delays in found.smallest_ms.items():
        cells: list[tuple[str, ...]] = [(ANSWERS[answer], "p50 ms", "later ms", "guessed", "p")]
        for row in found.rows:
            if row.answer != answer:
                continue
            told = ("", "", "")
            if row.p is not None and row.guessed is not None and row.later_ms is not None:
                mark = " *" if row.p < _ALPHA else ""
                told = (f"{row.later_ms:+.1f}", f"{row.guessed:.1%}", f"{row.p:.3f}{mark}")
            cells.append((f"  {row.kind}", f"{row.p50_ms:.1f}", *told))
        would = ", ".join(
            f"{'more than a second' if ms is None else f'{ms:g} ms'} with {surely:.0%} power"
            for surely, ms in zip(_SURELY, delays, strict=True)
        )
        parts.append(f"{columns(cells)}\n  a delay would have been found of {would}")
    marked = sum(row.p is not None and row.p < _ALPHA for row in found.rows)
    parts.append(
        f"told apart (*, at a level of {_ALPHA:g} over all {found.comparisons} comparisons):"
        f" {marked or 'none'}"
    )
    return "\n\n".join(parts)


def _loads(load: tuple[float, float]) -> str:
    return f"{load[0]:.1f} before, {load[1]:.1f} after"
