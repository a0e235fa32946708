"""Old records go, in batches, once, with a proof; young ones and those of others stay."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from full_records import read, records, store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.records import (
    audit,
    audit_chain,
    calls,
    codes,
    counters,
    remains,
    retention,
    verifications,
)
from ivr.records.audit import Entry
from ivr.records.audit_check import verify
from ivr.records.calls import CallRecord
from ivr.records.codes import CodeRecord
from ivr.records.database import Database
from ivr.records.models import Base, Call
from ivr.records.retention import CLASSES, KEPT, Gone, overdue, own_rows, purge
from ivr.records.verifications import VerificationRecord

PERIODS = {
    "calls": timedelta(days=90),
    "verifications": timedelta(days=60),
    "counters": timedelta(days=30),
    "traffic": timedelta(days=1),
}


def counts(db: Database) -> dict[str, int]:
    """Rows of each table that has any; keys and the audit aside."""
    with db.reading() as session:
        found = {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
            if table.name not in {"data_keys", "audit_log", "audit_head"}
        }
    return {name: rows for name, rows in found.items() if rows}


def audited(db: Database) -> list[dict[str, Any]]:
    import json

    with db.reading() as session:
        return [
            json.loads(row.details) | {"who": row.who, "why": row.why}
            for row in audit_chain.rows(session)
            if row.what == "records.purged"
        ]


def clear(db: Database, **changes: Any) -> list[Gone]:
    return purge(db, PERIODS, **{"run": "run-1", "who": "operator sato@host", **changes})


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_BATCH", 20)


def many_calls(db: Database, call: CallRecord, old: int, young: int = 3) -> None:
    """Calls of 91 days ago and before, a day apart, and of today; each with two turns."""
    ages = [*range(young - 1, -1, -1), *range(91, 91 + old)]
    with db.writing() as session:
        for number, age in enumerate(ages):
            began = call.started_at - timedelta(days=age) if number >= young else call.started_at
            own = replace(call, id=f"call-{number}", call_sid=f"CA{number}", started_at=began)
            calls.insert(session, own)
            for turn in (1, 2):
                calls.add_turn(
                    session, call_id=own.id, number=turn, event="heard", action="{}", at=began,
                    state_name="name",
                )  # fmt: skip


def test_every_table_ages_or_says_why_not() -> None:
    aged = {table for tables in CLASSES.values() for table, _ in tables}
    owned, look = set(), [Base.metadata.tables[name] for name in aged]
    while look:
        belonging = [other for other, _ in own_rows(look.pop())]
        owned |= {other.name for other in belonging}
        look += belonging
    assert aged | owned | set(KEPT) == set(Base.metadata.tables)
    assert not (aged | owned) & set(KEPT)
    # Sound goes before its call, and with it at the latest.
    assert aged & owned <= {"kept_audio"}
    assert all(KEPT.values())


def test_what_is_old_goes_with_all_that_belongs_to_it_and_the_rest_stays(
    database: Database, clock: ManualClock
) -> None:
    whole = records(clock.now())
    store(database, whole)
    with database.writing() as session:
        counters.bump(session, "claim", "a", date(2026, 11, 22))
    before = counts(database)
    clock.advance(59.9 * 86400)
    assert [gone.rows for gone in clear(database)] == [
        {}, {}, {"failure_counters": 1}, {"webhook_answers": 1},
    ]  # fmt: skip
    clock.advance(86400)
    assert [gone.rows for gone in clear(database)] == [{}, {"codes": 1, "verifications": 1}, {}, {}]
    clock.advance(30 * 86400)
    gone = clear(database)
    assert gone[0].rows == {"turns": 1, "check_intents": 1, "results": 1, "calls": 1}
    assert gone[0].first == gone[0].last == (whole.call or pytest.fail()).started_at.isoformat()
    assert counts(database) == {"customers": before["customers"]}
    assert read(database).customers == whole.customers


def test_an_attempt_stays_as_long_as_a_call_that_it_is_about(
    database: Database, call: CallRecord, verification: VerificationRecord, clock: ManualClock
) -> None:
    long_ago = clock.now() - timedelta(days=75)
    with database.writing() as session:
        verifications.create(session, replace(verification, created_at=long_ago))
        called = replace(call, started_at=long_ago, verification_id=verification.id)
        calls.insert(session, called)
    assert [gone.count for gone in overdue(database, PERIODS)] == [0, 0, 0, 0]
    assert [gone.count for gone in clear(database)] == [0, 0, 0, 0]
    clock.advance(16 * 86400)
    assert [gone.rows for gone in clear(database)] == [{"calls": 1}, {"verifications": 1}, {}, {}]


def test_a_dry_run_says_exactly_what_would_go(database: Database, call: CallRecord) -> None:
    many_calls(database, call, 30)
    due = overdue(database, PERIODS)
    assert due[0].rows == {"calls": 30, "turns": 60}
    rows = counts(database)
    assert counts(database) == rows
    assert audited(database) == []

    assert clear(database) == due
    assert [gone.count for gone in overdue(database, PERIODS)] == [0, 0, 0, 0]
    assert counts(database) == {"calls": 3, "turns": 6}


def test_every_batch_is_proved_in_the_audit_and_nothing_is_told_twice(
    database: Database, call: CallRecord
) -> None:
    many_calls(database, call, 51)
    seen: list[tuple[str, int, int]] = []

    clear(database, why="CHG-5", progress=lambda *step: seen.append(step))
    clear(database, run="run-2")

    told = audited(database)
    assert [entry["rows"] for entry in told] == [
        {"calls": 20, "turns": 40}, {"calls": 20, "turns": 40}, {"calls": 11, "turns": 22},
    ]  # fmt: skip
    assert {(e["run"], e["who"], e["why"], e["class"]) for e in told} == {
        ("run-1", "operator sato@host", "CHG-5", "calls")
    }
    # The spans follow each other, oldest first, and end before the edge.
    spans = [(entry["first"], entry["last"]) for entry in told]
    assert [edge for span in spans for edge in span] == sorted(e for span in spans for e in span)
    assert spans[-1][1] < told[0]["before"]
    assert [step[1] for step in seen] == [60, 120, 153]
    assert {step[2] for step in seen} == {153}


def test_stopped_between_two_batches_it_goes_on(database: Database, call: CallRecord) -> None:
    class Stopped(Exception):
        pass

    def stop(name: str, done: int, total: int) -> None:
        raise Stopped

    many_calls(database, call, 51)
    with pytest.raises(Stopped):
        clear(database, progress=stop)
    assert counts(database) == {"calls": 34, "turns": 68}

    assert clear(database)[0].rows == {"calls": 31, "turns": 62}
    assert sum(entry["rows"]["calls"] for entry in audited(database)) == 51


def test_two_at_once_remove_everything_once(database: Database, call: CallRecord) -> None:
    many_calls(database, call, 90)
    gate = threading.Barrier(2)
    gone: list[Gone] = []
    failed: list[BaseException] = []

    def run(name: str) -> None:
        gate.wait(timeout=60)
        try:
            gone.append(clear(database, run=name)[0])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sum(each.rows.get("calls", 0) for each in gone) == 90
    assert sum(entry["rows"]["calls"] for entry in audited(database)) == 90
    assert counts(database) == {"calls": 3, "turns": 6}


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_row_that_somebody_holds_is_left_for_the_next_run(
    database: Database, call: CallRecord
) -> None:
    many_calls(database, call, 1)
    with database.writing() as session:
        assert calls.get(session, "call-3", lock=True) is not None
        assert clear(database)[0].count == 0
    assert clear(database)[0].rows == {"calls": 1, "turns": 2}


def test_without_database_nothing_is_told(sqlite_database: Database, tmp_path: Path) -> None:
    sqlite_database.dispose()
    (tmp_path / "honnin.sqlite3").unlink()
    with pytest.raises(RecordsUnavailable):
        clear(sqlite_database)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ages=st.lists(st.integers(0, 120), max_size=8), days=st.integers(1, 119))
def test_exactly_what_is_older_goes(
    sqlite_database: Database, call: CallRecord, clock: ManualClock, ages: list[int], days: int
) -> None:
    now = clock.now()
    with sqlite_database.writing() as session:
        session.execute(delete(Call))
        for number, age in enumerate(ages):
            # An hour younger, for the clock goes on a little while rows are removed.
            began = now - timedelta(days=age, hours=-1)
            own = replace(call, id=f"call-{number}", call_sid=f"CA{number}", started_at=began)
            calls.insert(session, own)

    (gone,) = purge(sqlite_database, {"calls": timedelta(days=days)}, run="run")

    old = sorted(age for age in ages if age > days)
    assert gone.count == len(old)
    spans = [(now - timedelta(days=age, hours=-1)).isoformat() for age in old]
    assert (gone.first, gone.last) == ((spans[-1], spans[0]) if spans else ("", ""))
    with sqlite_database.reading() as session:
        left = {call_id for (call_id,) in session.execute(select(Call.id))}
    assert left == {f"call-{n}" for n, age in enumerate(ages) if age <= days}


def test_calls_go_on_while_old_ones_go(database: Database, call: CallRecord) -> None:
    many_calls(database, call, 100, young=4)
    failed: list[BaseException] = []

    def talk(number: int) -> None:
        own = replace(call, id=f"call-{number}", call_sid=f"CA{number}")
        try:
            for turn in range(10, 30):
                with database.writing() as session:
                    found = calls.get(session, own.id, lock=True)
                    assert found is not None
                    calls.save(session, replace(found, turn=turn))
                    calls.add_turn(
                        session, call_id=own.id, number=turn, event="heard", action="{}",
                        at=call.started_at, state_name="name",
                    )  # fmt: skip
                    audit.note(session, Entry("caller", "call.ended", own.id), call.started_at)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    gone = clear(database)[0]
    for thread in threads:
        thread.join()

    assert failed == []
    assert gone.rows == {"calls": 100, "turns": 200}
    assert counts(database) == {"calls": 4, "turns": 8 + 4 * 20}
    assert verify(database).rows == 5 + 4 * 20


# --- what is left in the files ------------------------------------------------------------


def _stale(db: Database, call: CallRecord, verification: VerificationRecord) -> list[bytes]:
    """Calls, verifications and codes from long ago among younger ones; the ids of the old."""
    ids = []
    with db.writing() as session:
        for number in range(200):
            old = number % 4 != 0
            name = f"{'REMOVED' if old else 'STAYING'}-{number:04d}-id"
            ids += [name.encode()] if old else []
            at = call.started_at - timedelta(days=200 if old else 1)
            calls.insert(session, replace(call, id=name, call_sid=f"SID{name}", started_at=at))
            calls.add_turn(
                session, call_id=name, number=1, event="heard", action="{}" * 50, at=at,
                state_name="name",
            )  # fmt: skip
            verifications.create(session, replace(verification, id=name, created_at=at))
            codes.create(session, CodeRecord(name, name, name, "sms", "h", "sent", at, at))
    return ids


def test_the_file_of_sqlite_no_longer_holds_what_was_removed(
    sqlite_database: Database, call: CallRecord, verification: VerificationRecord, tmp_path: Path
) -> None:
    ids = _stale(sqlite_database, call, verification)
    assert remains.empty_log(sqlite_database)
    path = tmp_path / "honnin.sqlite3"
    size = path.stat().st_size

    def left() -> list[bytes]:
        assert remains.empty_log(sqlite_database)
        content = b"".join(found.read_bytes() for found in tmp_path.glob("honnin.sqlite3*"))
        assert content.count(b"STAYING-") > 50
        return [name for name in ids if name in content]

    assert left() == ids
    clear(sqlite_database)
    # Overwritten at once, but for what SQLite copied when it moved rows from page to page.
    assert len(left()) <= len(ids) // 20
    assert path.stat().st_size == size
    remains.compact(sqlite_database)
    assert left() == []
    assert path.stat().st_size < size


def test_a_log_that_somebody_reads_is_not_emptied_and_nobody_waits(
    sqlite_url: str, clock: ManualClock, call: CallRecord, tmp_path: Path
) -> None:
    from fixtures_databases import new_database

    db = new_database(sqlite_url, clock, wait_s=0.1)
    many_calls(db, call, 1)
    reader = sqlite3.connect(tmp_path / "honnin.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM calls").fetchone()
    clear(db)
    assert not remains.empty_log(db)
    reader.execute("ROLLBACK")
    reader.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailable, match="SQLITE_BUSY"):
        remains.compact(db)
    reader.close()
    remains.compact(db)
    assert remains.empty_log(db)
    assert counts(db) == {"calls": 3, "turns": 6}
    db.dispose()


def test_postgresql_is_vacuumed(postgres_database: Database, call: CallRecord) -> None:
    many_calls(postgres_database, call, 30)
    clear(postgres_database)
    remains.compact(postgres_database)
    with postgres_database.engine.connect() as connection:
        pages = connection.exec_driver_sql("SELECT relpages FROM pg_class WHERE relname = 'calls'")
        assert pages.scalar_one() > 0  # VACUUM has been there: before, nobody had counted
        limit = connection.exec_driver_sql("SHOW statement_timeout").scalar_one()
        assert limit == "10s"
    assert remains.empty_log(postgres_database)
    assert counts(postgres_database) == {"calls": 3, "turns": 6}


def test_a_run_has_a_name_of_its_own() -> None:
    assert len({retention.new_run() for _ in range(100)}) == 100
