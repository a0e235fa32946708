"""Leaving a system alone for a while after it has failed several times in a row."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from ivr.clock import Clock

#: Failures in a row after which nothing is asked any more, ...
FAILURES = 5
#: ... for so long; then one look-up tries, and its end decides.
PAUSE = timedelta(seconds=30)


class CircuitBreaker:
    """Counts failures in a row. Safe between threads."""

    def __init__(self, clock: Clock, *, failures: int = FAILURES, pause: timedelta = PAUSE) -> None:
        self._clock = clock
        self._most = failures
        self._pause = pause
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_at: datetime | None = None  # until then nothing is asked

    def may_ask(self) -> bool:
        """Whether to ask now. After a pause one caller may, and the others wait for its end."""
        with self._lock:
            if self._closed_at is None:
                return True
            now = self._clock.now()
            if now < self._closed_at:
                return False
            self._closed_at = now + self._pause
            return True

    def succeeded(self) -> bool:
        """Note an answer; whether it ends a pause."""
        with self._lock:
            paused, self._closed_at, self._failures = self._closed_at is not None, None, 0
            return paused

    def failed(self) -> bool:
        """Note a failure; whether a pause begins with it that was none before."""
        with self._lock:
            self._failures += 1
            if self._failures < self._most:
                return False
            began = self._closed_at is None
            self._closed_at = self._clock.now() + self._pause
            return began
