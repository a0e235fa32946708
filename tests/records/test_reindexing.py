"""The index key replaced: everybody is found again, under the same id."""

from datetime import UTC, date, datetime

import pytest
from fixtures_databases import new_database
from found_customers import by_phone
from full_records import every_cell, read, records, store
from sqlalchemy import select

from ivr.clock import ManualClock
from ivr.records import counters, customers
from ivr.records.audit_check import verify
from ivr.records.database import Database
from ivr.records.models import Call
from ivr.records.reindexing import reindex
from ivr.records.rows import phone_index

WHOLE = records(datetime(2026, 11, 22, 1, tzinfo=UTC), people=450)


@pytest.fixture
def stored(database: Database) -> Database:
    store(database, WHOLE)
    with database.writing() as session:
        counters.bump(session, "claim", "a", date(2026, 11, 22))
    return database


def test_everybody_is_found_with_the_new_key_and_nobody_with_the_old(
    stored: Database, database_url: str, clock: ManualClock
) -> None:
    new = new_database(database_url, clock, index_key=b"i" * 32)
    assert read(new).customers == ()
    said: list[tuple[float, float]] = []
    assert reindex(new, lambda what, done, total: said.append((done, total))) == 451
    assert said == [(200, 451), (400, 451), (450, 451), (451, 451)]
    assert read(new) == WHOLE
    with new.reading() as session:
        assert customers.keys_fit(session)
        one = WHOLE.customers[1]
        assert one.mobile is not None
        assert by_phone(session, one.mobile) == [one]
        caller_index = session.execute(select(Call.caller_index)).scalar_one()
        assert WHOLE.call is not None
        assert caller_index == phone_index(session, WHOLE.call.caller)
        assert counters.value(session, "claim", "a", date(2026, 11, 22)) == 0
    assert read(stored).customers == ()
    assert verify(new).rows == 1
    former = {stored.index.of("birthdate", "1961-08-27"), stored.index.of("number", "Q0001")}
    assert former.isdisjoint(every_cell(new))
    new.dispose()


def test_it_can_be_stopped_and_run_again(
    stored: Database, database_url: str, clock: ManualClock
) -> None:
    new = new_database(database_url, clock, index_key=b"i" * 32)

    def stop(what: str, done: float, total: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(new, stop)
    assert reindex(new, lambda what, done, total: None) == 451
    assert read(new) == WHOLE
    new.dispose()
