from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.clock import ManualClock
from ivr.errors import NotFound
from ivr.records import calls, intents
from ivr.records.calls import AlreadyThere, CallRecord
from ivr.records.database import Database
from ivr.records.intents import IntentRecord


@pytest.fixture
def stored(database: Database, stored_call: CallRecord, intent: IntentRecord) -> IntentRecord:
    with database.writing() as session:
        intents.create(session, intent)
    return intent


def test_an_intent_is_found_by_its_turn(database: Database, stored: IntentRecord) -> None:
    with database.reading() as session:
        assert intents.find(session, "call-1", 1) == stored
        assert intents.get(session, "intent-1") == stored
        assert intents.find(session, "call-1", 2) is None
        assert intents.find(session, "call-2", 1) is None
        assert intents.get(session, "intent-2") is None


def test_a_turn_has_one_intent_and_an_id_is_used_once(
    database: Database, stored: IntentRecord
) -> None:
    with database.writing() as session:
        with pytest.raises(AlreadyThere):
            intents.create(session, replace(stored, id="intent-2"))
        with pytest.raises(AlreadyThere):
            intents.create(session, replace(stored, turn=2))


def test_claiming_takes_it_once(
    database: Database, stored: IntentRecord, clock: ManualClock
) -> None:
    at = clock.now() + timedelta(seconds=1)
    running = replace(stored, status="running", claimed_at=at)
    with database.writing() as session:
        assert intents.claim(session, "intent-1", at) == running
        assert intents.claim(session, "intent-1", at) is None
        assert intents.claim(session, "no-such", at) is None
        assert intents.find(session, "call-1", 1) == running


def test_finishing_and_giving_up_exclude_each_other(
    database: Database, stored: IntentRecord, clock: ManualClock
) -> None:
    with database.writing() as session:
        intents.create(session, replace(stored, id="intent-2", turn=2))
        assert intents.finish(session, "intent-1", clock.now())
        assert not intents.give_up(session, "intent-1")
        assert not intents.finish(session, "intent-1", clock.now())
        assert intents.give_up(session, "intent-2")
        assert not intents.give_up(session, "intent-2")
        assert not intents.finish(session, "intent-2", clock.now())
        assert intents.claim(session, "intent-2", clock.now()) is None
        assert not intents.give_up(session, "no-such")
        with pytest.raises(NotFound):
            intents.finish(session, "no-such", clock.now())


def test_pending_ones_come_oldest_first_and_only_so_many(
    database: Database, stored: IntentRecord, clock: ManualClock
) -> None:
    with database.writing() as session:
        # Later ids sort before earlier ones, and all share one instant.
        for number in range(2, 6):
            intents.create(session, replace(stored, id=f"a-{9 - number}", turn=number))
        intents.claim(session, "a-7", clock.now())
        intents.give_up(session, "a-5")
        assert [found.id for found in intents.pending(session)] == ["intent-1", "a-6", "a-4"]
        assert [found.id for found in intents.pending(session, 2)] == ["intent-1", "a-6"]


def test_a_purged_call_takes_its_intents_along(database: Database, stored: IntentRecord) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM calls")
    with database.reading() as session:
        assert calls.get(session, "call-1") is None
        assert intents.get(session, "intent-1") is None
