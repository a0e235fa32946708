"""Data keys: who makes them, who wraps them, who sees a new one, and when."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from at_once import at_once
from fixtures_databases import FIELD_KEY, new_database
from found_customers import born_on
from sqlalchemy import text, update

from ivr.clock import ManualClock
from ivr.errors import RecordsError, SettingsError
from ivr.records import customers, data_keys, rotation
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.key_ring import FRESH_S
from ivr.records.key_wrapping import SettingsKeyWrapper
from ivr.records.models import Customer


def stored_tokens(database: Database, query: str = "SELECT mobile FROM customers") -> list[str]:
    with database.engine.connect() as connection:
        return list(connection.execute(text(query)).scalars())


def test_reading_makes_no_keys_and_the_first_writing_makes_one_of_each(
    database: Database, hanako: CustomerData
) -> None:
    with database.reading() as session:
        assert data_keys.every(session.connection()) == []
    with database.writing() as session:
        customers.add(session, hanako)
    with database.reading() as session:
        made = data_keys.every(session.connection())
    assert [(key.number, key.purpose) for key in made] == [(1, "field"), (2, "audit")]
    assert all(key.wrapped.startswith("local.") for key in made)
    assert stored_tokens(database)[0].startswith("v2.1.")


def test_a_rollback_takes_back_no_key_that_something_was_encrypted_with(
    database: Database, hanako: CustomerData
) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        customers.add(session, hanako)
        raise ZeroDivisionError
    with database.writing() as session:
        customers.add(session, hanako)
    with database.reading() as session:
        assert customers.by_id(session, hanako.id) == hanako
        assert len(data_keys.every(session.connection())) == 2


def test_first_writers_at_the_same_time_agree_on_the_keys(
    database: Database, database_url: str, hanako: CustomerData, clock: ManualClock
) -> None:
    processes = [new_database(database_url, clock) for _ in range(8)]

    def begin(number: int, db: Database) -> None:
        with db.writing() as session:
            customers.add(session, replace(hanako, id=f"c{number}", number=f"T{number}"))

    at_once([partial(begin, number, db) for number, db in enumerate(processes)])
    for db in (database, *processes):
        with db.reading() as session:
            assert len(born_on(session, hanako.birthdate)) == len(processes)
            assert len(data_keys.every(session.connection())) == 2
    for db in processes:
        db.dispose()


def test_a_value_moved_to_another_row_does_not_open(
    database: Database, hanako: CustomerData
) -> None:
    mallory = replace(hanako, id="cust-mallory", number="M1", mobile="+819000000666")
    with database.writing() as session:
        for customer in (hanako, mallory):
            customers.add(session, customer)
        # Whoever can write to the table would have codes for Hanako sent to Mallory's phone.
        session.execute(
            text(
                "UPDATE customers SET mobile = (SELECT mobile FROM customers WHERE id = :mallory)"
                " WHERE id = :hanako"
            ),
            {"mallory": mallory.id, "hanako": hanako.id},
        )
    with (
        pytest.raises(RecordsError, match=r"customers\.mobile cannot be decrypted"),
        database.reading() as session,
    ):
        customers.by_id(session, hanako.id)


def test_a_field_that_is_not_sealed_cannot_be_stored(
    database: Database, hanako: CustomerData
) -> None:
    with database.writing() as session:
        customers.add(session, hanako)
    for column in ("surname", "birthdate"):
        with pytest.raises(RecordsError) as caught, database.writing() as session:
            session.execute(update(Customer).values({column: "ワシオ"}))
        assert "ワシオ" not in str(caught.value)
    with database.reading() as session:
        assert customers.by_id(session, hanako.id) == hanako


def test_a_process_sees_a_new_key_within_its_time_and_writes_with_it_when_it_begins(
    database: Database, hanako: CustomerData, clock: ManualClock
) -> None:
    with database.writing() as session:
        customers.add(session, hanako)
        active_from = clock.now() + timedelta(seconds=FRESH_S + 15)
        key = database.keys.new(3, "field", active_from)
        assert data_keys.insert(session.connection(), key)

    def key_written_with(number: int) -> str:
        with database.writing() as session:
            customers.add(session, replace(hanako, id=f"c{number}", number=f"T{number}"))
        query = f"SELECT mobile FROM customers WHERE id = 'c{number}'"
        return stored_tokens(database, query)[0].rpartition(".")[0]

    assert key_written_with(1) == "v2.1"
    clock.advance(FRESH_S)
    assert key_written_with(2) == "v2.1"
    clock.advance(FRESH_S)
    assert key_written_with(3) == "v2.3"
    with database.reading() as session:
        assert len(born_on(session, hanako.birthdate)) == 4


def test_a_key_that_appears_in_the_middle_of_a_transaction_is_found(
    database: Database, database_url: str, hanako: CustomerData, clock: ManualClock
) -> None:
    with database.writing() as session:
        customers.add(session, hanako)
    other = new_database(database_url, clock)
    with other.reading() as session:
        assert customers.by_id(session, hanako.id) == hanako
    with database.writing() as session:
        data_keys.insert(session.connection(), database.keys.new(3, "field", clock.now()))
        database.keys.load(session.connection())
        customers.put_all(session, [hanako], clock.now())
    # The other process holds keys that are fresh enough, without the new one.
    with other.reading() as session:
        assert customers.by_id(session, hanako.id) == hanako
    other.dispose()


def test_the_wrapping_key_changes_without_touching_a_field(
    database: Database, database_url: str, hanako: CustomerData, clock: ManualClock
) -> None:
    with database.writing() as session:
        customers.add(session, hanako)
    before = stored_tokens(database)
    both = new_database(database_url, clock, field_key=b"n" * 32, former_field_key=FIELD_KEY)
    assert rotation.rewrap(both) == 2
    new_only = new_database(database_url, clock, field_key=b"n" * 32)
    with new_only.reading() as session:
        assert customers.by_id(session, hanako.id) == hanako
    assert stored_tokens(database) == before
    # A process that began with the old key holds what it needs; one that begins with it cannot.
    clock.advance(FRESH_S)
    with database.reading() as session:
        assert customers.by_id(session, hanako.id) == hanako
    old_only = new_database(database_url, clock)
    with pytest.raises(RecordsError, match="IVR_FIELD_KEY"), old_only.reading():
        pass
    for db in (both, new_only, old_only):
        db.dispose()


def test_a_wrapped_key_belongs_to_its_number_and_purpose() -> None:
    wrapper = SettingsKeyWrapper(FIELD_KEY)
    wrapped = wrapper.wrap(b"d" * 32, "field 3")
    assert wrapper.unwrap(wrapped, "field 3") == b"d" * 32
    for context in ("field 4", "audit 3"):
        with pytest.raises(RecordsError, match="was changed"):
            wrapper.unwrap(wrapped, context)
    with pytest.raises(RecordsError, match="IVR_FIELD_KEY"):
        SettingsKeyWrapper(b"o" * 32).unwrap(wrapped, "field 3")
    for nonsense in ("", "local.", "v2.1.AAAA", wrapped[:-9], "kms:" + wrapped):
        with pytest.raises(RecordsError):
            wrapper.unwrap(nonsense, "field 3")


def test_nothing_tells_the_wrapping_key() -> None:
    wrapper = SettingsKeyWrapper(FIELD_KEY)
    assert wrapper.wrap(b"d" * 32, "field 3") != wrapper.wrap(b"d" * 32, "field 3")
    shown = f"{wrapper!r} {wrapper.wrap(b'd' * 32, 'field 3')}"
    assert FIELD_KEY.hex() not in shown
    assert (b"d" * 32).hex() not in shown


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_wrapping_keys_of_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(SettingsError, match=f"field key has {length} bytes, not 32"):
        SettingsKeyWrapper(bytes(length))
    with pytest.raises(SettingsError, match=f"former field key has {length} bytes"):
        SettingsKeyWrapper(FIELD_KEY, bytes(length))
