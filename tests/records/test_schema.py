import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from fixtures_databases import new_database
from sqlalchemy import inspect, text

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.records import schema
from ivr.records.database import Database
from ivr.records.models import Base

TABLES = {
    "audit_head",
    "audit_log",
    "callbacks",
    "calls",
    "check_intents",
    "codes",
    "customer_imports",
    "customers",
    "data_keys",
    "dispositions",
    "failure_counters",
    "failure_runs",
    "flow_versions",
    "incident_notes",
    "incidents",
    "kept_audio",
    "outbox",
    "request_rates",
    "result_fetches",
    "results",
    "turns",
    "verifications",
    "webhook_answers",
}


def test_migrations_make_exactly_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []
        assert set(inspect(connection).get_table_names()) == TABLES | {"alembic_version"}


def test_constraints_and_indexes_bear_the_models_names(database: Database) -> None:
    with database.engine.connect() as connection:
        inspector = inspect(connection)
        for table in Base.metadata.sorted_tables:
            found = {index["name"] for index in inspector.get_indexes(table.name)}
            assert {index.name for index in table.indexes} <= found
            assert inspector.get_pk_constraint(table.name)["name"] == table.primary_key.name
            keys = {key["name"]: key["options"] for key in inspector.get_foreign_keys(table.name)}
            assert set(keys) == {key.name for key in table.foreign_key_constraints}
            assert all(options["ondelete"] == "CASCADE" for options in keys.values())


def test_upgrading_again_changes_nothing(database: Database) -> None:
    assert database.is_current()
    database.upgrade()
    assert database.is_current()


def test_going_back_leaves_nothing_and_going_forth_restores(database: Database) -> None:
    with database.engine.begin() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    assert not database.is_current()
    database.upgrade()
    assert database.is_current()


def test_a_database_of_another_version_is_not_current(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    assert not database.is_current()


def test_without_tables_it_says_what_to_run(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("DROP TABLE alembic_version"))
    assert not database.is_current()
    with pytest.raises(RecordsUnavailable, match="ivr database upgrade"):
        database.ping()


def test_upgrades_at_the_same_time_do_not_collide(database: Database, clock: ManualClock) -> None:
    with database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {table.name}"))
        connection.execute(text("DROP TABLE alembic_version"))
    failures: list[Exception] = []

    def upgrade() -> None:
        try:
            database.upgrade()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert database.is_current()


def test_sqlite_gets_its_folder_its_file_and_a_log_kept_from_others(
    tmp_path: Path, clock: ManualClock
) -> None:
    # A % in a path must not be taken for an interpolation.
    path = tmp_path / "100% new" / "deep" / "honnin.sqlite3"
    db = new_database(f"sqlite:///{path}", clock)
    try:
        db.upgrade()
        assert db.is_current()
        with db.reading() as session:
            assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
            assert session.execute(text("PRAGMA synchronous")).scalar_one() == 2
            assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
    finally:
        db.dispose()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").touch()
    db = new_database(f"sqlite:///{tmp_path / 'file' / 'honnin.sqlite3'}", clock)
    with pytest.raises(RecordsUnavailable, match="cannot be created"):
        db.upgrade()


def test_it_works_from_any_folder(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    db = new_database("sqlite:///honnin.sqlite3", clock)
    try:
        db.upgrade()
        monkeypatch.chdir("/")
        db.ping()
        assert (tmp_path / "honnin.sqlite3").is_file()
    finally:
        db.dispose()
