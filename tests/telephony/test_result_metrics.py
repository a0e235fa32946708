"""What is counted of results: levels, flags, risk; under names of ours and of the policy only."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from ivr.flow.signals import FLAGS
from ivr.identity.assurance import Assurance
from ivr.identity.decision import Decision
from ivr.identity.risk.scoring import Doubt
from ivr.telephony.media.metrics import MediaMetrics
from ivr.telephony.metrics import Metrics
from ivr.telephony.result_metrics import ResultMetrics


def sure(level: str, *flags: str, doubt: Doubt | None = None) -> Assurance:
    decision = None if doubt is None else Decision("bank", None, (), {}, doubt)
    return Assurance(level, (), flags, (), decision=decision)


def test_results_are_counted_by_policy_level_and_risk() -> None:
    registry = CollectorRegistry()
    metrics = ResultMetrics(registry)
    high = Doubt(95, "high", {"many_people": 40, "guessing": 30, "night": 25})
    metrics.issued(sure("none", "screened", "risk_high", doubt=high))
    metrics.issued(sure("verified", doubt=Doubt()))
    metrics.issued(sure("verified", "relay_risk"))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert value("ivr_results_total", policy="bank", level="none", risk="high") == 1
    assert value("ivr_results_total", policy="bank", level="verified", risk="low") == 1
    assert value("ivr_results_total", policy="none", level="verified", risk="none") == 1
    for flag in ("screened", "risk_high", "relay_risk"):
        assert value("ivr_result_flags_total", flag=flag) == 1
    assert value("ivr_risk_points_bucket", policy="bank", le="90.0") == 1
    assert value("ivr_risk_points_bucket", policy="bank", le="100.0") == 2
    assert value("ivr_risk_points_count", policy="none") is None
    assert value("ivr_risk_reasons_total", policy="bank", rule="guessing") == 1


def test_labels_come_from_what_is_written_down() -> None:
    registry = CollectorRegistry()
    metrics = ResultMetrics(registry)
    for flag in (*FLAGS, "山田太郎", "+819012345678", "risk_high"):
        metrics.issued(sure("claimed", flag))
    flags = {
        sample.labels["flag"]
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "ivr_result_flags_total"
    }
    assert flags == {*FLAGS, "other"}


def test_both_processes_count_results() -> None:
    for metrics in (Metrics(), MediaMetrics()):
        metrics.results.issued(sure("matched"))
        text = metrics.exposition().decode()
        assert 'ivr_results_total{level="matched",policy="none",risk="none"} 1.0' in text
