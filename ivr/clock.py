"""The only source of time. Everything else takes a :class:`Clock`."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

#: Japan has had one offset and no daylight saving time since 1951; no tz database is needed.
JAPAN = timezone(timedelta(hours=9), "JST")


class Clock(Protocol):
    """Wall-clock time, always timezone-aware UTC, and waiting."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass on this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class OffsetClock:
    """Runs at real speed, but began at ``start`` (aware)."""

    def __init__(self, start: datetime) -> None:
        self._offset = start.astimezone(UTC) - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ManualClock:
    """Stands still until told: ``sleep`` and ``advance`` move it at once. Safe between threads."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds`` (not negative)."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


class HurriedClock(ManualClock):
    """Begins at the present; each wait takes only a part of its time, all else takes none."""

    def __init__(self, times_faster: float) -> None:
        super().__init__(datetime.now(UTC))
        self._faster = times_faster

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._faster)
        self.advance(seconds)
