"""What takes its time for some takes it for everybody, whatever was done before."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillRunning
from datetime import timedelta

import pytest

from ivr.clock import ManualClock
from ivr.identity.steady_time import steady


class Hanging(Future[str]):
    """Never ends; remembers how long it was waited for, which passes on ``clock``."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.waited: list[float | None] = []
        self._clock = clock

    def result(self, timeout: float | None = None) -> str:
        self.waited.append(timeout)
        self._clock.advance(timeout or 0.0)
        raise StillRunning


@pytest.mark.parametrize("before", [0.0, 0.4, 1.0, 1.3])
def test_what_hangs_is_waited_for_no_longer_than_nothing(clock: ManualClock, before: float) -> None:
    """``before``: seconds that a look-up, a transaction or a busy database took."""
    took = []
    for running in (Hanging(clock), None):
        began = clock.now()
        clock.advance(before)
        assert steady(clock, began, 1.0, running, "unknown") == "unknown"
        took.append(clock.now() - began)
    assert took == [timedelta(seconds=max(1.0, before))] * 2


def test_what_ends_in_time_is_told_in_time(clock: ManualClock) -> None:
    done: Future[str] = Future()
    done.set_result("sent")
    began = clock.now()
    assert steady(clock, began, 1.0, done, "unknown") == "sent"
    assert clock.now() - began == timedelta(seconds=1)
