"""Versions of the schema: Alembic, driven from here, without any alembic.ini."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number, the same in every process that upgrades: a lock's name in PostgreSQL.
_LOCK = 20_261_122


def upgrade(connection: Connection) -> bool:
    """Run every migration that is missing, in the transaction of ``connection``; whether there
    was one.

    Several at once queue up: SQLite by its write transaction, PostgreSQL by a lock.
    """
    if connection.dialect.name == "postgresql":
        # Waiting for another upgrade, and changing a large table, may take longer than a turn;
        # waiting for a table that callers use may not.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    config = _config()
    config.attributes["connection"] = connection
    before = version(connection)
    command.upgrade(config, "head")
    return before != newest()


def version(connection: Connection) -> str | None:
    """The version of the schema behind ``connection``; None where there is none."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def newest() -> str:
    """The version this program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise AssertionError("the package holds no migration")
    return head


def _config() -> Config:
    config = Config()
    # A % would be read as an interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
