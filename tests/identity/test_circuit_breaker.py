"""A system that fails is left alone for a while, and tried again by one look-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.clock import ManualClock
from ivr.identity.circuit_breaker import CircuitBreaker


@pytest.fixture
def breaker(clock: ManualClock) -> CircuitBreaker:
    return CircuitBreaker(clock, failures=3, pause=timedelta(seconds=30))


def test_three_failures_in_a_row_begin_a_pause(breaker: CircuitBreaker) -> None:
    told = []
    for _ in range(3):
        assert breaker.may_ask()
        told.append(breaker.failed())
    assert told == [False, False, True]
    assert not breaker.may_ask()


def test_an_answer_between_failures_begins_the_count_anew(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        breaker.failed()
    assert not breaker.succeeded()
    for _ in range(2):
        assert not breaker.failed()
    assert breaker.may_ask()


@pytest.mark.parametrize("works", [True, False])
def test_after_the_pause_one_tries_and_its_end_decides(
    breaker: CircuitBreaker, clock: ManualClock, works: bool
) -> None:
    for _ in range(3):
        breaker.failed()
    clock.advance(29.9)
    assert not breaker.may_ask()
    clock.advance(0.1)
    assert breaker.may_ask()
    assert not breaker.may_ask(), "the others wait for its end"
    if works:
        assert breaker.succeeded()
        assert breaker.may_ask()
    else:
        assert not breaker.failed(), "the pause goes on"
        assert not breaker.may_ask()
        clock.advance(30)
        assert breaker.may_ask()


def test_a_try_that_never_ends_does_not_stop_it_for_good(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    for _ in range(3):
        breaker.failed()
    for _ in range(3):
        clock.advance(30)
        assert breaker.may_ask()


@given(st.lists(st.booleans(), max_size=40))
def test_it_asks_as_long_as_three_never_fail_in_a_row(answers: list[bool]) -> None:
    breaker = CircuitBreaker(ManualClock(datetime(2026, 11, 22, tzinfo=UTC)), failures=3)
    in_a_row = 0
    for answered in answers:
        assert breaker.may_ask()
        if answered:
            breaker.succeeded()
            in_a_row = 0
        else:
            breaker.failed()
            in_a_row += 1
        if in_a_row == 3:
            assert not breaker.may_ask()
            return
