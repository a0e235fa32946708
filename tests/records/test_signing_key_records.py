"""Signing keys in the database: stored before they begin, wrapped, forgotten with care."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fixtures_databases import new_database

from ivr.clock import ManualClock
from ivr.errors import RecordsError
from ivr.records import rotation, signing_keys
from ivr.records.audit_chain import rows
from ivr.records.data_keys import DataKeyRecord
from ivr.records.database import Database

BEFORE, AFTER = timedelta(minutes=5), timedelta(hours=4)


def rotated(db: Database) -> DataKeyRecord:
    return signing_keys.rotate(db, published_before=BEFORE, who="operator ops", why="T-1")


def forgotten(db: Database, number: int, *, at_once: bool = False) -> bool:
    return signing_keys.destroy(
        db, number, published_after=AFTER, at_once=at_once, who="operator ops", why="T-1"
    )


def audited(db: Database) -> list[str]:
    with db.reading() as session:
        return [row.what for row in rows(session) if row.what.startswith("keys.")]


def test_the_next_key_is_stored_wrapped_and_begins_later(
    database: Database, clock: ManualClock
) -> None:
    key = rotated(database)
    assert key.active_from - clock.now() == timedelta(seconds=45) + BEFORE
    clock.advance(30)
    database.look_for_keys()
    (seed,) = signing_keys.held(database.keys)
    assert (seed.number, seed.active_from, len(seed.seed)) == (3, key.active_from, 32)
    with database.reading() as session:
        stored = session.connection().exec_driver_sql("SELECT wrapped FROM data_keys").scalars()
        assert all(seed.seed not in wrapped.encode() for wrapped in stored)
    assert audited(database) == ["keys.signing"]


def test_while_one_waits_there_is_no_other(database: Database, clock: ManualClock) -> None:
    first = rotated(database)
    assert rotated(database) == first
    clock.advance(345)
    assert rotated(database).number == first.number + 1


def test_another_process_knows_it_within_half_a_minute(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    other = new_database(database_url, clock)
    other.look_for_keys()
    assert signing_keys.held(other.keys) == ()
    rotated(database)
    clock.advance(29)
    other.look_for_keys()
    assert signing_keys.held(other.keys) == ()
    clock.advance(1)
    other.look_for_keys()
    assert len(signing_keys.held(other.keys)) == 1
    other.dispose()


def test_keys_of_fields_and_of_results_do_not_take_each_others_place(
    database: Database, clock: ManualClock
) -> None:
    assert rotated(database).number == 3
    assert rotation.rotate(database, lambda what, done, total: None).key == 4
    clock.advance(400)
    assert rotated(database).number == 5
    numbers = [(key.number, key.purpose) for key, _ in rotation.counts(database)]
    assert numbers == [(1, "field"), (2, "audit"), (3, "signing"), (4, "field"), (5, "signing")]


def test_wrapped_anew_with_the_others(database: Database, clock: ManualClock) -> None:
    rotated(database)
    clock.advance(30)
    database.look_for_keys()
    before = signing_keys.held(database.keys)
    assert rotation.rewrap(database) == 3
    clock.advance(30)
    database.look_for_keys()
    assert signing_keys.held(database.keys) == before


def test_a_key_is_forgotten_when_nothing_it_signed_is_valid(
    database: Database, clock: ManualClock
) -> None:
    first = rotated(database)
    clock.advance(400)
    second = rotated(database)
    for number in (first.number, second.number):
        with pytest.raises(RecordsError, match="signs results"):
            forgotten(database, number)
    clock.advance(400)
    with pytest.raises(RecordsError, match="still checks results until 2026-11-22 05:"):
        forgotten(database, first.number)
    clock.advance(AFTER.total_seconds())
    assert forgotten(database, first.number)
    with pytest.raises(RecordsError, match="destroyed already"):
        forgotten(database, first.number)
    with pytest.raises(RecordsError, match="signs results"):
        forgotten(database, second.number, at_once=True)
    clock.advance(30)
    database.look_for_keys()
    assert [seed.number for seed in signing_keys.held(database.keys)] == [second.number]


def test_a_key_that_somebody_has_is_forgotten_at_once(
    database: Database, clock: ManualClock
) -> None:
    first = rotated(database)
    clock.advance(400)
    rotated(database)
    with pytest.raises(RecordsError, match="signs results"):
        forgotten(database, first.number, at_once=True)
    clock.advance(400)
    assert forgotten(database, first.number, at_once=True)
    assert audited(database) == ["keys.signing", "keys.signing", "keys.destroyed"]


def test_other_keys_are_not_forgotten_here(database: Database) -> None:
    rotated(database)
    assert not forgotten(database, 1)
    assert not forgotten(database, 99)
    with pytest.raises(RecordsError, match="chains the audit"):
        rotation.destroy(database, 2)
