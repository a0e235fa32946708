"""Prometheus metrics of one web process. Labels come from closed sets, never from callers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ivr.telephony.result_metrics import ResultMetrics
from ivr.telephony.send_metrics import SendMetrics

#: Seconds; Twilio gives up on a webhook at 15.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


class Metrics:
    """Counters and histograms in a registry of their own; every app makes one."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ivr_http_requests",
            "Requests answered, by route template and status.",
            ("route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "ivr_http_seconds",
            "Time until the answer was ready.",
            ("route",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.signature_failures = Counter(
            "ivr_signature_failures",
            "Webhooks refused because of their signature, by reason.",
            ("reason",),
            registry=self.registry,
        )
        self.turns = Counter(
            "ivr_turns",
            "Events handed to the dialogue, by kind.",
            ("event",),
            registry=self.registry,
        )
        self.answers = Counter(
            "ivr_answers",
            "Turns taken, by the way of taking answers; those of a stream, its checks included,"
            " when the call goes on after it.",
            ("way",),
            registry=self.registry,
        )
        self.way_failures = Counter(
            "ivr_way_failures",
            "Calls that went down the ladder of hearing, by the way that failed.",
            ("way",),
            registry=self.registry,
        )
        self.transfers = Counter(
            "ivr_transfers",
            "Transfers ended, by outcome.",
            ("outcome",),
            registry=self.registry,
        )
        self.whispers = Counter(
            "ivr_whispers",
            "Calls announced to an agent, by assurance level.",
            ("level",),
            registry=self.registry,
        )
        self.troubles = Counter(
            "ivr_troubles",
            "Webhooks that could not go on as planned, by what the caller heard instead.",
            ("heard",),
            registry=self.registry,
        )
        self.crm_deliveries = Counter(
            "ivr_crm_deliveries",
            "Attempts to tell a CRM: delivered, failed (to be tried again) or given_up.",
            ("crm", "outcome"),
            registry=self.registry,
        )
        self.crm_waiting = Gauge(
            "ivr_crm_events_waiting",
            "Events in the outbox that a CRM has not taken yet, over all processes.",
            ("crm",),
            registry=self.registry,
        )
        self.crm_dead = Gauge(
            "ivr_crm_events_dead",
            "Events in the outbox that were given up (ivr outbox), over all processes.",
            ("crm",),
            registry=self.registry,
        )
        self.crm_oldest_s = Gauge(
            "ivr_crm_oldest_waiting_seconds",
            "Age of the oldest event that a CRM has not taken yet.",
            ("crm",),
            registry=self.registry,
        )
        self.results = ResultMetrics(self.registry)
        self.sends = SendMetrics(self.registry)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
