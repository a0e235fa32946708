"""Prometheus metrics of one media process. Labels come from closed sets, never from callers."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ivr.hearing.telephone_audio import TELEPHONE_RATE
from ivr.telephony.media.ears import Ear, Said
from ivr.telephony.result_metrics import ResultMetrics
from ivr.telephony.send_metrics import SendMetrics

_LAG = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
#: Seconds; the goals are 1.5 for a complete value and 3.5 otherwise, until the reply begins.
_ANSWER = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 5.0, 10.0)
_FACTOR = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0)
_BYTES_A_SAMPLE = 2


class MediaMetrics:
    """What a media process counts, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.streams = Gauge("ivr_media_streams", "Calls heard now.", registry=self.registry)
        self.refused = Counter(
            "ivr_media_refused", "Streams refused, by reason.", ("reason",), registry=self.registry
        )
        self.left = Counter(
            "ivr_media_left",
            "Streams that ended, by reason.",
            ("reason",),
            registry=self.registry,
        )
        self._lag = Histogram(
            "ivr_media_lag_seconds",
            "How late the event loop wakes up, and how long work waits for a thread.",
            ("of",),
            buckets=_LAG,
            registry=self.registry,
        )
        self.behind = Histogram(
            "ivr_media_behind_seconds",
            "Seconds of audio that have come and are not decoded, of each call, twice a second.",
            buckets=_LAG,
            registry=self.registry,
        )
        self.answers = Histogram(
            "ivr_media_answer_seconds",
            "From the end of speech until the answer was taken, the pause after it included.",
            buckets=_ANSWER,
            registry=self.registry,
        )
        self.replies = Histogram(
            "ivr_media_reply_seconds",
            "From the end of speech until our voice began to reply, in the same stream.",
            buckets=_ANSWER,
            registry=self.registry,
        )
        self._factor = Histogram(
            "ivr_media_real_time_factor",
            "Seconds of processor time for a second of speech, of each utterance.",
            buckets=_FACTOR,
            registry=self.registry,
        )
        self.results = ResultMetrics(self.registry)
        self.sends = SendMetrics(self.registry)

    def late(self, of: str, seconds: float) -> None:
        """See :class:`ivr.telephony.media.lag.Lag`."""
        self._lag.labels(of).observe(seconds)

    def timed(self, make: Callable[[], Ear]) -> Callable[[], Ear]:
        """Ears of ``make`` whose work is measured."""
        return lambda: _TimedEar(make, self._factor.observe)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class _TimedEar:
    """Tells of an utterance's processor time by its length, when it is over. The clock is that
    of the thread: work of one piece is never spread over several."""

    def __init__(self, make: Callable[[], Ear], observe: Callable[[float], None]) -> None:
        began = time.thread_time()
        self._ear, self._observe = make(), observe
        self._samples = 0
        self._seconds = time.thread_time() - began

    def accept(self, pcm: bytes) -> None:
        began = time.thread_time()
        self._ear.accept(pcm)
        self._samples += len(pcm) // _BYTES_A_SAMPLE
        self._seconds += time.thread_time() - began

    def partial(self) -> str:
        began = time.thread_time()
        text = self._ear.partial()
        self._seconds += time.thread_time() - began
        return text

    def finish(self) -> Said:
        began = time.thread_time()
        said = self._ear.finish()
        self._seconds += time.thread_time() - began
        if self._samples:
            self._observe(self._seconds * TELEPHONE_RATE / self._samples)
        return said
