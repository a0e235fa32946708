"""Rotation of the data key: nothing is lost, nobody waits, and it can be stopped anywhere."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fixtures_databases import new_database
from full_records import read, records, store, token_keys
from sqlalchemy import text

from ivr.clock import Clock, ManualClock, SystemClock
from ivr.errors import RecordsError
from ivr.records import calls, customers, data_keys, reencryption, rotation
from ivr.records.audit_check import verify
from ivr.records.database import Database
from ivr.records.key_ring import FRESH_S

ROOT = Path(__file__).parents[2]
WHOLE = records(datetime(2026, 11, 22, 1, tzinfo=UTC), people=120)
ROWS = len(WHOLE.customers) + 6


def quiet(what: str, done: float, total: float) -> None:
    assert 0 <= done <= total


@pytest.fixture
def filled(database: Database) -> Database:
    store(database, WHOLE)
    return database


def test_everything_is_encrypted_anew_and_says_the_same(filled: Database) -> None:
    assert token_keys(filled) == {"v2.1"}
    done = rotation.rotate(filled, quiet)
    assert done == rotation.Rotation(key=3, rows=ROWS, retired=(1,))
    assert token_keys(filled) == {"v2.3"}
    assert read(filled) == WHOLE
    assert [(key.number, rows) for key, rows in rotation.counts(filled)] == [
        (1, 0),
        (2, 0),
        (3, ROWS),
    ]


def test_another_process_reads_and_writes_on_meanwhile(
    filled: Database, database_url: str, clock: ManualClock
) -> None:
    other = new_database(database_url, clock)
    assert WHOLE.call is not None
    said = 0

    def look(what: str, done: float, total: float) -> None:
        nonlocal said
        said += 1
        assert read(other).customers == WHOLE.customers
        with other.writing() as session:
            calls.save(session, replace(WHOLE.call, state=f"turn {said}"))

    rotation.rotate(filled, look)
    assert said > 90
    assert read(other).call == replace(WHOLE.call, state=f"turn {said}")
    assert token_keys(filled) == {"v2.3"}
    other.dispose()


# While it waits, at each kind of row, between two batches of customers, while it waits again.
@pytest.mark.parametrize("stop", [1, 46, 48, 49, 53, 60])
def test_it_goes_on_where_it_was_stopped(filled: Database, stop: int) -> None:
    said = 0

    def until(what: str, done: float, total: float) -> None:
        nonlocal said
        said += 1
        if said == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(filled, until)
    assert read(filled) == WHOLE
    again = rotation.rotate(filled, quiet)
    assert (again.key, again.retired) == (3, (1,))
    assert read(filled) == WHOLE
    assert token_keys(filled) == {"v2.3"}


def test_what_is_done_is_not_done_again(filled: Database) -> None:
    assert rotation.rotate(filled, quiet).key == 3
    with filled.writing() as session:
        key = filled.keys.new(4, "field", filled.clock.now())
        data_keys.insert(session.connection(), key)
        filled.keys.load(session.connection())
        customers.put_all(session, WHOLE.customers[:60], filled.clock.now())
    # A rotation to key 4 was begun by somebody, and 60 rows of it are done.
    assert rotation.rotate(filled, quiet) == rotation.Rotation(4, ROWS - 60, retired=(3,))


def test_a_row_that_changes_meanwhile_keeps_its_change(
    filled: Database, database_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_database(database_url, clock)
    moved = replace(WHOLE.customers[0], email="moved@example.jp")
    batch = reencryption._batch
    changed = False

    def read_then_changed(*arguments: Any) -> Any:
        nonlocal changed
        found = batch(*arguments)
        if not changed and arguments[1].__tablename__ == "customers":
            changed = True
            with other.writing() as session:
                customers.put_all(session, [moved], clock.now())
        return found

    monkeypatch.setattr(reencryption, "_batch", read_then_changed)
    rotation.rotate(filled, quiet)
    assert changed
    assert read(filled).customers == (moved, *WHOLE.customers[1:])
    assert token_keys(filled) == {"v2.3"}
    other.dispose()


class ReleasingClock(ManualClock):
    """Gives a held row back when the rotation waits for it."""

    def __init__(self, start: datetime, held: Any) -> None:
        super().__init__(start)
        self.held = held
        self.waits = 0

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.now() > WHOLE.customers[0].contact_changed + timedelta(seconds=95):  # type: ignore[operator]
            self.waits += 1
            self.held.rollback()


def test_a_row_that_somebody_holds_keeps_nobody_waiting(postgres_url: str) -> None:
    start = datetime(2026, 11, 22, 1, tzinfo=UTC)
    other = new_database(postgres_url, ManualClock(start))
    store(other, WHOLE)
    with other.engine.connect() as held:
        held.execute(text("SELECT id FROM customers WHERE id = 'cust-0007' FOR UPDATE"))
        clock = ReleasingClock(start, held)
        db = new_database(postgres_url, clock, wait_s=0.5)
        assert rotation.rotate(db, quiet).retired == (1,)
        assert clock.waits > 0
    assert token_keys(db) == {"v2.3"}
    assert read(db) == WHOLE
    db.dispose()
    other.dispose()


def test_what_cannot_be_read_is_named_and_its_key_stays(filled: Database) -> None:
    with filled.writing() as session:
        session.execute(text("UPDATE customers SET email = 'v2.1.AAAA' WHERE id = 'cust-0003'"))
    done = rotation.rotate(filled, quiet)
    assert done.unreadable == (("customers.email", "cust-0003"),)
    assert done.retired == ()
    assert [rows for _, rows in rotation.counts(filled)] == [1, 0, ROWS]
    with filled.writing() as session:
        session.execute(text("UPDATE customers SET email = NULL WHERE id = 'cust-0003'"))
    assert rotation.rotate(filled, quiet) == rotation.Rotation(3, 0, retired=(1,))


def test_two_rotations_at_once_are_one(
    filled: Database, database_url: str, clock: ManualClock
) -> None:
    other = new_database(database_url, clock)
    inner: list[rotation.Rotation] = []

    def begin_another(what: str, done: float, total: float) -> None:
        if not inner:
            inner.append(rotation.Rotation(0, 0))
            inner.append(rotation.rotate(other, quiet))

    outer = rotation.rotate(filled, begin_another)
    assert inner[1] == rotation.Rotation(3, ROWS, retired=(1,))
    assert outer == rotation.Rotation(3, 0, retired=())
    assert read(filled) == WHOLE
    other.dispose()


def test_a_key_is_destroyed_a_day_after_nothing_is_under_it(
    filled: Database, clock: ManualClock
) -> None:
    for number, words in ((1, "is in use"), (2, "chains the audit"), (9, "is not there")):
        with pytest.raises(RecordsError, match=words):
            rotation.destroy(filled, number)
    with filled.reading() as session:
        old = session.execute(text("SELECT email FROM customers WHERE id = 'cust-0001'")).scalar()
    rotation.rotate(filled, quiet)
    with pytest.raises(RecordsError, match="less than 24 hours ago"):
        rotation.destroy(filled, 1)
    clock.advance(rotation.KEPT.total_seconds())
    with filled.writing() as session:
        # A copy of an old row, written back by somebody: the key is needed after all.
        write_back = text("UPDATE customers SET email = :old WHERE id = 'cust-0001'")
        session.execute(write_back, {"old": old})
    with pytest.raises(RecordsError, match="still opens fields"):
        rotation.destroy(filled, 1)
    assert rotation.rotate(filled, quiet).key == 4
    clock.advance(rotation.KEPT.total_seconds())
    rotation.destroy(filled, 1)
    with pytest.raises(RecordsError, match="destroyed already"):
        rotation.destroy(filled, 1)
    assert read(filled) == WHOLE
    with filled.writing() as session:
        session.execute(write_back, {"old": old})
    clock.advance(FRESH_S)  # until then a process may hold the key in memory
    with pytest.raises(RecordsError, match="data key 1, which is not there"):
        read(filled)


def test_calls_of_two_other_processes_go_on_and_lose_nothing(
    database: Database, database_url: str
) -> None:
    clock: Clock = SystemClock()
    db = new_database(database_url, clock, keys_fresh_s=1.5)
    store(db, WHOLE)
    script = Path(__file__).with_name("busy_office.py")
    offices = [
        subprocess.Popen(
            [sys.executable, script, database_url, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        )
        for name in ("east", "west")
    ]
    try:
        for office in offices:
            assert office.stdout is not None
            assert office.stdout.readline() == "open\n"
        done = rotation.rotate(db, quiet)
        # Each writes on until it is told to close, then reads all it ever wrote.
        told = [office.communicate("close\n", timeout=60)[0] for office in offices]
    finally:
        for office in offices:
            office.kill()
            office.wait()
    assert done.retired == (1,)
    for words in told:
        written, kept = words.split()
        assert written == kept
        assert int(written) > 3
    # And all of them, with the rotation itself, kept one chain.
    assert verify(db).rows == sum(int(words.split()[0]) for words in told) + 2
    assert token_keys(db) == {"v2.3"}
    assert read(db) == WHOLE
    db.dispose()
