"""A lock that begins in the middle of a verification: the agent learns it, the caller does not."""

from __future__ import annotations

import pytest
from desk import Desk
from people import customer, register

from ivr.clock import ManualClock
from ivr.records.database import Database


@pytest.mark.parametrize("right", [True, False])
def test_a_lock_that_came_since_is_a_flag(
    sqlite_database: Database, clock: ManualClock, right: bool
) -> None:
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, lockout_failures=2) as desk:
        desk.identify()
        mine = desk.verification
        desk.ask("send_code")
        code = desk.sms.last_code
        desk.identify()
        desk.ask("send_code")
        for _ in range(2):
            desk.enter(desk.wrong_code())
        desk.verification = mine
        result = desk.enter(code if right else desk.wrong_code())
        assert (result.outcome, result.evidence["match"]) == ("wrong", "locked")
        assert result.flags == ("locked",)
