"""The database: transactions, migrations, and errors that say what to do."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.clock import Clock
from ivr.errors import RecordsUnavailable
from ivr.records import schema
from ivr.records.audit_chain import append_noted
from ivr.records.cipher import BlindIndex
from ivr.records.engines import FRAMES, HOUSEKEEPING, LOCK_WAIT_MS, create_sqlite_file, make_engines
from ivr.records.failures import busy, explain
from ivr.records.key_ring import FRESH_S, KeyRing
from ivr.records.key_wrapping import KeyWrapper
from ivr.records.rows import session_info


@dataclass(slots=True)
class QueryCount:
    """Queries sent to one database while counting, by any thread; housekeeping is none."""

    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(
        self,
        connection: Connection,
        cursor: object,
        statement: str,
        parameters: object,
        context: object,
        many: bool,
    ) -> None:
        """Listener for ``before_cursor_execute``."""
        kept = connection.get_execution_options().get(HOUSEKEEPING, False)
        if not (kept or statement.startswith(FRAMES)):
            with self._lock:
                self.count += 1


class Database:
    """One database, one pool of connections, one ring of keys. Safe between threads."""

    def __init__(
        self,
        url: str,
        *,
        wrapper: KeyWrapper,
        index: BlindIndex,
        clock: Clock,
        wait_s: float = 4.0,
        keys_fresh_s: float = FRESH_S,
    ) -> None:
        """Connects to nothing yet.

        Args:
            url: ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
            wrapper: unwraps the data keys that fields are encrypted with.
            wait_s: seconds to wait for a lock, a statement or a connection before giving up.
            keys_fresh_s: seconds after which new data keys are looked for.

        Raises:
            SettingsError: the URL is malformed or of another kind, or its driver is missing.
        """
        self._engines = make_engines(url, wait_s)
        self._wait_s = wait_s
        self._writer = threading.Lock() if self._engines.path is not None else None
        self.index = index
        self.clock = clock
        self.keys = KeyRing(self._engines, wrapper, clock, wait_s=wait_s, fresh_s=keys_fresh_s)

    @property
    def engine(self) -> Engine:
        """The engine whose transactions may write."""
        return self._engines.writing

    @property
    def where(self) -> str:
        """The database in words, without password."""
        return self._engines.where

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One write transaction: committed at the end, rolled back on any exception.

        On SQLite it is alone from its first moment (``BEGIN IMMEDIATE``). What was noted in it
        (:func:`ivr.records.audit.note`) is chained with it.

        Raises:
            RecordsUnavailable: locked, full, absent, out of reach, or not upgraded.
            RecordsError: the database refused a statement.
        """
        engine = self._engines.writing
        with self._translated():
            self.keys.refresh(to_write=True)
        with self._translated(), self._in_turn() as options, self._session(engine) as session:
            # Begin now, so that waiting for the lock happens before any work.
            session.connection(execution_options=options)
            yield session
            append_noted(session)
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state and cannot write; raises like :meth:`writing`."""
        self.look_for_keys()
        with self._translated(), self._session(self._engines.reading) as session:
            yield session

    def look_for_keys(self) -> None:
        """Have :attr:`keys` know every data key that is there now, or was ``fresh_s`` ago; raises
        like :meth:`writing`."""
        with self._translated():
            self.keys.refresh(to_write=False)

    def upgrade(self) -> bool:
        """Bring the schema to the newest version; makes the file and folder of SQLite. Whether
        anything had to be done.

        All or nothing, and safe to run from several processes at once. Raises like
        :meth:`writing`.
        """
        path = self._engines.path
        if path is not None:
            try:
                create_sqlite_file(path, self._wait_s)
            except (OSError, sqlite3.Error) as error:
                raise RecordsUnavailable(
                    f"{self.where} cannot be created [{type(error).__name__}]",
                    hint="check the permissions and space of its folder",
                ) from None
        with self._translated(), self._engines.writing.begin() as connection:
            return schema.upgrade(connection)

    def is_current(self) -> bool:
        """Whether the schema is the newest version; raises like :meth:`writing`."""
        with self._translated(), self._engines.reading.connect() as connection:
            return schema.version(connection) == schema.newest()

    def ping(self) -> None:
        """Ask the smallest question that touches the data; raises like :meth:`writing`."""
        with self.reading() as session:
            session.execute(text("SELECT version_num FROM alembic_version"))

    def dispose(self) -> None:
        """Close every idle connection. The database may be used again afterwards."""
        self._engines.writing.dispose()

    @contextmanager
    def count_queries(self) -> Iterator[QueryCount]:
        """Count the queries of every thread; transaction frames are not counted."""
        counted = QueryCount()
        event.listen(self._engines.base, "before_cursor_execute", counted.note)
        try:
            yield counted
        finally:
            event.remove(self._engines.base, "before_cursor_execute", counted.note)

    @contextmanager
    def _in_turn(self) -> Iterator[dict[str, Any]]:
        """One writing thread of this process at a time, where the database is a file; gives the
        options of its transaction.

        SQLite itself lets waiting writers sleep for up to 0.1 s between looks at the lock, in no
        order: among a dozen threads some would wait for seconds (docs/benchmarks.md).
        """
        if self._writer is None:
            yield {}
            return
        began = perf_counter()
        if not self._writer.acquire(timeout=self._wait_s):
            raise busy(self.where)
        try:
            left_s = max(0.0, self._wait_s - (perf_counter() - began))
            yield {LOCK_WAIT_MS: round(left_s * 1000)}
        finally:
            self._writer.release()

    def _session(self, engine: Engine) -> Session:
        info: dict[Any, Any] = session_info(self.index, self.keys)
        return Session(engine, autoflush=False, expire_on_commit=False, info=info)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            # "from None": the driver's own text may quote a value.
            raise explain(error, self.where) from None


def once_committed(session: Session, tell: Callable[[], None]) -> None:
    """Have ``tell`` called once this transaction is committed; never where it is not. It must not
    fail, and not use the session."""
    event.listen(session, "after_commit", lambda _: tell(), once=True)
