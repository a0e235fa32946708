from dataclasses import replace
from datetime import timedelta

import pytest

from ivr.clock import ManualClock
from ivr.errors import NotFound, RecordsError
from ivr.records import calls
from ivr.records.calls import AlreadyThere, CallRecord
from ivr.records.database import Database


def test_a_call_comes_back_as_it_went_in(database: Database, stored_call: CallRecord) -> None:
    with database.reading() as session:
        assert calls.find(session, "CA0001") == stored_call
        assert calls.get(session, "call-1") == stored_call
        assert calls.find(session, "call-1") is None
        assert calls.get(session, "CA0001") is None


@pytest.mark.parametrize("lock", [False, True])
def test_locking_reads_the_same(database: Database, stored_call: CallRecord, lock: bool) -> None:
    with database.writing() as session:
        assert calls.find(session, "CA0001", lock=lock) == stored_call
        assert calls.get(session, "call-1", lock=lock) == stored_call


def test_a_second_call_of_one_sid_is_told_and_the_first_is_readable(
    database: Database, stored_call: CallRecord
) -> None:
    with database.writing() as session:
        with pytest.raises(AlreadyThere):
            calls.insert(session, replace(stored_call, id="call-2"))
        assert calls.find(session, "CA0001") == stored_call
    with database.reading() as session:
        assert calls.get(session, "call-2") is None


def test_saving_overwrites_everything_but_the_id(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    later = replace(
        stored_call,
        language="en",
        caller="+819000000001",
        turn=7,
        status="ended",
        state='{"more": true}',
        ended_at=clock.now() + timedelta(minutes=2, microseconds=1),
        ended_how="transfer",
        verification_id="ver-1",
    )
    with database.writing() as session:
        calls.save(session, later)
        assert calls.get(session, "call-1") == later
    with database.reading() as session:
        assert calls.get(session, "call-1") == later


def test_saving_an_unknown_call_is_told(database: Database, call: CallRecord) -> None:
    with pytest.raises(NotFound), database.writing() as session:
        calls.save(session, call)


def test_a_withheld_caller_has_no_index(database: Database, call: CallRecord) -> None:
    with database.writing() as session:
        calls.insert(session, replace(call, caller=""))
        calls.insert(session, replace(call, id="call-2", call_sid="CA0002"))
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id, caller_index FROM calls")
        found = {row.id: row.caller_index for row in rows}
    assert found == {
        "call-1": None,
        "call-2": database.index.of("phone", "+819087654321"),
    }
    with database.reading() as session:
        withheld = calls.get(session, "call-1")
        assert withheld is not None and withheld.caller == ""


def test_a_taken_turn_keeps_its_answer(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    def take(number: int, action: str) -> None:
        with database.writing() as session:
            calls.add_turn(
                session,
                call_id="call-1",
                number=number,
                event="heard",
                action=action,
                at=clock.now(),
                state_name="name",
            )

    take(1, '{"ask": "name"}')
    with pytest.raises(AlreadyThere):
        take(1, '{"ask": "birthdate"}')
    take(2, '{"end": true}')
    with database.reading() as session:
        assert calls.answer(session, "call-1", 1) == (2, '{"ask": "name"}')
        assert calls.answer(session, "call-1", 2) == (3, '{"end": true}')
        assert calls.answer(session, "call-1", 3) is None
        assert calls.answer(session, "call-2", 1) is None


def test_a_turn_needs_its_call(database: Database, clock: ManualClock) -> None:
    with pytest.raises(RecordsError), database.writing() as session:
        calls.add_turn(
            session,
            call_id="nobody",
            number=1,
            event="heard",
            action="{}",
            at=clock.now(),
            state_name="name",
        )
