"""A circuit breaker that many threads tell of failures at one moment."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from ivr.clock import ManualClock
from ivr.identity.circuit_breaker import CircuitBreaker

THREADS, EACH = 16, 50


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_no_failure_goes_uncounted_and_one_begins_the_pause(
    clock: ManualClock, restless: None
) -> None:
    breaker = CircuitBreaker(clock, failures=THREADS * EACH)
    gate = threading.Barrier(THREADS)
    began: list[bool] = []

    def fail() -> None:
        gate.wait(timeout=60)
        began.extend(breaker.failed() for _ in range(EACH))

    threads = [threading.Thread(target=fail) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (began.count(True), len(began)) == (1, THREADS * EACH)
    assert not breaker.may_ask()


def test_after_the_pause_one_of_many_tries(clock: ManualClock, restless: None) -> None:
    breaker = CircuitBreaker(clock, failures=1)
    breaker.failed()
    clock.advance(3600)
    gate = threading.Barrier(THREADS)
    may: list[bool] = []

    def ask() -> None:
        gate.wait(timeout=60)
        may.append(breaker.may_ask())

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert may.count(True) == 1
