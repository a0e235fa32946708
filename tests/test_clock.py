"""The clocks: aware UTC, and each running as it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.clock import Clock, HurriedClock, ManualClock, OffsetClock, SystemClock

TOKYO = timezone(timedelta(hours=9))
START = datetime(2026, 11, 22, 10, 0, tzinfo=TOKYO)


@pytest.mark.parametrize(
    "clock",
    [SystemClock(), OffsetClock(START), HurriedClock(10), ManualClock(START)],
    ids=lambda c: type(c).__name__,
)
def test_every_clock_gives_aware_utc_that_never_runs_backwards(clock: Clock) -> None:
    before = clock.now()
    clock.sleep(0)
    after = clock.now()
    assert before.tzinfo is UTC
    assert after >= before


def test_the_system_clock_is_the_machines() -> None:
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)


def test_an_offset_clock_begins_where_told_and_runs_at_real_speed() -> None:
    before = datetime.now(UTC)
    clock = OffsetClock(START)
    now = clock.now()
    assert START <= now <= START + (datetime.now(UTC) - before)
    assert clock.now() >= now


def test_a_hurried_clock_waits_a_part_of_the_time() -> None:
    before = datetime.now(UTC)
    clock = HurriedClock(1000)
    began = clock.now()
    assert before <= began <= datetime.now(UTC)
    clock.sleep(60)
    assert clock.now() == began + timedelta(seconds=60)
    assert datetime.now(UTC) - before < timedelta(seconds=60)


def test_a_manual_clock_stands_still_until_told() -> None:
    clock = ManualClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(1.5)
    clock.sleep(600)
    assert clock.now() == START + timedelta(minutes=10, seconds=1.5)


def test_a_manual_clock_refuses_to_run_backwards() -> None:
    clock = ManualClock(START)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-0.1)
    assert clock.now() == START


@given(st.lists(st.integers(min_value=0, max_value=10_000), max_size=20))
def test_a_manual_clock_adds_up(steps: list[int]) -> None:
    clock = ManualClock(START)
    for step in steps:
        clock.sleep(step)
    assert clock.now() == START + timedelta(seconds=sum(steps))


def test_a_manual_clock_is_safe_between_threads() -> None:
    clock = ManualClock(START)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(clock.advance, [0.001] * 4000))
    assert clock.now() == START + timedelta(seconds=4)
