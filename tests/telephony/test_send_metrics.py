"""Codes that did not go out are counted, by what kept them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from ivr.telephony.send_metrics import SendMetrics


def counted(registry: CollectorRegistry) -> set[str]:
    lines = generate_latest(registry).decode().splitlines()
    return {line for line in lines if "_total{" in line}


def test_what_did_not_go_out_is_counted_by_its_reason() -> None:
    registry = CollectorRegistry()
    sends = SendMetrics(registry)
    assert counted(registry) == set()
    sends.failed("sms", "blocked")
    sends.failed("sms", "blocked")
    sends.failed("voice", "retry_later")
    sends.withheld("email", "day")
    assert counted(registry) == {
        'ivr_provider_failures_total{channel="sms",kind="blocked"} 2.0',
        'ivr_provider_failures_total{channel="voice",kind="retry_later"} 1.0',
        'ivr_sends_withheld_total{channel="email",limit="day"} 1.0',
    }


def test_two_processes_count_apart() -> None:
    one, other = CollectorRegistry(), CollectorRegistry()
    SendMetrics(one).failed("sms", "blocked")
    SendMetrics(other)
    assert (len(counted(one)), counted(other)) == (1, set())
