"""A database of version 0001, with IVR_FIELD_KEY as its only key, loses nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic import command
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fixtures_databases import FIELD_KEY, new_database
from full_records import read, records, store, token_keys
from sqlalchemy import Connection, inspect, text

from ivr.clock import ManualClock
from ivr.errors import RecordsError
from ivr.records import customers, rotation, schema
from ivr.records.database import Database
from ivr.records.key_ring import FRESH_S
from ivr.records.models import Base
from ivr.records.rows import encrypted, row_name, unseal

WHOLE = records(datetime(2026, 11, 22, 1, tzinfo=UTC))


def first_version(plain: str, context: str) -> str:
    """A field as version 0001 wrote it."""
    nonce = bytes(range(12))
    sealed = AESGCM(FIELD_KEY).encrypt(nonce, plain.encode(), context.encode())
    return "v1." + base64.urlsafe_b64encode(nonce + sealed).decode()


def go_back(connection: Connection) -> None:
    config = schema._config()
    config.attributes["connection"] = connection
    command.downgrade(config, "0001")


@pytest.fixture
def old(database: Database) -> Database:
    """All records in a database of version 0001, as that version's program wrote them."""
    store(database, WHOLE)
    with database.writing() as session:
        for model in (mapper.class_ for mapper in Base.registry.mappers):
            for row in session.execute(text(f"SELECT * FROM {model.__tablename__}")).mappings():
                values = dict(row)
                for name, kind in encrypted(model).items():
                    if values[name] is None:
                        continue
                    plain = unseal(session, model, name, row_name(model, values), values[name])
                    token = first_version(kind.to_text(plain), f"{model.__tablename__}.{name}")
                    session.execute(
                        text(
                            f"UPDATE {model.__tablename__} SET {name} = :token"
                            f" WHERE {name} = :before"
                        ),
                        {"token": token, "before": values[name]},
                    )
    with database.engine.begin() as connection:
        go_back(connection)
        assert "data_keys" not in inspect(connection).get_table_names()
    assert token_keys(database) == {"v1"}
    return database


@pytest.fixture
def upgraded(old: Database, database_url: str, clock: ManualClock) -> Iterator[Database]:
    """The same database, as a new program finds it after ``ivr database upgrade``."""
    old.upgrade()
    old.dispose()
    db = new_database(database_url, clock)
    yield db
    db.dispose()


def test_everything_is_read_before_anything_is_written(upgraded: Database) -> None:
    assert upgraded.is_current()
    assert read(upgraded) == WHOLE
    assert token_keys(upgraded) == {"v1"}


def test_old_and_new_fields_live_side_by_side(upgraded: Database) -> None:
    with upgraded.writing() as session:
        customers.put_all(session, WHOLE.customers[:1], upgraded.clock.now())
    assert token_keys(upgraded) == {"v1", "v2.1"}
    assert read(upgraded) == WHOLE


def test_one_rotation_ends_the_first_version(upgraded: Database, clock: ManualClock) -> None:
    said: list[str] = []
    done = rotation.rotate(upgraded, lambda what, done, total: said.append(what))
    assert (done.key, done.retired, done.rows) == (1, (0,), len(WHOLE.customers) + 6)
    assert token_keys(upgraded) == {"v2.1"}
    assert read(upgraded) == WHOLE
    clock.advance(rotation.KEPT.total_seconds())
    rotation.destroy(upgraded, 0)
    assert read(upgraded) == WHOLE
    with upgraded.writing() as session:
        # An old field, bound to no row, opens nowhere any more.
        token = first_version("+819000000666", "customers.mobile")
        session.execute(text("UPDATE customers SET mobile = :token"), {"token": token})
    clock.advance(FRESH_S)  # until then a process may hold the key in memory
    with pytest.raises(RecordsError, match="data key 0"):
        read(upgraded)


def test_a_wrong_key_makes_no_keys_of_its_own(
    old: Database, database_url: str, clock: ManualClock
) -> None:
    old.upgrade()
    wrong = new_database(database_url, clock, field_key=b"w" * 32)
    with pytest.raises(RecordsError, match="IVR_FIELD_KEY"), wrong.writing():
        pass
    right = new_database(database_url, clock)
    assert read(right) == WHOLE
    with right.writing():
        pass
    for db in (wrong, right):
        db.dispose()


def test_the_wrapping_key_may_change_before_anything_is_encrypted_anew(
    upgraded: Database, database_url: str, clock: ManualClock
) -> None:
    both = new_database(database_url, clock, field_key=b"n" * 32, former_field_key=FIELD_KEY)
    with both.writing():
        pass
    assert rotation.rewrap(both) == 3
    new = new_database(database_url, clock, field_key=b"n" * 32)
    assert read(new) == WHOLE
    assert "v2.1" not in token_keys(new)
    for db in (both, new):
        db.dispose()


def test_an_empty_database_never_takes_fields_of_the_first_version(
    database: Database, clock: ManualClock
) -> None:
    store(database, WHOLE)
    with database.writing() as session:
        token = first_version("+819000000666", "customers.mobile")
        session.execute(text("UPDATE customers SET mobile = :token"), {"token": token})
    with pytest.raises(RecordsError, match="data key 0"):
        read(database)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE data_keys SET destroyed_at = NULL WHERE number = 0",
        "UPDATE data_keys SET destroyed_at = NULL, retired_at = NULL, purpose = 'field'"
        " WHERE number = 0",
    ],
)
def test_whoever_may_write_to_the_tables_cannot_bring_the_first_key_back(
    upgraded: Database, clock: ManualClock, statement: str
) -> None:
    rotation.rotate(upgraded, lambda what, done, total: None)
    clock.advance(rotation.KEPT.total_seconds())
    rotation.destroy(upgraded, 0)
    with upgraded.engine.begin() as connection:
        connection.execute(text(statement))
        token = first_version("+819000000666", "customers.mobile")
        connection.execute(text("UPDATE customers SET mobile = :token"), {"token": token})
    clock.advance(FRESH_S)
    with pytest.raises(RecordsError, match="data key 0"):
        read(upgraded)
