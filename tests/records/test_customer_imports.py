"""Importing a file of customers: in parts, again, and after it was broken off."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from customer_files import SAMPLE, quiet, row, write
from fixtures_databases import new_database
from found_customers import born_on, by_phone
from sqlalchemy import select

from ivr.clock import ManualClock
from ivr.errors import FilesError, RecordsError, RecordsUnavailable
from ivr.records import customer_csv, customers
from ivr.records.customer_csv import store_file
from ivr.records.customers import Stored
from ivr.records.database import Database
from ivr.records.models import AuditRow


def test_known_numbers_are_updated_and_keep_their_id(database: Database, file: Path) -> None:
    write(file, row(), row(number="A2"))
    assert store_file(database, file, quiet) == Stored(added=2, updated=0)
    with database.reading() as session:
        before = {found.number: found for found in born_on(session, date(1950, 5, 3))}
    write(file, row(mobile="090-0000-0009"), row(number="A3"))
    assert store_file(database, file, quiet) == Stored(added=1, updated=1)
    with database.reading() as session:
        after = {found.number: found for found in born_on(session, date(1950, 5, 3))}
    assert set(after) == {"A1", "A2", "A3"}
    assert after["A2"] == before["A2"]
    assert after["A1"] == replace(
        before["A1"], mobile="+819000000009", contact_changed=database.clock.now()
    )


def test_nothing_is_stored_of_a_file_with_a_problem(database: Database, file: Path) -> None:
    write(file, row(), row(number="A2", birthdate="x"))
    with pytest.raises(FilesError):
        store_file(database, file, quiet)
    with database.reading() as session:
        assert customers.count(session) == 0


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_csv, "_BATCH", 2)


def stored_numbers(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(customers.customer_numbers(session))


def test_a_file_that_changes_after_its_check_is_told(
    database: Database, file: Path, small_batches: None
) -> None:
    # Longer than a read buffer, so that a change at the end is seen.
    rows = [row(number=f"A{number}", email="a" * 60 + "@example.jp") for number in range(300)]
    write(file, *rows)

    def change(done: int, total: int) -> None:
        write(file, *rows[:-1], row(birthdate="x"))

    with pytest.raises(FilesError, match=":301:6: birthdate"):
        store_file(database, file, change)
    # The new version is another file: it is checked before anything of it is stored.
    before = stored_numbers(database)
    with pytest.raises(FilesError, match=":301:6: birthdate"):
        store_file(database, file, quiet)
    assert stored_numbers(database) == before


@pytest.mark.parametrize("more", ["", row(number="A9")])
def test_a_file_that_got_shorter_or_longer_is_told(
    database: Database, file: Path, small_batches: None, more: str
) -> None:
    lines = [row(number=f"A{number}", email="a" * 60 + "@example.jp") for number in range(300)]
    write(file, *lines)
    changes = lines[:200] if not more else [*lines, more]

    with pytest.raises(FilesError, match="was changed while it was read"):
        store_file(database, file, lambda done, total: write(file, *changes))


class Killed(BaseException):
    """The process ends, whatever it was doing."""


@pytest.mark.parametrize("failure", [RecordsUnavailable("the disk is full"), Killed()])
def test_an_import_that_was_broken_off_goes_on_where_it_was(
    database: Database, file: Path, small_batches: None, failure: BaseException
) -> None:
    write(file, "", row(), *(row(number=f"A{number}") for number in range(2, 6)))
    shown: list[tuple[int, int]] = []

    def fail(done: int, total: int) -> None:
        shown.append((done, total))
        if done == 4:
            raise failure

    with pytest.raises(type(failure)):
        store_file(database, file, fail)
    assert stored_numbers(database) == ["A1", "A2", "A3", "A4"]
    # The customers keep their ids: nothing is stored twice.
    with database.reading() as session:
        before = {one.number: one.id for one in born_on(session, date(1950, 5, 3))}
    assert store_file(database, file, lambda *step: shown.append(step)) == Stored(added=5)
    assert shown == [(2, 5), (4, 5), (5, 5)]
    assert stored_numbers(database) == ["A1", "A2", "A3", "A4", "A5"]
    with database.reading() as session:
        after = {one.number: one.id for one in born_on(session, date(1950, 5, 3))}
    assert before.items() <= after.items()
    # It has ended: the next time it begins anew.
    assert store_file(database, file, quiet) == Stored(updated=5)


def test_a_resumed_import_does_not_check_again(
    database: Database, file: Path, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, *(row(number=f"A{number}") for number in range(4)))

    def fail(done: int, total: int) -> None:
        raise RecordsUnavailable("the disk is full")

    with pytest.raises(RecordsUnavailable):
        store_file(database, file, fail)
    monkeypatch.setattr(customer_csv, "check_file", lambda path, now: pytest.fail("checked"))
    assert store_file(database, file, quiet) == Stored(added=4)


def test_two_imports_of_one_file_do_not_mix(
    database: Database, file: Path, small_batches: None
) -> None:
    write(file, *(row(number=f"A{number}") for number in range(6)))

    def meanwhile(done: int, total: int) -> None:
        if done == 2:
            assert store_file(database, file, quiet) == Stored(added=6)

    with pytest.raises(RecordsError, match="another process is importing this file"):
        store_file(database, file, meanwhile)
    assert len(stored_numbers(database)) == 6


def test_an_import_in_parts_is_audited_from_its_beginning(
    database: Database, file: Path, small_batches: None
) -> None:
    write(file, *(row(number=f"A{number}") for number in range(5)))
    store_file(database, file, quiet, who="operator tanaka@host", why="CHG-1")
    with database.reading() as session:
        told = [
            (entry.who, entry.what, entry.why, entry.details)
            for entry in session.scalars(select(AuditRow).order_by(AuditRow.position))
        ]
    assert told == [
        ("operator tanaka@host", what, "CHG-1", f'{{"added":{added},"updated":0}}')
        for what, added in (("customers.import_begun", 2), ("customers.imported", 5))
    ]


def test_the_sample_customers(sqlite_database: Database, clock: ManualClock) -> None:
    assert store_file(sqlite_database, SAMPLE, quiet) == Stored(added=25)
    with sqlite_database.reading() as session:
        alike = born_on(session, date(1970, 1, 15))
        assert {(one.surname_kana, one.given_kana) for one in alike} == {("イトウ", "マコト")}
        assert len({one.surname for one in alike}) == 2
        near = born_on(session, date(1958, 7, 12))
        assert {one.surname for one in near} == {"佐藤", "斎藤", "伊藤", "加藤"}
        assert len({one.mobile for one in near}) == 4
        (taro,) = by_phone(session, "+819012345678")
        assert (taro.surname, taro.birthdate) == ("山田", date(1985, 3, 5))
        (hanako,) = by_phone(session, "+819087654321")
        assert hanako.landline and hanako.birthdate == date(1950, 5, 3)
        (recent,) = born_on(session, date(1990, 8, 8))
        assert recent.contact_changed == datetime(2026, 11, 9, 15, tzinfo=UTC)


def test_importing_the_samples_twice_changes_nothing(sqlite_url: str, clock: ManualClock) -> None:
    db = new_database(sqlite_url, clock)
    first = store_file(db, SAMPLE, quiet)
    with db.reading() as session:
        before = born_on(session, date(1950, 5, 3))
    clock.advance(86400)
    assert store_file(db, SAMPLE, quiet) == Stored(added=0, updated=first.added)
    with db.reading() as session:
        assert born_on(session, date(1950, 5, 3)) == before
    db.dispose()
