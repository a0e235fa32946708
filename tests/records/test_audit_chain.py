"""The audit: whatever is done to a row, to their order, or to the end of the chain is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from at_once import at_once
from chain_rig import NOW, ROWS, fetch, fill, first_broken, run, stored
from fixtures_databases import new_database
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.errors import RecordsError
from ivr.records import audit, audit_chain
from ivr.records.audit_check import AuditBroken, verify
from ivr.records.database import Database
from ivr.records.key_ring import FRESH_S

#: Each example is a database of its own.
FEWER = settings(max_examples=40)
TEXTS = ("at", "who", "what", "subject", "why", "details", "mac")


# --- whatever is changed ------------------------------------------------------------------


@dataclass
class Template:
    """A filled SQLite file, and copies of it that may be tampered with."""

    path: Path
    folder: Path
    made: int = 0

    def copy(self) -> Database:
        self.made += 1
        path = self.folder / f"{self.made}.sqlite3"
        shutil.copy(self.path, path)
        return new_database(f"sqlite:///{path}", ManualClock(NOW))


@pytest.fixture(scope="module")
def template(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("chains")
    path = folder / "whole.sqlite3"
    shutil.copy(_sqlite_template, path)
    db = new_database(f"sqlite:///{path}", ManualClock(NOW))
    fill(db)
    db.dispose()
    with_wal = [entry for entry in folder.iterdir() if entry.name.endswith("-wal")]
    assert with_wal == []
    return Template(path, folder)


@settings(max_examples=100)
@given(
    position=st.integers(1, ROWS),
    column=st.sampled_from(TEXTS),
    value=st.one_of(
        # SQLite keeps what it is given in any column.
        st.text(st.characters(codec="utf-8"), max_size=80),
        st.integers(-(2**40), 2**40),
        st.binary(max_size=8),
        st.floats(allow_nan=False),
    ),
)
def test_any_change_of_any_field_is_found_and_named(
    template: Template, position: int, column: str, value: object
) -> None:
    db = template.copy()
    before = getattr(stored(db)[position - 1], column)
    run(db, f"UPDATE audit_log SET {column} = :value WHERE position = {position}", value=value)
    after = getattr(stored(db)[position - 1], column)
    if after == before:
        assert verify(db).rows == ROWS
    else:
        assert first_broken(db) == position
    db.dispose()


@FEWER
@given(position=st.integers(1, ROWS), moved=st.integers(-5, 40))
def test_any_other_position_is_found(template: Template, position: int, moved: int) -> None:
    db = template.copy()
    if moved in range(1, ROWS + 1):
        # Two rows change places.
        run(
            db,
            f"UPDATE audit_log SET position = 1000 WHERE position = {position}",
            f"UPDATE audit_log SET position = {position} WHERE position = {moved}",
            f"UPDATE audit_log SET position = {moved} WHERE position = 1000",
        )
    else:
        run(db, f"UPDATE audit_log SET position = {moved} WHERE position = {position}")
    if moved == position:
        assert verify(db).rows == ROWS
    else:
        assert first_broken(db) == min(position, moved)
    db.dispose()


@FEWER
@given(st.sets(st.integers(1, ROWS), min_size=1))
def test_any_removal_is_found_and_the_first_is_named(template: Template, gone: set[int]) -> None:
    db = template.copy()
    run(db, f"DELETE FROM audit_log WHERE position IN ({','.join(map(str, gone))})")
    assert first_broken(db) == min(gone)
    # And it stays found, whatever is chained later.
    fill(db, 2)
    assert first_broken(db) == min(gone)
    db.dispose()


@FEWER
@given(gone=st.sets(st.integers(1, ROWS), min_size=1))
def test_closing_the_gap_hides_nothing(template: Template, gone: set[int]) -> None:
    db = template.copy()
    left = [number for number in range(1, ROWS + 1) if number not in gone]
    moves = [
        f"UPDATE audit_log SET position = {new} WHERE position = {old}"
        for new, old in enumerate(left, start=1)
    ]
    run(db, f"DELETE FROM audit_log WHERE position IN ({','.join(map(str, gone))})", *moves)
    assert first_broken(db) == min(gone)
    db.dispose()


@FEWER
@given(
    column=st.sampled_from(["position", "mac", "key_number", "seal"]),
    value=st.one_of(st.integers(-9, 99), st.text("0123456789abcdef", max_size=64)),
)
def test_any_change_of_the_head_is_found(template: Template, column: str, value: object) -> None:
    db = template.copy()
    with db.reading() as session:
        before = audit_chain.head(session)
    run(db, f"UPDATE audit_head SET {column} = :value", value=value)
    with db.reading() as session:
        after = audit_chain.head(session)
    if after == before:
        assert verify(db).rows == ROWS
    else:
        assert first_broken(db) == ROWS + 1
        # Calls go on, and it stays found.
        fill(db, 2)
        assert first_broken(db) == ROWS + 1
    db.dispose()


APPENDED = (
    "INSERT INTO audit_log SELECT {to}, at, who, what, subject, why, details, key_number, mac"
    " FROM audit_log WHERE position = {row}"
)


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        ((APPENDED.format(to=8, row=7),), 8),
        ((APPENDED.format(to=9, row=7),), 8),
        ((APPENDED.format(to=0, row=1),), 0),
        ((APPENDED.format(to=-4, row=1),), -4),
        (("DELETE FROM audit_head",), 8),
        (("DELETE FROM audit_log",), 1),
        (("DELETE FROM audit_log", "DELETE FROM audit_head"), 1),
        (("DELETE FROM data_keys WHERE purpose = 'audit'",), 1),
        (
            (
                "DELETE FROM data_keys WHERE purpose = 'audit'",
                "DELETE FROM audit_log",
                "DELETE FROM audit_head",
            ),
            1,
        ),
        (("UPDATE audit_head SET name = 'foot'",), 8),
        (("DELETE FROM audit_log WHERE position > 5", "UPDATE audit_head SET position = 5"), 6),
        (
            (
                "DELETE FROM audit_log WHERE position > 5",
                "UPDATE audit_head SET position = 5,"
                " mac = (SELECT mac FROM audit_log WHERE position = 5)",
            ),
            6,
        ),
        (("UPDATE audit_log SET what = 'audit.broken' WHERE position = 3",), 3),
    ],
)
def test_other_ways_to_tamper(database: Database, statements: tuple[str, ...], named: int) -> None:
    fill(database)
    run(database, *statements)
    database.clock.sleep(FRESH_S)
    assert first_broken(database) == named
    # Calls go on, and it stays found. (A gap before a row that was put in is filled by then.)
    fill(database, 3)
    assert first_broken(database) <= named + 1


def test_a_row_in_the_way_takes_no_entry_away(database: Database) -> None:
    fill(database)
    run(database, APPENDED.format(to=9, row=7))
    with database.writing() as session:
        for number in range(100, 103):
            audit.note(session, fetch(number), NOW)
    subjects = [row.subject for row in stored(database)]
    assert {f"call-{number}" for number in range(100, 103)} <= set(subjects)
    assert first_broken(database) == 9
    fill(database, 1)
    assert first_broken(database) == 9


def test_whoever_wipes_everything_is_told_by_the_next_entry(database: Database) -> None:
    fill(database)
    run(database, "DELETE FROM audit_log", "DELETE FROM audit_head")
    fill(database, 1)
    with pytest.raises(AuditBroken, match=r"row 1 .* rows before it may be gone"):
        verify(database)


def test_a_copy_of_an_older_head_is_what_only_an_anchor_finds(database: Database) -> None:
    fill(database, 5)
    with database.engine.connect() as connection:
        older = dict(connection.execute(text("SELECT * FROM audit_head")).mappings().one())
    fill(database, 2)
    signed = {row.position: row.mac for row in stored(database)[-1:]}
    assert verify(database, anchors=signed).rows == ROWS
    run(
        database,
        "DELETE FROM audit_log WHERE position > 5",
        "UPDATE audit_head SET position = :position, mac = :mac, seal = :seal",
        **{key: older[key] for key in ("position", "mac", "seal")},
    )
    assert verify(database).rows == 5
    assert first_broken(database, anchors=signed) == 6


def test_an_anchor_tells_a_chain_that_was_written_anew(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    fill(database, 3)
    signed = {row.position: row.mac for row in stored(database)[-1:]}
    assert verify(database, anchors=signed).rows == 3
    # Somebody who holds the keys could write another history; not one with the same hash.
    run(database, "DELETE FROM audit_log", "DELETE FROM audit_head", "DELETE FROM data_keys")
    forger = new_database(database_url, clock)
    with forger.writing() as session:
        for number in (7, 8, 9, 10):
            audit.note(session, fetch(number), NOW)
    assert verify(forger).rows == 4
    assert first_broken(forger, anchors=signed) == 3
    forger.dispose()


# --- many at once -------------------------------------------------------------------------


def test_writers_of_several_processes_keep_one_chain_and_lose_nothing(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    # A connection pool, a key ring and a lock of their own each, as processes have.
    processes = [new_database(database_url, clock, wait_s=30) for _ in range(4)]

    def take_calls(db: Database, name: int) -> Callable[[], None]:
        def work() -> None:
            for number in range(20):
                with db.writing() as session:
                    audit.note(session, fetch(f"{name}-{number}"), clock.now())
                    if number % 5 == 0:
                        audit.note(session, fetch(f"{name}-{number}-again"), clock.now())

        return work

    at_once([take_calls(db, name) for name, db in enumerate(processes * 2)])
    assert verify(database).rows == 8 * 24
    subjects = [row.subject for row in stored(database)]
    assert len(set(subjects)) == 8 * 24
    for name in range(8):
        own = [subject for subject in subjects if subject.startswith(f"call-{name}-")]
        assert len(own) == 24
        assert [s for s in own if not s.endswith("again")] == [
            f"call-{name}-{number}" for number in range(20)
        ]
    for db in processes:
        db.dispose()


def test_it_is_checked_while_calls_go_on(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    other = new_database(database_url, clock, wait_s=30)
    fill(database, 3)
    seen: list[int] = []

    def check() -> None:
        seen.extend(verify(other).rows for _ in range(10))

    at_once([check, lambda: fill(database, 60), lambda: fill(database, 60)])
    assert seen == sorted(seen)
    assert verify(other).rows == 123
    other.dispose()


def test_a_long_chain_is_checked_in_batches(database: Database) -> None:
    with database.writing() as session:
        for number in range(1030):
            audit.note(session, fetch(number), NOW)
    said: list[tuple[int, int]] = []
    assert verify(database, progress=lambda done, total: said.append((done, total))).rows == 1030
    assert said == [(1000, 1030)]
    run(database, "DELETE FROM audit_log WHERE position = 1001")
    assert first_broken(database) == 1001


def test_a_chain_needs_its_own_keys(database: Database, database_url: str) -> None:
    fill(database)
    stranger = new_database(database_url, ManualClock(NOW), field_key=b"s" * 32)
    with pytest.raises(RecordsError, match="IVR_FIELD_KEY"):
        verify(stranger)
    stranger.dispose()
