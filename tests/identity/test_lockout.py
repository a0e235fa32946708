"""Daily counters: whose day it is, and what they keep apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.clock import ManualClock
from ivr.identity.codes import CodePolicy
from ivr.identity.lockout import Limits, day_of
from ivr.records.database import Database

_POLICY = CodePolicy(lockout_failures=2)


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
