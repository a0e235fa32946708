"""Before a code is accepted nobody can tell a customer from a stranger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from desk import Desk
from fakes.senders import FakeSender
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import HANAKO, NEARLY_HANAKO, STRANGER, customer, register, said

from ivr.clock import ManualClock
from ivr.identity.lockout import day_of
from ivr.records import counters
from ivr.records.database import Database

_TWINS = said("フタゴ", "ハナコ")
_NOWHERE = said("レンラク", "ナシ")
_LOCKED = said("ロック", "ハナコ")
#: Everybody who may say a name, and whether a code can reach them.
_CALLERS: dict[str, dict[str, Any]] = {
    "customer": {"name": HANAKO},
    "lookalike": {"name": NEARLY_HANAKO},
    "stranger": {"name": STRANGER},
    "wrong birthdate": {"name": HANAKO, "birthdate": "1985-03-06"},
    "no name": {"name": None},
    "two alike": {"name": _TWINS},
    "no contact": {"name": _NOWHERE},
    "locked": {"name": _LOCKED},
}


def _directory(db: Database, clock: ManualClock) -> None:
    nobody: dict[str, Any] = {"mobile": None, "landline": None, "email": None}
    register(
        db,
        customer(),
        customer(id="c2", number="2", surname_kana="フタゴ"),
        customer(id="c3", number="3", surname_kana="フタゴ"),
        customer(id="c4", number="4", surname_kana="レンラク", given_kana="ナシ", **nobody),
        customer(id="c5", number="5", surname_kana="ロック"),
    )
    with db.writing() as session:
        key = db.index.of("customer", "c5")
        counters.bump(session, "failures_customer", key, day_of(clock.now()), by=99)


_STEPS = ["send_code", "send_code_again", "send_code_other", "wrong", "resume", "wait"]


def _walk(desk: Desk, said: dict[str, Any], steps: list[str]) -> list[tuple[str, int]]:
    """What a caller can notice: each outcome, and the queries and seconds it took."""
    noticed: list[tuple[str, int]] = []

    def step(do: Callable[[], str]) -> None:
        with desk.db.count_queries() as queries:
            outcome = do()
        noticed.append((outcome, queries.count))

    step(lambda: desk.identify(**said).outcome)
    for name in steps:
        if name == "wait":
            desk.clock.advance(7 * 60)
        elif name == "wrong":
            step(lambda: desk.enter(desk.wrong_code()).outcome)
        else:
            step(lambda check=name: desk.ask(check).outcome)  # type: ignore[misc]
    return noticed


@pytest.mark.parametrize("who", [name for name in _CALLERS if name != "customer"])
def test_everybody_sees_the_same_as_a_customer(
    sqlite_database: Database, clock: ManualClock, who: str
) -> None:
    _directory(sqlite_database, clock)
    steps = ["send_code", "wrong", "send_code_other", "resume", "wrong", "wrong", "wrong"]
    with Desk(sqlite_database, clock) as desk:
        customers_view = _walk(desk, _CALLERS["customer"], steps)
    with Desk(sqlite_database, clock) as desk:
        desk.new_intent = (f"{who}{number}" for number in range(99)).__next__  # type: ignore[method-assign]
        assert _walk(desk, _CALLERS[who], steps) == customers_view


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(st.sampled_from(_STEPS), max_size=8),
    who=st.sampled_from(sorted(_CALLERS)),
    failing=st.sampled_from([None, "blocked", "refused", "retry_later", "configuration"]),
    run=st.integers(0, 2**64),
)
def test_no_sequence_of_steps_tells(
    sqlite_database: Database,
    clock: ManualClock,
    steps: list[str],
    who: str,
    failing: str | None,
    run: int,
) -> None:
    with sqlite_database.writing() as session:
        for table in ("codes", "verifications", "failure_counters", "customers"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    _directory(sqlite_database, clock)
    views = []
    for number, (name, failures) in enumerate(
        [("customer", ()), (who, (failing,) * 9 if failing else ())]
    ):
        with Desk(sqlite_database, clock, senders={"sms": FakeSender(*failures)}) as desk:
            desk.new_intent = (f"{run}{number}{n}" for n in range(99)).__next__  # type: ignore[method-assign]
            views.append([outcome for outcome, _ in _walk(desk, _CALLERS[name], steps)])
        clock.advance(3600)

    assert views[0] == views[1]
