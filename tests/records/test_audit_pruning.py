"""The audit ages out from its oldest end, and what is left can still be verified."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from chain_rig import fetch, first_broken, run, stored
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.clock import ManualClock
from ivr.records import audit, audit_pruning
from ivr.records.audit_check import AuditBroken, Verified, verify
from ivr.records.audit_pruning import overdue, prune
from ivr.records.database import Database
from ivr.records.retention import Gone

YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_pruning, "_BATCH", 50)


def days(db: Database, clock: ManualClock, many: int) -> None:
    """A row a day; afterwards the next day has begun."""
    for number in range(many):
        with db.writing() as session:
            audit.note(session, fetch(number), clock.now())
        clock.advance(86400)


def age_out(db: Database, period: timedelta, name: str = "run") -> Gone:
    return prune(db, period, run=name, who="operator sato@host", why="yearly")


def test_old_rows_go_and_the_rest_is_whole(database: Database, clock: ManualClock) -> None:
    days(database, clock, 10)
    before = stored(database)
    due = overdue(database, timedelta(days=4))

    gone = age_out(database, timedelta(days=4))

    assert gone == due
    assert (gone.rows, gone.first, gone.last) == ({"audit_log": 6}, before[0].at, before[5].at)
    left = stored(database)
    assert left[:4] == before[6:]
    told = left[-1]
    assert (told.what, told.who, told.why) == ("audit.pruned", "operator sato@host", "yearly")
    details = json.loads(told.details)
    assert (details["position"], details["mac"]) == (6, before[5].mac)
    assert (details["rows"], details["run"]) == (6, "run")
    done = verify(database)
    assert (done.rows, done.removed, done.position, done.first) == (5, 6, 11, before[6].at)


def test_it_goes_on_year_after_year(database: Database, clock: ManualClock) -> None:
    for year in range(4):
        days(database, clock, 5)
        clock.advance(360 * 86400)
        age_out(database, YEAR, f"run-{year}")
        age_out(database, YEAR, "again")
        done = verify(database)
        assert done.rows + done.removed == done.position
    # Each year but the first removes the rows of the year before it, and the proof of that.
    assert [row.position for row in stored(database)] == [row.position for row in stored(database)]
    assert verify(database).removed > 10


def test_however_old_all_is_what_removed_it_stays(database: Database, clock: ManualClock) -> None:
    days(database, clock, 3)
    for removed in (3, 1, 1):
        clock.advance(9000 * 86400)
        assert overdue(database, YEAR).rows == {"audit_log": removed}
        assert age_out(database, YEAR).rows == {"audit_log": removed}
        assert [row.what for row in stored(database)] == ["audit.pruned"]
        assert verify(database).rows == 1


def test_an_empty_audit_has_nothing_to_lose(database: Database) -> None:
    assert age_out(database, YEAR).count == 0
    assert overdue(database, YEAR).count == 0
    assert stored(database) == []


def test_nothing_is_audited_where_nothing_went(database: Database, clock: ManualClock) -> None:
    days(database, clock, 3)
    assert age_out(database, YEAR).count == 0
    assert len(stored(database)) == 3


def test_more_than_one_batch(database: Database, clock: ManualClock) -> None:
    with database.writing() as session:
        for number in range(125):
            audit.note(session, fetch(number), clock.now())
    clock.advance(400 * 86400)
    days(database, clock, 1)
    seen: list[tuple[str, int, int]] = []

    gone = prune(database, YEAR, run="run", progress=lambda *step: seen.append(step))

    assert gone.rows == {"audit_log": 125}
    assert seen == [("audit", 50, 125), ("audit", 100, 125), ("audit", 125, 125)]
    left = stored(database)
    assert verify(database) == Verified(4, left[0].at, left[-1].at, left[-1].mac, removed=125)


@pytest.mark.parametrize("position", [1, 3, 5])
def test_waiting_does_not_hide_what_was_done_to_a_row(
    database: Database, clock: ManualClock, position: int
) -> None:
    days(database, clock, 10)
    run(database, "UPDATE audit_log SET who = 'nobody' WHERE position = :p", p=position)

    with pytest.raises(AuditBroken) as caught:
        age_out(database, timedelta(days=4))

    assert caught.value.position == position
    # Nothing went, and nothing says so.
    assert len(stored(database)) == 10


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        # Removed by hand, without the key that seals where the audit begins.
        ("DELETE FROM audit_log WHERE position <= 8", 7),
        ("UPDATE audit_head SET position = 8 WHERE name = 'base'", 1),
        ("UPDATE audit_head SET mac = 'x' WHERE name = 'base'", 1),
        ("UPDATE audit_head SET key_number = 99 WHERE name = 'base'", 1),
        ("DELETE FROM audit_head WHERE name = 'base'", 1),
        # The head's seal is none of a base, nor the other way round.
        ("DELETE FROM audit_head WHERE name = 'base';"
         "UPDATE audit_head SET name = 'base' WHERE name = 'head'", 1),
        ("UPDATE audit_log SET why = 'x' WHERE position = 7", 7),
        ("UPDATE audit_log SET details = '{}' WHERE what = 'audit.pruned'", 11),
    ],
)  # fmt: skip
def test_no_hand_without_the_key_moves_the_beginning(
    database: Database, clock: ManualClock, statement: str, broken: int
) -> None:
    days(database, clock, 10)
    age_out(database, timedelta(days=4))
    run(database, *statement.split(";"))
    assert first_broken(database) == broken


def test_a_beginning_of_an_earlier_year_is_missing_its_rows(
    database: Database, clock: ManualClock
) -> None:
    days(database, clock, 10)
    age_out(database, timedelta(days=8))
    with database.engine.connect() as connection:
        old = connection.exec_driver_sql(
            "SELECT position, mac, seal FROM audit_head WHERE name = 'base'"
        ).one()
    age_out(database, timedelta(days=4))
    run(
        database,
        "UPDATE audit_head SET position = :p, mac = :m, seal = :s WHERE name = 'base'",
        p=old[0], m=old[1], s=old[2],
    )  # fmt: skip
    assert first_broken(database) == old[0] + 1


def test_anchors_of_what_is_left_still_count_and_those_of_what_went_contradict_nothing(
    database: Database, clock: ManualClock
) -> None:
    days(database, clock, 10)
    macs = {row.position: row.mac for row in stored(database)}
    age_out(database, timedelta(days=4))

    assert verify(database, anchors=macs).rows == 5
    assert first_broken(database, anchors=macs | {6: "other"}) == 6
    assert first_broken(database, anchors=macs | {7: "other"}) == 7
    assert first_broken(database, anchors=macs | {99: "other"}) == 12
    assert verify(database, anchors={3: "nobody can tell any more"}).removed == 6


def test_calls_are_audited_while_it_goes_on(database: Database, clock: ManualClock) -> None:
    with database.writing() as session:
        for number in range(150):
            audit.note(session, fetch(number), clock.now())
    clock.advance(400 * 86400)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(20):
                with database.writing() as session:
                    audit.note(session, fetch(number), clock.now())
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    gone = age_out(database, YEAR)
    for thread in threads:
        thread.join()

    assert failed == []
    done = verify(database)
    assert gone.count == done.removed == 150
    assert done.rows == 60 + 3


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=6))
def test_whatever_goes_when_the_chain_is_whole(
    sqlite_database: Database, clock: ManualClock, steps: list[tuple[int, int]]
) -> None:
    for rows, kept in steps:
        days(sqlite_database, clock, rows)
        age_out(sqlite_database, timedelta(days=kept))
        done = verify(sqlite_database)
        assert done.removed + done.rows == done.position
        assert done.rows == len(stored(sqlite_database))
