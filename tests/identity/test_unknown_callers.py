"""Where anything at all is odd, who calls again enters a code, and learns nothing by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from desk import Desk
from people import (
    ELSEWHERE,
    LANDLINE,
    NEARLY_HANAKO,
    STRANGER,
    UNSURE_HANAKO,
    customer,
    register,
    said,
)
from returning_caller import Caller, taken, verified

from ivr.clock import ManualClock
from ivr.identity.lockout import day_of
from ivr.identity.ports import CheckResult
from ivr.records import counters, persons
from ivr.records.database import Database


def _withheld(desk: Desk) -> CheckResult:
    caller = verified(desk, "")
    return caller.rings().identifies().is_known()


def _elsewhere(desk: Desk) -> CheckResult:
    verified(desk)
    return Caller(desk, ELSEWHERE).rings().identifies().is_known()


def _own_phone_not_registered(desk: Desk) -> CheckResult:
    return verified(desk, ELSEWHERE).rings().identifies().is_known()


def _other_registered_phone(desk: Desk) -> CheckResult:
    verified(desk)
    return Caller(desk, LANDLINE).rings().identifies().is_known()


def _number_taken_away(desk: Desk) -> CheckResult:
    caller = verified(desk)
    assert persons.correct(desk.db, customer().number, "mobile", ELSEWHERE)
    return caller.rings().identifies().is_known()


def _number_taken_away_unnoticed(desk: Desk) -> CheckResult:
    """As in a directory of somebody else's, which does not say when contacts changed."""
    caller = verified(desk)
    assert persons.correct(desk.db, customer().number, "mobile", ELSEWHERE)
    _sql(desk, "UPDATE customers SET contact_changed = NULL")
    return caller.rings().identifies().is_known()


def _email_changed_since(desk: Desk) -> CheckResult:
    caller = verified(desk)
    assert persons.correct(desk.db, customer().number, "email", "new@example.jp")
    return caller.rings().identifies().is_known()


def _another_customer_by_now(desk: Desk) -> CheckResult:
    caller = verified(desk)
    _sql(desk, "DELETE FROM customers")
    register(desk.db, customer(id="c2", number="2"))
    return caller.rings().identifies().is_known()


def _sql(desk: Desk, statement: str) -> None:
    with desk.db.writing() as session:
        session.connection().exec_driver_sql(statement)


def _by_email(desk: Desk) -> CheckResult:
    register(desk.db, customer(landline=None))
    caller = Caller(desk).rings().identifies().is_verified("send_code_other").hangs_up()
    return caller.rings().identifies().is_known()


def _contact_changed(desk: Desk) -> CheckResult:
    changed = desk.clock.now() - timedelta(days=1)
    return verified(desk, contact_changed=changed).rings().identifies().is_known()


def _shared_phone(desk: Desk) -> CheckResult:
    register(desk.db, customer(id="c2", number="2", given="次郎", given_kana="ジロウ", email=None))
    return verified(desk).rings().identifies().is_known()


def _shared_since(desk: Desk) -> CheckResult:
    caller = verified(desk)
    register(desk.db, customer(id="c2", number="2", given="次郎", given_kana="ジロウ", email=None))
    return caller.rings().identifies().is_known()


def _twin_since(desk: Desk) -> CheckResult:
    caller = verified(desk)
    register(desk.db, customer(id="c2", number="2", mobile=ELSEWHERE, landline=None))
    return caller.rings().identifies().is_known()


def _locked(desk: Desk) -> CheckResult:
    caller = verified(desk)
    _wrong_codes(desk)
    return caller.rings().identifies().is_known()


def _locked_meanwhile(desk: Desk) -> CheckResult:
    caller = verified(desk).rings().identifies()
    _wrong_codes(desk)
    return caller.is_known()


def _wrong_codes(desk: Desk) -> None:
    with desk.db.writing() as session:
        key = desk.db.index.of("customer", "c1")
        counters.bump(session, "failures_customer", key, day_of(desk.clock.now()), by=10)


def _still_talking(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    Caller(desk).rings().identifies().is_verified()
    return Caller(desk).rings().identifies().is_known()


def _agent_took_it(desk: Desk) -> CheckResult:
    caller = verified(desk)
    taken(desk, caller)
    return caller.rings().identifies().is_known()


def _was_connected(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    caller = Caller(desk).rings().identifies().is_verified().hangs_up("transfer")
    return caller.rings().identifies().is_known()


def _never_entered(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    caller = Caller(desk).rings().identifies()
    desk.ask("send_code", call_id=caller.call_id)
    return caller.hangs_up().rings().identifies().is_known()


def _wrong_code(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    caller = Caller(desk).rings().identifies()
    desk.ask("send_code", call_id=caller.call_id)
    caller.enters(desk.wrong_code())
    return caller.hangs_up().rings().identifies().is_known()


def _nothing_said(desk: Desk) -> CheckResult:
    return verified(desk).rings().identifies().is_known(name=None)


def _no_birthdate_said(desk: Desk) -> CheckResult:
    return verified(desk).rings().identifies().is_known(birthdate=None)


def _another_claim_said(desk: Desk) -> CheckResult:
    return verified(desk).rings().identifies().is_known(name=STRANGER)


def _somebody_else(desk: Desk) -> CheckResult:
    register(
        desk.db,
        customer(
            id="c2", number="2", given="次郎", given_kana="ジロウ", mobile=None, landline=None
        ),
    )
    caller = verified(desk).rings().identifies(name=said("ヤマダ", "ジロウ"))
    return caller.is_known(name=said("ヤマダ", "ジロウ"))


def _nearly_the_name(desk: Desk) -> CheckResult:
    caller = verified(desk).rings().identifies(name=UNSURE_HANAKO)
    return caller.is_known(name=UNSURE_HANAKO)


def _a_guess_before(desk: Desk) -> CheckResult:
    caller = verified(desk).rings().identifies(name=NEARLY_HANAKO).hangs_up()
    return caller.rings().identifies().is_known()


def _send_error_then(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    desk.sms._failures.append("refused")
    caller = Caller(desk).rings().identifies().is_verified("send_code_again").hangs_up()
    return caller.rings().identifies().is_known()


def _policy_says_nothing(desk: Desk) -> CheckResult:
    """Not even at the very moment."""
    return verified(desk, seconds_ago=0).rings().identifies().is_known(None)


def _second_not_entered(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    caller = Caller(desk).rings().identifies().is_verified()
    desk.ask("send_code_second", call_id=caller.call_id)
    return caller.hangs_up().rings().identifies().is_known()


@pytest.mark.parametrize(
    "story",
    [
        _withheld, _elsewhere, _own_phone_not_registered, _other_registered_phone,
        _number_taken_away, _by_email, _contact_changed, _shared_phone, _shared_since, _twin_since,
        _locked, _locked_meanwhile, _still_talking, _agent_took_it, _was_connected, _never_entered,
        _wrong_code, _nothing_said, _no_birthdate_said, _another_claim_said, _somebody_else,
        _nearly_the_name, _a_guess_before, _send_error_then, _policy_says_nothing,
        _second_not_entered, _number_taken_away_unnoticed, _email_changed_since,
        _another_customer_by_now,
    ],
    ids=lambda story: story.__name__.strip("_").replace("_", " "),
)  # fmt: skip
def test_everybody_else_enters_a_code(desk: Desk, story: Callable[[Desk], CheckResult]) -> None:
    result = story(desk)
    assert result.outcome == "unknown"
    assert {"recent", "recent_at", "recent_from"}.isdisjoint(result.evidence)
    with desk.db.reading() as session:
        used = session.connection().exec_driver_sql(
            "SELECT count(*) FROM verifications WHERE reused_at IS NOT NULL"
        )
        # What does not count is not used up.
        assert used.scalar_one() == 0


def test_those_who_are_not_known_cost_the_same_queries(
    sqlite_database: Database, clock: ManualClock
) -> None:
    """And so does who is known: nothing is looked up in vain."""
    people: dict[str, dict[str, Any]] = {
        "known": {},
        "the same, a second time": {},
        "stranger": {"name": STRANGER},
        "wrong birthdate": {"birthdate": "1985-03-06"},
        "nearly the name": {"name": UNSURE_HANAKO},
    }
    counted = {}
    with Desk(sqlite_database, clock) as desk:
        caller = verified(desk)
        for who, words in people.items():
            caller.rings().identifies(**words)
            with sqlite_database.count_queries() as queries:
                outcome = caller.is_known(**words).outcome
            assert (outcome == "known") == (who == "known")
            counted[who] = queries.count
            caller.hangs_up()
        other = Caller(desk, "").rings().identifies()
        with sqlite_database.count_queries() as queries:
            assert other.is_known().outcome == "unknown"
        counted["withheld"] = queries.count
    assert len(set(counted.values())) == 1, counted
