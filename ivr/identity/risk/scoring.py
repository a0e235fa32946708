"""What signals come to under a policy: points, with the names of the rules that gave them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.flow.policy import Risk
from ivr.flow.signals import OF_THE_NUMBER

Severity = Literal["low", "elevated", "high"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """``points`` of all rules that hold, and how grave that is. ``reasons``: the rules, with the
    points of each, the gravest first."""

    points: int = 0
    severity: Severity = "low"
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def flags(self) -> tuple[str, ...]:
        """The flag that the agent gets."""
        return () if self.severity == "low" else (f"risk_{self.severity}",)


def weigh(risk: Risk, signals: Mapping[str, int]) -> Doubt:
    """What all ``signals`` of a call come to."""
    reasons = _reasons(risk, signals)
    points = sum(reasons.values())
    severity: Severity = "low"
    if risk.high is not None and points >= risk.high.points:
        severity = "high"
    elif risk.elevated is not None and points >= risk.elevated.points:
        severity = "elevated"
    return Doubt(points, severity, reasons)


def goes_to_a_person(risk: Risk, signals: Mapping[str, int]) -> bool:
    """Whether a call goes to a person before anything is asked. The caller notices that, so it
    depends on nothing but the number and what callers from it did (DESIGN.md "No oracle")."""
    if risk.person is None:
        return False
    audible = {name: value for name, value in signals.items() if name in OF_THE_NUMBER}
    return sum(_reasons(risk, audible).values()) >= risk.person


def _reasons(risk: Risk, signals: Mapping[str, int]) -> dict[str, int]:
    held = {
        name: rule.points
        for name, rule in risk.rules.items()
        if rule.fits(signals.get(rule.signal))
    }
    return dict(sorted(held.items(), key=lambda item: (-item[1], item[0])))
