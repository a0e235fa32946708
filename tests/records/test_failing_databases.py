"""A database that cannot answer says so, in words, and works again afterwards."""

import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fixtures_databases import new_database
from sqlalchemy import make_url, text
from wire import Wire

from ivr.clock import ManualClock
from ivr.errors import RecordsError, RecordsUnavailable, SettingsError
from ivr.records import counters, customers
from ivr.records.customers import CustomerData
from ivr.records.database import Database

TODAY = date(2026, 11, 22)


def bump(db: Database) -> int:
    with db.writing() as session:
        return counters.bump(session, "claim", "a", TODAY)


def value(db: Database) -> int:
    with db.reading() as session:
        return counters.value(session, "claim", "a", TODAY)


@pytest.fixture
def hasty(sqlite_url: str, clock: ManualClock) -> Iterator[Database]:
    """On SQLite, waiting 0.2 s."""
    db = new_database(sqlite_url, clock, wait_s=0.2)
    yield db
    db.dispose()


@pytest.fixture
def path(sqlite_url: str) -> Path:
    return Path(str(make_url(sqlite_url).database))


@pytest.fixture
def hasty_postgres(postgres_url: str, clock: ManualClock) -> Iterator[Database]:
    """On PostgreSQL, waiting 0.2 s."""
    db = new_database(postgres_url, clock, wait_s=0.2)
    yield db
    db.dispose()


def test_what_fails_is_rolled_back(database: Database) -> None:
    with pytest.raises(KeyError), database.writing() as session:
        counters.bump(session, "claim", "a", TODAY)
        raise KeyError
    assert value(database) == 0
    assert bump(database) == 1


def test_a_reading_session_cannot_write(database: Database) -> None:
    with (
        pytest.raises(RecordsUnavailable, match="cannot be written"),
        database.reading() as session,
    ):
        counters.bump(session, "claim", "a", TODAY)
    assert bump(database) == 1


def test_a_reader_sees_one_state(database: Database) -> None:
    bump(database)
    with database.reading() as session:
        assert counters.value(session, "claim", "a", TODAY) == 1
        bump(database)  # a writer does not wait for readers
    assert value(database) == 2


def test_queries_of_every_thread_are_counted(database: Database) -> None:
    with database.count_queries() as counted:
        threads = [threading.Thread(target=bump, args=(database,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert value(database) == 3
    assert counted.count == 4
    bump(database)
    assert counted.count == 4


def test_a_naive_instant_is_refused_without_quoting_it(database: Database) -> None:
    naive = database.clock.now().replace(tzinfo=None)
    with pytest.raises(RecordsError) as caught, database.writing() as session:
        customers.add(
            session,
            CustomerData("i", "N1", "山", "花", "ヤ", "ハ", TODAY, contact_changed=naive),
        )
    assert not isinstance(caught.value, RecordsUnavailable)
    assert "山" not in str(caught.value) and "2026" not in str(caught.value)


def test_a_locked_file_is_waited_for_then_said(hasty: Database, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailable, match="locked by another writer"):
        bump(hasty)
    assert value(hasty) == 0  # readers go on
    other.execute("ROLLBACK")
    other.close()
    assert bump(hasty) == 1


def test_a_writer_is_alone_from_its_first_reading_on(
    hasty: Database, sqlite_database: Database
) -> None:
    """Of two processes, whose threads nothing else puts in a queue."""
    with (
        sqlite_database.writing() as session,
        pytest.raises(RecordsUnavailable, match="locked by another writer"),
        hasty.writing() as other,
    ):
        counters.value(session, "claim", "a", TODAY)
        counters.value(other, "claim", "a", TODAY)


def test_a_missing_file_is_not_made(tmp_path: Path, clock: ManualClock) -> None:
    db = new_database(f"sqlite:///{tmp_path / 'none.sqlite3'}", clock)
    for ask in (bump, value, Database.ping, Database.is_current):
        with pytest.raises(RecordsUnavailable, match="ivr database upgrade"):
            ask(db)
    assert list(tmp_path.iterdir()) == []
    db.upgrade()
    assert bump(db) == 1
    db.dispose()


def test_a_file_deleted_under_way_is_noticed(hasty: Database, path: Path, tmp_path: Path) -> None:
    bump(hasty)
    for file in tmp_path.glob("honnin.sqlite3*"):
        file.rename(file.with_name("away-" + file.name))
    with pytest.raises(RecordsUnavailable, match="is missing"):
        bump(hasty)
    for file in tmp_path.glob("away-*"):
        file.rename(file.with_name(file.name.removeprefix("away-")))
    assert bump(hasty) == 2


def test_a_restored_backup_is_read_from_then_on(
    hasty: Database, path: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    bump(hasty)
    source, target = sqlite3.connect(path), sqlite3.connect(backup)
    source.backup(target)
    source.close()
    target.close()
    bump(hasty)
    for file in tmp_path.glob("honnin.sqlite3*"):
        file.unlink()
    shutil.move(backup, path)
    assert value(hasty) == 1


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be one" * 99])
def test_a_file_of_another_kind_is_said(tmp_path: Path, clock: ManualClock, content: bytes) -> None:
    path = tmp_path / "other.sqlite3"
    path.write_bytes(content)
    db = new_database(f"sqlite:///{path}", clock)
    with pytest.raises(RecordsUnavailable):
        value(db)
    db.dispose()


def test_a_read_only_file_can_be_read(hasty: Database, path: Path) -> None:
    bump(hasty)
    hasty.dispose()
    with path.open("r+b") as file:
        # Write version 3 makes a file read-only (sqlite.org/fileformat, 1.3.3), even for root.
        file.seek(18)
        file.write(b"\x03")
    assert value(hasty) == 1
    with pytest.raises(RecordsUnavailable, match="cannot be written"):
        bump(hasty)


def test_a_full_disk_loses_nothing(hasty: Database, hanako: CustomerData) -> None:
    bump(hasty)
    with hasty.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(RecordsUnavailable, match="is full") as caught, hasty.writing() as session:
        counters.bump(session, "claim", "a", TODAY)
        for number in range(200):
            customers.add(session, _copy(hanako, number))
    _says_nothing_private(caught.value)
    assert value(hasty) == 1
    with hasty.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert bump(hasty) == 2


def test_a_pool_without_a_free_connection_is_said(hasty: Database) -> None:
    held = [hasty.engine.connect() for _ in range(32)]
    with pytest.raises(RecordsUnavailable, match="every connection is in use"):
        value(hasty)
    for connection in held:
        connection.close()
    assert bump(hasty) == 1


def test_a_locked_row_is_waited_for_then_said(
    hasty_postgres: Database, postgres_database: Database
) -> None:
    bump(postgres_database)
    with postgres_database.writing() as session:
        counters.bump(session, "claim", "a", TODAY)
        with pytest.raises(RecordsUnavailable, match=r"locked by another writer|too long"):
            bump(hasty_postgres)
    assert bump(hasty_postgres) == 3


def test_a_slow_statement_is_given_up(hasty_postgres: Database) -> None:
    with (
        pytest.raises(RecordsUnavailable, match="took too long"),
        hasty_postgres.reading() as session,
    ):
        session.execute(text("SELECT pg_sleep(20)"))
    assert bump(hasty_postgres) == 1


def test_a_connection_ended_by_an_administrator(
    hasty_postgres: Database, postgres_database: Database, hanako: CustomerData
) -> None:
    with pytest.raises(RecordsUnavailable) as caught, hasty_postgres.writing() as session:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        customers.add(session, hanako)
        with postgres_database.writing() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        customers.add(session, _copy(hanako, 1))
    _says_nothing_private(caught.value)
    assert bump(hasty_postgres) == 1
    with postgres_database.reading() as session:
        assert customers.count(session) == 0


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    url = make_url(postgres_url)
    host = str(url.query.get("host") or url.host or "127.0.0.1")
    port = int(str(url.query.get("port") or url.port or 5432))

    def connect() -> socket.socket:
        if host.startswith("/"):
            local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            local.connect(os.path.join(host, f".s.PGSQL.{port}"))  # noqa: PTH118
            return local
        return socket.create_connection((host, port))

    made = Wire(connect)
    yield made
    made.close()


@pytest.fixture
def remote(postgres_url: str, wire: Wire, clock: ManualClock) -> Iterator[Database]:
    """PostgreSQL behind the wire."""
    url = make_url(postgres_url).set(host="127.0.0.1", port=wire.port, query={})
    db = new_database(url.render_as_string(hide_password=False), clock, wait_s=2)
    yield db
    db.dispose()


def test_a_server_that_vanishes_mid_way_and_returns(
    remote: Database, wire: Wire, hanako: CustomerData
) -> None:
    assert bump(remote) == 1
    with pytest.raises(RecordsUnavailable) as caught, remote.writing() as session:
        customers.add(session, hanako)
        wire.cut()
        customers.add(session, _copy(hanako, 1))
    _says_nothing_private(caught.value)
    for _ in range(3):
        with pytest.raises(RecordsUnavailable, match="does not answer"):
            bump(remote)
    with pytest.raises(RecordsUnavailable):
        remote.ping()
    wire.mend()
    assert bump(remote) == 2
    with remote.reading() as session:
        assert customers.count(session) == 0


def test_a_server_that_vanishes_while_idle_costs_no_turn(remote: Database, wire: Wire) -> None:
    assert bump(remote) == 1
    wire.cut()
    wire.mend()
    assert bump(remote) == 2


def test_a_database_that_does_not_exist_is_said(postgres_url: str, clock: ManualClock) -> None:
    url = make_url(postgres_url).set(database="no_such_database", password="secret-word")
    db = new_database(url.render_as_string(hide_password=False), clock)
    with pytest.raises(RecordsUnavailable) as caught:
        db.ping()
    assert "no_such_database" in str(caught.value)
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not a url", "malformed"),
        ("mysql://u:secret-word@h/n", "not supported"),
        ("sqlite+aiosqlite:///x", "not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_other_urls_are_refused(url: str, said: str, clock: ManualClock) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        new_database(url, clock)
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_uses_psycopg(scheme: str, clock: ManualClock) -> None:
    db = new_database(f"{scheme}://user:secret-word@db.example/bank", clock)
    assert db.engine.dialect.driver == "psycopg"
    assert db.where == "the PostgreSQL database 'bank' at db.example"


def _copy(customer: CustomerData, number: int) -> CustomerData:
    return CustomerData(
        id=f"copy-{number}",
        number=f"X{number}",
        surname=customer.surname,
        given=customer.given,
        surname_kana=customer.surname_kana,
        given_kana=customer.given_kana,
        birthdate=customer.birthdate,
    )


def _says_nothing_private(error: RecordsError) -> None:
    for part in ("山田", "花子", "ヤマダ", "1950", "T0002", "v1.", "INSERT", "VALUES", "[SQL"):
        assert part not in str(error)
