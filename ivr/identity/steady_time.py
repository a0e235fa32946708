"""Answers that take the same time for everybody, however long somebody else's system takes."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillRunning
from datetime import datetime, timedelta
from typing import TypeVar

from ivr.clock import Clock

T = TypeVar("T")


def steady(
    clock: Clock, began: datetime, seconds: float, running: Future[T] | None, otherwise: T
) -> T:
    """What ``running`` comes to, as soon as ``seconds`` have passed since ``began``, not before and
    not later; ``otherwise`` where it is not known by then, or nothing runs.

    Raises:
        whatever ``running`` raised.
    """
    ends = began + timedelta(seconds=seconds)

    def left() -> float:
        return max(0.0, (ends - clock.now()).total_seconds())

    result = otherwise
    if running is not None:
        try:
            # Of the time since it began: what was done before must not be waited for twice, or
            # those for whom something runs would wait longer than those for whom nothing does.
            result = running.result(timeout=left())
        except StillRunning:
            # What becomes of it is stored later and comes with the next check.
            result = otherwise
    clock.sleep(left())
    return result
