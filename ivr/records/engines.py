"""SQLAlchemy engines for the two databases, with the habits each of them needs."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from ivr.errors import SettingsError

#: Statements that frame a transaction; they are no queries.
FRAMES = ("BEGIN", "PRAGMA")
_POOL = {"pool_size": 8, "max_overflow": 24, "hide_parameters": True}
_WRITING = "ivr_writing"
#: Execution option: milliseconds this transaction may wait for SQLite's write lock.
LOCK_WAIT_MS = "ivr_lock_wait_ms"
#: Execution option: what is asked now and then, whatever the calls do; not counted.
HOUSEKEEPING = "ivr_housekeeping"


@dataclass(frozen=True, slots=True)
class Engines:
    """Two views of one pool: ``writing`` begins write transactions, ``reading`` cannot write.

    ``base`` sees the events of both. ``where`` names the database for error texts; ``path`` is
    the file of SQLite.
    """

    base: Engine
    writing: Engine
    reading: Engine
    where: str
    path: Path | None


def make_engines(url: str, wait_s: float) -> Engines:
    """Engines for ``sqlite:///FILE`` or ``postgresql://…``. Connects to nothing yet.

    ``wait_s`` bounds each wait: for a lock, a statement, a connection of the pool, the network.

    Raises:
        SettingsError: the URL is malformed, names another kind of database, or its driver is
            not installed. The URL, which may hold a password, is never quoted.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "the database URL is malformed", hint="sqlite:///FILE or postgresql://HOST/NAME"
        ) from None
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        return _sqlite(parsed, wait_s)
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return _postgresql(parsed, wait_s)
    raise SettingsError(
        f"databases of kind {parsed.drivername!r} are not supported",
        hint="sqlite:///FILE or postgresql://HOST/NAME",
    )


def _sqlite(url: URL, wait_s: float) -> Engines:
    if url.database in {None, "", ":memory:"}:
        raise SettingsError(
            "SQLite needs a file: threads do not share a database in memory",
            hint="sqlite:///var/honnin.sqlite3",
        )
    path = Path(str(url.database)).absolute()

    def connect() -> sqlite3.Connection:
        # mode=rw: a missing file is an error here; only create_sqlite_file makes one.
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw",
            uri=True,
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            # FULL, not NORMAL: "sending" and "consumed" must survive a power cut, or a code
            # would be sent or accepted twice. It costs one fsync a commit.
            connection.execute("PRAGMA synchronous = FULL")
            # What is removed or replaced is overwritten in the file, not only left out of account.
            connection.execute("PRAGMA secure_delete = ON")
            # Sorting must not leave rows in files of its own.
            connection.execute("PRAGMA temp_store = MEMORY")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite+pysqlite://", creator=connect, poolclass=QueuePool, pool_timeout=wait_s, **_POOL
    )

    @event.listens_for(engine, "connect")
    def note_file(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        entry.info["file"] = _file_id(path)

    @event.listens_for(engine, "checkout")
    def same_file(connection: DBAPIConnection, entry: ConnectionPoolEntry, proxy: object) -> None:
        # A connection to a deleted or replaced file would go on writing where nobody reads.
        if entry.info["file"] != _file_id(path):
            raise DisconnectionError("the database file was replaced")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later can fail without waiting
        # (sqlite.org/isolation.html), so writers queue at the start.
        options = connection.get_execution_options()
        writes = options.get(_WRITING, False)
        wait_ms = options.get(LOCK_WAIT_MS, round(wait_s * 1000))
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait_ms:d}")
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Engines(
        base=engine,
        writing=engine.execution_options(**{_WRITING: True}),
        reading=engine,
        where=f"the SQLite file {path}",
        path=path,
    )


def _postgresql(url: URL, wait_s: float) -> Engines:
    milliseconds = ceil(wait_s * 1000)
    arguments: dict[str, Any] = {
        "options": f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds}"
        f" -c idle_in_transaction_session_timeout={milliseconds + 60_000} -c timezone=UTC",
        "connect_timeout": max(2, ceil(wait_s)),  # libpq takes whole seconds, 2 at least
        "tcp_user_timeout": milliseconds,
        "application_name": "honnin-ivr",
    }
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=arguments,
            pool_timeout=wait_s,
            pool_pre_ping=True,
            **_POOL,
        )
    except ModuleNotFoundError:
        raise SettingsError(
            "the driver for PostgreSQL is not installed",
            hint="pip install 'honnin-ivr[postgres]'",
        ) from None
    place = f"{url.host or 'the local socket'}{f':{url.port}' if url.port else ''}"
    return Engines(
        base=engine,
        writing=engine,
        reading=engine.execution_options(postgresql_readonly=True),
        where=f"the PostgreSQL database {url.database!r} at {place}",
        path=None,
    )


def upsert(dialect: Dialect, table: type[Any]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ``ON CONFLICT`` in this dialect."""
    return sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)


def create_sqlite_file(path: Path, wait_s: float) -> None:
    """Make the file and its folder where they are missing, and put it into WAL mode for good.

    New ones are readable by their owner only. May raise OSError or sqlite3.Error.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=wait_s)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _file_id(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
