"""Counters of wrong codes: whose day it is, what they keep apart, what is in a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from desk import Desk
from people import STRANGER, customer, register

from ivr.clock import ManualClock
from ivr.identity.codes import CodePolicy
from ivr.identity.lockout import Limits, day_of
from ivr.records import failure_runs, persons, retention
from ivr.records.database import Database

_POLICY = CodePolicy(lockout_failures=2)
_IN_A_ROW = CodePolicy(lockout_failures=50, lockout_in_a_row=3)
_LONG = ("locked", "locked_until_released")


def _limits(db: Database, claim: str, customer: str | None, policy: CodePolicy = _POLICY) -> Limits:
    return Limits(policy, db.index, claim_index=claim, customer_id=customer)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 22, 14, 59, 59, tzinfo=UTC), 22),
        (datetime(2026, 11, 22, 15, 0, tzinfo=UTC), 23),
    ],
)
def test_a_day_begins_at_midnight_in_japan(instant: datetime, day: int) -> None:
    assert day_of(instant).day == day


def test_claim_and_customer_are_locked_each_by_itself(
    database: Database, clock: ManualClock
) -> None:
    now = clock.now()
    with database.writing() as session:
        for _ in range(2):
            assert not _limits(database, "claim1", "c1").locked(session, now)
            _limits(database, "claim1", "c1").count_failure(session, now)

        locked = {
            (claim, customer): bool(_limits(database, claim, customer).locked(session, now))
            for claim in ("claim1", "claim2")
            for customer in ("c1", "c2", None)
        }

    assert locked == {
        ("claim1", "c1"): True,
        ("claim1", "c2"): True,
        ("claim1", None): True,
        ("claim2", "c1"): True,
        ("claim2", "c2"): False,
        ("claim2", None): False,
    }


# --- in a row -----------------------------------------------------------------------------


def test_a_row_goes_on_over_days_and_claims_until_the_right_code(
    database: Database, clock: ManualClock
) -> None:
    for claim in ("claim1", "claim2", "claim3"):
        limits = _limits(database, claim, "c1", _IN_A_ROW)
        with database.writing() as session:
            assert limits.locked(session, clock.now()) == ()
            assert limits.locked_for_a_guess(session, clock.now()) == ()
            limits.count_failure(session, clock.now())
        clock.advance(40 * 86400)
    with database.writing() as session:
        other = _limits(database, "claim1", "c2", _IN_A_ROW)
        assert limits.locked(session, clock.now()) == _LONG
        assert limits.locked_for_a_guess(session, clock.now()) == _LONG
        assert other.locked(session, clock.now()) == ()
        limits.end_run(session)
        assert limits.locked(session, clock.now()) == ()


def test_what_was_no_failure_is_taken_out_of_the_row_and_never_twice(
    database: Database, clock: ManualClock
) -> None:
    limits = _limits(database, "claim", "c1", _IN_A_ROW)
    with database.writing() as session:
        for _ in range(3):
            limits.count_failure(session, clock.now())
        limits.take_back_failure(session, clock.now())
        assert limits.locked(session, clock.now()) == ()
        # A right code came between the question and its answer: nothing is left to take back.
        limits.end_run(session)
        limits.take_back_failure(session, clock.now())
        for _ in range(2):
            limits.count_failure(session, clock.now())
        assert limits.locked(session, clock.now()) == ()
        limits.count_failure(session, clock.now())
        assert limits.locked(session, clock.now()) == _LONG


def test_only_rows_of_nobody_age(database: Database, clock: ManualClock) -> None:
    for customer_id in ("c1", None):
        limits = _limits(database, "claim", customer_id, _IN_A_ROW)
        with database.writing() as session:
            for _ in range(3):
                limits.count_failure(session, clock.now())
    clock.advance(32 * 86400)
    (gone,) = retention.purge(database, {"counters": timedelta(days=30)}, run="r")
    assert gone.rows == {"failure_counters": 3, "failure_runs": 1}
    with database.reading() as session:
        locked = {
            customer_id: _limits(database, "claim", customer_id, _IN_A_ROW).locked(
                session, clock.now()
            )
            for customer_id in ("c1", None)
        }
    assert locked == {"c1": _LONG, None: ()}


def test_the_long_lock_is_as_silent_as_the_other(database: Database, clock: ManualClock) -> None:
    register(database, customer())
    heard = []
    with Desk(database, clock, lockout_failures=50, lockout_in_a_row=4) as desk:
        for said in ({}, {"name": STRANGER}):
            outcomes = []
            for _ in range(3):
                desk.identify(**said)
                outcomes += [desk.ask("send_code").outcome]
                outcomes += [desk.enter(desk.wrong_code()).outcome for _ in range(2)]
            result = desk.enter(desk.wrong_code())
            heard.append([*outcomes, result.outcome])
            assert {"locked", "locked_until_released"} <= set(result.flags)
    assert heard[0] == heard[1]


def test_the_right_code_is_worth_nothing_until_released(
    database: Database, clock: ManualClock
) -> None:
    register(database, customer())
    with Desk(database, clock, lockout_failures=50, lockout_in_a_row=3) as desk:
        desk.identify()
        desk.ask("send_code")
        for _ in range(2):
            desk.enter(desk.wrong_code())
        first = desk.verification
        desk.identify()
        desk.ask("send_code")
        desk.enter(desk.wrong_code())
        desk.verification = first
        assert desk.enter(desk.sms.last_code).outcome != "ok"
        clock.advance(90 * 86400)
        # Nor is any sent.
        desk.identify()
        sent = desk.sent
        desk.ask("send_code")
        assert desk.sent == sent
        assert persons.release(database, "1000001", who="operator") == 4
        desk.identify()
        desk.ask("send_code")
        assert desk.enter(desk.sms.last_code).outcome == "ok"
        with database.reading() as session:
            assert failure_runs.value(session, database.index.of("customer", "c1")) == 0
