"""From what a recogniser says of itself to the probability that a value is right.

Confidences of recognisers are no probabilities. Whether a value is right is told better by three
things together: how sure the best hypothesis is, how much of the n-best list means the same, and
whether it was understood without doubt. Logistic regression weighs them, for each kind of value
(birthdate, yes_no ...) where enough labelled utterances are known, else for all kinds together.

With few examples the weights stay near those that leave the confidence as it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

#: The kind that stands for all others.
ANY = "any"
#: A kind needs so many examples for weights of its own.
LEAST_EXAMPLES = 100
#: Names of the weights, in their order.
WEIGHTS = ("constant", "confidence", "agreement", "clear")

_AS_IT_IS = (0.0, 1.0, 0.0, 0.0)
#: How strongly weights are held there: as so many examples of average weight.
_PRIOR = 2.0
_MOST_STEPS = 50
_EXTREME = 0.001

Weights = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Evidence:
    """``confidence`` of the best hypothesis with the value, 0..1; ``agreement``, the share of all
    hypotheses, by their confidence, that have it; ``clear``: understood without doubt."""

    confidence: float
    agreement: float
    clear: bool

    @property
    def _terms(self) -> Weights:
        sure = min(max(self.confidence, _EXTREME), 1 - _EXTREME)
        return (1.0, math.log(sure / (1 - sure)), self.agreement - 1.0, float(self.clear) - 1.0)

    def probability(self, weights: Weights) -> float:
        """The probability that these weights give."""
        return _logistic(math.fsum(w * t for w, t in zip(weights, self._terms, strict=True)))


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled utterance: what was known of its value, and whether it was ``right``."""

    kind: str
    evidence: Evidence
    right: bool


def evidence_of(
    value: object, hypotheses: Sequence[tuple[object, float]], *, clear: bool
) -> Evidence:
    """Evidence for ``value`` from what each hypothesis means (None: nothing) and its confidence,
    best first."""
    alike = [sure for meant, sure in hypotheses if meant == value]
    total = math.fsum(sure for _, sure in hypotheses)
    if not alike or total <= 0:
        return Evidence(0.0, 0.0, clear)
    return Evidence(alike[0], math.fsum(alike) / total, clear)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights by kind."""

    weights: Mapping[str, Weights]

    def probability(self, kind: str, evidence: Evidence) -> float:
        """How likely a value of ``kind`` is right, 0..1."""
        weights = self.weights.get(kind) or self.weights.get(ANY, _AS_IT_IS)
        return evidence.probability(weights)

    def to_json(self) -> str:
        """As a file that people can read; :meth:`from_json` reads it."""
        named = {kind: dict(zip(WEIGHTS, each, strict=True)) for kind, each in self.weights.items()}
        return json.dumps({"version": 1, "weights": named}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Raises ``ValueError``, saying what is wrong."""
        try:
            content = json.loads(text)
        except RecursionError:
            raise ValueError("is no calibration: brackets in brackets") from None
        if not isinstance(content, dict) or content.get("version") != 1:
            raise ValueError("is no calibration of version 1")
        weights: dict[str, Weights] = {}
        named = content.get("weights")
        for kind, each in named.items() if isinstance(named, dict) else ():
            numbers = [each.get(name) for name in WEIGHTS] if isinstance(each, dict) else []
            known = [float(number) for number in numbers if _is_number(number)]
            if len(known) != len(WEIGHTS):
                raise ValueError(f"needs the numbers {', '.join(WEIGHTS)} for {kind!r}")
            weights[kind] = (known[0], known[1], known[2], known[3])
        return cls(weights)


def fit(examples: Sequence[Example]) -> Calibration:
    """Weights for all kinds together, and for each that has ``LEAST_EXAMPLES``."""
    by_kind: dict[str, list[Example]] = {ANY: list(examples)}
    for example in examples:
        by_kind.setdefault(example.kind, []).append(example)
    return Calibration(
        {
            kind: _fitted(each)
            for kind, each in by_kind.items()
            if kind == ANY or len(each) >= LEAST_EXAMPLES
        }
    )


def brier(examples: Iterable[Example], calibration: Calibration) -> float:
    """The mean squared difference between probability and truth (Brier, 1950): 0 is best."""
    off = [
        (calibration.probability(each.kind, each.evidence) - each.right) ** 2 for each in examples
    ]
    return math.fsum(off) / len(off) if off else 0.0


def _fitted(examples: Sequence[Example]) -> Weights:
    """Newton's method on the penalised log-likelihood; it is concave, so a few steps do."""
    weights = _AS_IT_IS
    for _ in range(_MOST_STEPS):
        slope = [_PRIOR * (start - now) for start, now in zip(_AS_IT_IS, weights, strict=True)]
        bend = [[_PRIOR * (row == column) for column in range(4)] for row in range(4)]
        for example in examples:
            terms = example.evidence._terms
            found = example.evidence.probability(weights)
            for row in range(4):
                slope[row] += terms[row] * (example.right - found)
                for column in range(4):
                    bend[row][column] += terms[row] * terms[column] * found * (1 - found)
        step = _solved(bend, slope)
        # Half a step at most as long as the weights are far away: it must not overshoot.
        scale = min(1.0, 2.0 / max(map(abs, step))) if any(step) else 0.0
        weights = _sum(weights, [scale * each for each in step])
        if max(map(abs, step)) < 1e-9:
            break
    return weights


def _sum(weights: Weights, step: Sequence[float]) -> Weights:
    one, two, three, four = (w + s for w, s in zip(weights, step, strict=True))
    return one, two, three, four


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of ``matrix`` · x = ``right``; the prior keeps it from being singular."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for at in range(size):
        pivot = max(range(at, size), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for below in range(at + 1, size):
            factor = rows[below][at] / rows[at][at]
            rows[below] = [b - factor * a for a, b in zip(rows[at], rows[below], strict=True)]
    found = [0.0] * size
    for at in reversed(range(size)):
        known = math.fsum(rows[at][after] * found[after] for after in range(at + 1, size))
        found[at] = (rows[at][size] - known) / rows[at][at]
    return found


def _logistic(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-min(value, 700.0)))
    return 1 - 1 / (1 + math.exp(-min(-value, 700.0)))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
