"""Fifty at once: no update is lost, nothing succeeds twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TypeVar

import pytest
from at_once import at_once
from sqlalchemy.orm import Session

from ivr.clock import ManualClock
from ivr.records import (
    calls,
    codes,
    counters,
    failure_runs,
    intents,
    verifications,
    webhook_answers,
)
from ivr.records.calls import AlreadyThere, CallRecord
from ivr.records.codes import CodeRecord
from ivr.records.database import Database
from ivr.records.intents import IntentRecord
from ivr.records.verifications import VerificationRecord

T = TypeVar("T")
MANY = 50
TODAY = date(2026, 11, 22)


def each_at_once(
    database: Database, work: Callable[[Session, int], T], many: int = MANY
) -> list[T]:
    """What ``work`` returned in each of ``many`` threads, each in its own transaction."""

    def run(number: int) -> T:
        with database.writing() as session:
            return work(session, number)

    return at_once([partial(run, number) for number in range(many)])


def test_no_failure_goes_uncounted(database: Database) -> None:
    values = each_at_once(database, lambda session, _: counters.bump(session, "claim", "a", TODAY))
    assert sorted(values) == list(range(1, MANY + 1))


def test_no_failure_in_a_row_goes_uncounted(database: Database) -> None:
    values = each_at_once(database, lambda session, _: failure_runs.bump(session, "a", None))
    assert sorted(values) == list(range(1, MANY + 1))


def test_no_attempt_goes_uncounted(
    database: Database, stored_verification: VerificationRecord
) -> None:
    values = each_at_once(
        database, lambda session, _: verifications.count_attempt(session, "ver-1", 99)
    )
    assert sorted(value or 0 for value in values) == list(range(1, MANY + 1))


@pytest.mark.parametrize("most", [1, 3, 49])
def test_nothing_is_counted_beyond_its_limit(
    database: Database, stored_verification: VerificationRecord, most: int
) -> None:
    # Each in transactions of its own: a row that another has locked would put them in a queue.
    attempts = each_at_once(
        database, lambda session, _: verifications.count_attempt(session, "ver-1", most)
    )
    sends = each_at_once(
        database, lambda session, _: verifications.count_send(session, "ver-1", most)
    )
    taken = each_at_once(
        database, lambda session, _: counters.take(session, "sends", "a", TODAY, most)
    )

    within = list(range(1, most + 1))
    assert sorted(value for value in attempts if value is not None) == within
    assert sorted(value for value in sends if value is not None) == within
    assert taken.count(True) == most
    with database.reading() as session:
        assert counters.value(session, "sends", "a", TODAY) == most


def test_a_code_is_consumed_once(
    database: Database,
    stored_verification: VerificationRecord,
    new_code: Callable[..., CodeRecord],
    clock: ManualClock,
) -> None:
    with database.writing() as session:
        codes.create(session, new_code())
    taken = each_at_once(database, lambda session, _: codes.consume(session, "code-1", clock.now()))
    assert taken.count(True) == 1


def test_an_intent_is_claimed_once(
    database: Database, stored_call: CallRecord, intent: IntentRecord, clock: ManualClock
) -> None:
    with database.writing() as session:
        intents.create(session, intent)
    claims = each_at_once(
        database, lambda session, _: intents.claim(session, "intent-1", clock.now())
    )
    assert len([claim for claim in claims if claim is not None]) == 1


def test_an_intent_is_finished_or_given_up_once(
    database: Database, stored_call: CallRecord, intent: IntentRecord, clock: ManualClock
) -> None:
    with database.writing() as session:
        intents.create(session, intent)

    def close(session: Session, number: int) -> bool:
        if number % 2:
            return intents.give_up(session, "intent-1")
        return intents.finish(session, "intent-1", clock.now())

    assert each_at_once(database, close).count(True) == 1


def test_all_writers_of_an_answer_read_the_same(database: Database, clock: ManualClock) -> None:
    answers = each_at_once(
        database,
        lambda session, number: webhook_answers.put(session, "t", str(number), clock.now()),
    )
    assert len(answers) == MANY
    assert len(set(answers)) == 1


def test_a_call_begins_once(database: Database, call: CallRecord) -> None:
    def begin(session: Session, number: int) -> bool:
        try:
            calls.insert(session, replace(call, id=f"call-{number}"))
        except AlreadyThere:
            assert calls.find(session, call.call_sid) is not None
            return False
        return True

    assert each_at_once(database, begin, 20).count(True) == 1


@pytest.mark.parametrize("lock", [True, False], ids=["locking", "not locking"])
def test_two_writers_never_both_take_a_turn(
    database: Database, stored_call: CallRecord, clock: ManualClock, lock: bool
) -> None:
    def take(session: Session, number: int) -> bool:
        record = calls.find(session, "CA0001", lock=lock)
        assert record is not None
        if record.turn != 1:
            return False
        try:
            calls.add_turn(
                session,
                call_id=record.id,
                number=1,
                event="heard",
                action=str(number),
                at=clock.now(),
                state_name="name",
            )
        except AlreadyThere:
            # Without the lock, the unique turn is what keeps the second writer out.
            assert not lock
            return False
        calls.save(session, replace(record, turn=2, state=str(number)))
        return True

    assert each_at_once(database, take, 20).count(True) == 1
    with database.reading() as session:
        record = calls.find(session, "CA0001")
        stored = calls.answer(session, "call-1", 1)
    assert record is not None and record.turn == 2
    assert stored == (2, record.state)
