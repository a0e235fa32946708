"""What a process counts of the codes it sends, web and media alike, by labels of closed sets."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class SendMetrics:
    """Counters in the registry of a process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._failures = Counter(
            "ivr_provider_failures",
            "Sends that a provider did not accept, by channel and kind of failure.",
            ("channel", "kind"),
            registry=registry,
        )
        self._withheld = Counter(
            "ivr_sends_withheld",
            "Codes that a limit kept back, by channel and limit."
            " Limit breaker: few codes are entered.",
            ("channel", "limit"),
            registry=registry,
        )

    def failed(self, channel: str, kind: str) -> None:
        """Count a failed send; ``kind`` is one of ``ivr.errors.SEND_FAILURES``."""
        self._failures.labels(channel, kind).inc()

    def withheld(self, channel: str, limit: str) -> None:
        """Count a code that a limit kept back; ``limit`` as ``ivr.identity.delivery.Withheld``."""
        self._withheld.labels(channel, limit).inc()
