"""What is left of removed rows in the files of a database, and getting rid of it.

SQLite overwrites what is removed (``secure_delete``, see :mod:`ivr.records.engines`), but its
write-ahead log still holds pages as they were. PostgreSQL keeps removed rows until it vacuums.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ivr.errors import RecordsUnavailable
from ivr.records.database import Database
from ivr.records.failures import explain


def empty_log(db: Database) -> bool:
    """Bring the write-ahead log of SQLite into its file and empty it; False where other processes
    are reading from it just now. PostgreSQL has no such log of its own: True.

    Raises:
        RecordsUnavailable: the database cannot answer now.
    """
    if db.engine.dialect.name != "sqlite":
        return True
    busy = _alone(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    return not busy


def compact(db: Database) -> None:
    """Write the database anew without what was removed. SQLite: nobody else can write meanwhile,
    and it needs as much room again. PostgreSQL: callers do not notice.

    Raises:
        RecordsUnavailable: the database cannot answer now, or its disk is full.
    """
    if db.engine.dialect.name == "sqlite":
        _alone(db, "VACUUM")
        return
    try:
        with db.engine.connect() as connection:
            own = connection.execution_options(isolation_level="AUTOCOMMIT")
            own.execute(text("SET statement_timeout = 0"))
            own.execute(text("VACUUM"))
            own.execute(text("SET statement_timeout TO DEFAULT"))
    except SQLAlchemyError as error:
        raise explain(error, db.where) from None


def _alone(db: Database, statement: str) -> int:
    """A statement that SQLite takes outside transactions only; the first number it answers."""
    try:
        with closing(db.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA query_only = OFF")
            cursor.execute(statement)
            row = cursor.fetchone()
    except sqlite3.Error as error:
        raise RecordsUnavailable(
            f"{db.where} cannot be rid of what was removed now [{error.sqlite_errorname}]",
            hint="try again when few people call, and look at the room on its disk",
        ) from None
    except SQLAlchemyError as error:
        raise explain(error, db.where) from None
    return 0 if row is None else int(row[0])
