"""Whether two sets of times come from one and the same: the rank-sum test of Mann and Whitney.

A few lines and no library: with a hundred times and more of each the normal approximation is what
libraries use as well (Mann and Whitney, 1947; corrected for ties and continuity).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random

#: Delays that are looked at, in seconds: from a tenth of a millisecond in steps of a tenth.
_SHIFTS = tuple(1e-4 * 1.1**step for step in range(97))
_TRIALS = 200


@dataclass(frozen=True, slots=True)
class RankSum:
    """``larger``: how often one of the second is larger than one of the first, from 0 to 1, ties
    counted half; 0.5 where they cannot be told apart. ``p``: how likely it is to be as far from
    0.5, or farther, where both come from one and the same."""

    larger: float
    p: float


def rank_sum(first: Sequence[float], second: Sequence[float]) -> RankSum:
    """Compare two samples, neither empty."""
    n1, n2 = len(first), len(second)
    n = n1 + n2
    ordered = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    ranks = ties = 0.0
    below = 0
    for _, group in groupby(ordered, key=lambda pair: pair[0]):
        alike = [which for _, which in group]
        ranks += sum(alike) * (below + (len(alike) + 1) / 2)
        ties += len(alike) ** 3 - len(alike)
        below += len(alike)
    u = ranks - n2 * (n2 + 1) / 2
    spread = math.sqrt(n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1))))
    if spread == 0:
        return RankSum(u / (n1 * n2), 1.0)
    z = max(0.0, abs(u - n1 * n2 / 2) - 0.5) / spread
    return RankSum(u / (n1 * n2), math.erfc(z / math.sqrt(2)))


def holm(chances: Sequence[float]) -> list[float]:
    """The chances of several comparisons, corrected for their number (Holm, 1979): of a family in
    which there is nothing to find, one falls below α with a chance of α at most."""
    ordered = sorted(range(len(chances)), key=lambda at: chances[at])
    corrected, worst = [0.0] * len(chances), 0.0
    for rank, at in enumerate(ordered):
        worst = max(worst, min(1.0, chances[at] * (len(chances) - rank)))
        corrected[at] = worst
    return corrected


def found_shifts(
    times: Sequence[float], shift: float, *, alpha: float, trials: int, chance: Random
) -> float:
    """How often the test finds, at level ``alpha``, that the second of two samples as large as
    ``times`` and drawn from them is later by ``shift``; from 0 to 1."""
    found = 0
    for _ in range(trials):
        first = chance.choices(times, k=len(times))
        second = [time + shift for time in chance.choices(times, k=len(times))]
        found += rank_sum(first, second).p < alpha
    return found / trials


def smallest_shift(
    times: Sequence[float], *, alpha: float, power: float, chance: Random
) -> float | None:
    """The smallest delay in seconds, to a tenth, that the test finds at level ``alpha`` with a
    chance of ``power`` between two samples as large as ``times`` and drawn from them; None: it
    would not even find a second."""
    low, high = 0, len(_SHIFTS)
    while low < high:
        middle = (low + high) // 2
        found = found_shifts(times, _SHIFTS[middle], alpha=alpha, trials=_TRIALS, chance=chance)
        low, high = (low, middle) if found >= power else (middle + 1, high)
    return _SHIFTS[low] if low < len(_SHIFTS) else None
