"""Daily counters: whose day it is, and what they keep apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from people import MOBILE

from ivr.clock import ManualClock
from ivr.identity.codes import CodePolicy
from ivr.identity.contacts import Contact
from ivr.identity.lockout import Limits, day_of
from ivr.records.database import Database

_POLICY = CodePolicy(lockout_failures=2, customer_sends_per_day=2, prefix_sends_per_day=3)
_PHONE = Contact("sms", MOBILE)


def _limits(db: Database, claim: str, customer: str | None) -> Limits:
    return Limits(_POLICY, db.index, claim_index=claim, customer_id=customer)


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
            (claim, customer): _limits(database, claim, customer).locked(session, now)
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


def test_sends_are_limited_by_customer_and_by_prefix(
    database: Database, clock: ManualClock
) -> None:
    now = clock.now()
    with database.writing() as session:
        first = [_limits(database, "k", "c1").count_send(session, _PHONE, now) for _ in range(3)]
        second = _limits(database, "k", "c2").count_send(session, _PHONE, now)
        elsewhere = _limits(database, "k", "c2").count_send(
            session, Contact("sms", "+818099990000"), now
        )

    assert (first, second, elsewhere) == ([True, True, False], False, True)


def test_no_number_is_in_the_counters(sqlite_database: Database, clock: ManualClock) -> None:
    with sqlite_database.writing() as session:
        _limits(sqlite_database, "k", "c1").count_send(session, _PHONE, clock.now())
        rows = session.connection().exec_driver_sql("SELECT * FROM failure_counters").all()

    assert len(rows) == 2
    assert "819012" not in str(rows)
