"""What a process counts of the results it makes, web and media alike. No label is a caller's: they
are levels, flags and severities of ours, and the names of policies and their rules, from files."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from ivr.flow.signals import FLAGS
from ivr.identity.assurance import Assurance

#: Points of risk; the shipped policy's limits are 40, 70 and 90.
_POINTS = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 150)
#: What stands for a policy where the flow names none, and for a flag that nobody wrote down.
_NONE, _OTHER = "none", "other"


class ResultMetrics:
    """Counters in the registry of a process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._results = Counter(
            "ivr_results",
            "Results made for transfers, by policy, level reached and severity of the risk.",
            ("policy", "level", "risk"),
            registry=registry,
        )
        self._flags = Counter(
            "ivr_result_flags",
            "Results by each of their flags. Flag screened: sent to a person before any question.",
            ("flag",),
            registry=registry,
        )
        self._points = Histogram(
            "ivr_risk_points",
            "Points of risk of each result under its policy.",
            ("policy",),
            buckets=_POINTS,
            registry=registry,
        )
        self._reasons = Counter(
            "ivr_risk_reasons",
            "Results by each rule of the policy that gave points.",
            ("policy", "rule"),
            registry=registry,
        )

    def issued(self, sure: Assurance) -> None:
        """Count a result that was made."""
        decision = sure.decision
        policy = _NONE if decision is None else decision.policy
        risk = _NONE if decision is None else decision.doubt.severity
        self._results.labels(policy, sure.level, risk).inc()
        for flag in sure.flags:
            self._flags.labels(flag if flag in FLAGS or flag == f"risk_{risk}" else _OTHER).inc()
        if decision is None:
            return
        self._points.labels(policy).observe(decision.doubt.points)
        for rule in decision.doubt.reasons:
            self._reasons.labels(policy, rule).inc()
