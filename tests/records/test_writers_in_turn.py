"""Writers of one process queue for an SQLite file in its own order, not in SQLite's naps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fixtures_databases import new_database
from sqlalchemy import event, text

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.records import counters
from ivr.records.database import Database

#: Seconds within which a thread that does not wait would have begun long ago.
_LONG_ENOUGH = 0.2


def test_a_waiting_writer_does_not_knock_at_sqlite(sqlite_database: Database) -> None:
    with sqlite_database.writing():
        pass  # the first transaction of a database makes its keys
    begun = threading.Semaphore(0)
    event.listen(sqlite_database.engine, "begin", lambda _: begun.release(), insert=True)
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with sqlite_database.writing() as session:
            session.execute(text("SELECT 1"))

    with ThreadPoolExecutor(1) as pool:
        with sqlite_database.writing():
            assert begun.acquire(timeout=5)
            waiting = pool.submit(second)
            assert entered.wait(5)
            assert not begun.acquire(timeout=_LONG_ENOUGH)
        waiting.result(timeout=5)
    assert begun.acquire(timeout=5)


@pytest.fixture
def hasty(sqlite_url: str, clock: ManualClock) -> Iterator[Database]:
    db = new_database(sqlite_url, clock, wait_s=0.1)
    yield db
    db.dispose()


def test_a_writer_that_never_gets_its_turn_says_locked(hasty: Database) -> None:
    with (
        ThreadPoolExecutor(1) as pool,
        hasty.writing(),
        pytest.raises(RecordsUnavailable, match="locked by another writer"),
    ):
        pool.submit(_write, hasty).result(timeout=5)
    _write(hasty)


def test_a_failed_writer_gives_its_turn_back(hasty: Database) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), hasty.writing():
            raise ZeroDivisionError
    _write(hasty)


def test_other_processes_still_count(hasty: Database, sqlite_url: str, clock: ManualClock) -> None:
    other = new_database(sqlite_url, clock, wait_s=0.1)
    with other.writing(), pytest.raises(RecordsUnavailable, match="SQLITE_BUSY"):
        _write(hasty)
    _write(hasty)
    other.dispose()


def test_a_missing_file_keeps_nobody_waiting(
    hasty: Database, sqlite_url: str, tmp_path: Path
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    file.rename(tmp_path / "away")
    for _ in range(2):
        with pytest.raises(RecordsUnavailable, match="missing"):
            _write(hasty)
    (tmp_path / "away").rename(file)
    _write(hasty)


def _write(db: Database) -> None:
    with db.writing() as session:
        counters.bump(session, "test", "key", db.clock.now().date())
