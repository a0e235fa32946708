from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fixtures_databases import new_database
from found_customers import born_on, by_phone

from ivr.clock import ManualClock
from ivr.errors import RecordsError
from ivr.identity.ports import Customer
from ivr.records import customers
from ivr.records.customers import CustomerData, Stored
from ivr.records.database import Database

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


def test_the_fields_are_those_of_identitys_customer() -> None:
    ours = [(field.name, field.default) for field in fields(CustomerData)]
    assert ours == [(field.name, field.default) for field in fields(Customer)]


def test_customers_are_found_by_birthdate_id_and_phone(
    database: Database, hanako: CustomerData
) -> None:
    twin = replace(hanako, id="cust-twin", number="T0003", given="華子", mobile=None)
    other = replace(
        hanako,
        id="cust-other",
        number="T0004",
        birthdate=date(1985, 3, 5),
        mobile="+819000000001",
        landline=None,
        contact_changed=NOW,
    )
    with database.writing() as session:
        for customer in (hanako, twin, other):
            customers.add(session, customer)
    with database.reading() as session:
        assert born_on(session, date(1950, 5, 3)) == [hanako, twin]
        assert born_on(session, date(1985, 3, 5)) == [other]
        assert born_on(session, date(1950, 3, 5)) == []
        assert customers.by_id(session, "cust-other") == other
        assert customers.by_id(session, "nobody") is None
        assert by_phone(session, "+819087654321") == [hanako]
        assert by_phone(session, "+81300000002") == [hanako, twin]
        assert by_phone(session, "+819000000009") == []
        assert customers.count(session) == 3
        assert customers.customer_numbers(session) == {"T0002", "T0003", "T0004"}


def test_a_number_belongs_to_one_customer(database: Database, hanako: CustomerData) -> None:
    with database.writing() as session:
        customers.add(session, hanako)
    with pytest.raises(RecordsError) as caught, database.writing() as session:
        customers.add(session, replace(hanako, id="cust-2"))
    assert "山田" not in str(caught.value) and "T0002" not in str(caught.value)


@pytest.mark.parametrize(
    ("stored_change", "changes", "given_change", "kept"),
    [
        (None, {}, None, None),
        (NOW - timedelta(days=9), {}, None, NOW - timedelta(days=9)),
        (NOW - timedelta(days=9), {"mobile": "+819000000001"}, None, NOW),
        (None, {"landline": None}, None, NOW),
        (None, {"email": "new@example.jp"}, None, NOW),
        (None, {"surname": "佐藤"}, None, None),
        (None, {"mobile": None}, NOW - timedelta(days=2), NOW - timedelta(days=2)),
    ],
)
def test_updating_notices_a_changed_contact(
    database: Database,
    hanako: CustomerData,
    stored_change: datetime | None,
    changes: dict[str, Any],
    given_change: datetime | None,
    kept: datetime | None,
) -> None:
    with database.writing() as session:
        customers.add(session, replace(hanako, contact_changed=stored_change))
        new = replace(hanako, id="ignored", contact_changed=given_change, **changes)
        assert customers.put_all(session, [new], NOW) == Stored(added=0, updated=1)
    with database.reading() as session:
        found = customers.by_id(session, hanako.id)
        assert found == replace(new, id=hanako.id, contact_changed=kept)
        assert customers.count(session) == 1


def test_an_update_moves_every_index(database: Database, hanako: CustomerData) -> None:
    moved = replace(hanako, birthdate=date(1950, 5, 4), mobile="+819000000001")
    with database.writing() as session:
        customers.add(session, hanako)
        customers.put_all(session, [moved], NOW)
        assert born_on(session, hanako.birthdate) == []
        assert by_phone(session, "+819087654321") == []
        assert [found.id for found in born_on(session, moved.birthdate)] == [hanako.id]
        assert [found.id for found in by_phone(session, "+819000000001")] == [hanako.id]


def test_databases_with_different_keys_live_side_by_side(
    sqlite_url: str, postgres_url: str, hanako: CustomerData, clock: ManualClock
) -> None:
    one = new_database(sqlite_url, clock)
    other = new_database(postgres_url, clock, field_key=b"f" * 32, index_key=b"i" * 32)
    for db in (one, other):
        with db.writing() as session:
            customers.add(session, hanako)
    for db in (one, other):
        with db.reading() as session:
            assert born_on(session, hanako.birthdate) == [hanako]
        db.dispose()


def test_wrong_keys_are_found_out(
    sqlite_database: Database, sqlite_url: str, hanako: CustomerData, clock: ManualClock
) -> None:
    with sqlite_database.reading() as session:
        assert customers.keys_fit(session)
    with sqlite_database.writing() as session:
        customers.add(session, hanako)
    with sqlite_database.reading() as session:
        assert customers.keys_fit(session)
    wrong_index = new_database(sqlite_url, clock, index_key=b"i" * 32)
    with wrong_index.reading() as session:
        assert not customers.keys_fit(session)
        assert born_on(session, hanako.birthdate) == []
    wrong_index.dispose()
    wrong_field = new_database(sqlite_url, clock, field_key=b"f" * 32)
    with (
        pytest.raises(RecordsError, match="IVR_FIELD_KEY"),
        wrong_field.reading() as session,
    ):
        customers.keys_fit(session)
    wrong_field.dispose()
