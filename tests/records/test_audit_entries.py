"""The audit: what is noted is chained in order, or does not happen."""

from __future__ import annotations

import json

import pytest
from chain_rig import NOW, ROWS, fetch, fill, run, stored

from ivr.errors import RecordsError
from ivr.records import audit, customers
from ivr.records.audit import Entry
from ivr.records.audit_check import Verified, verify
from ivr.records.customers import CustomerData
from ivr.records.database import Database


def test_a_chain_says_what_was_noted_in_order(database: Database) -> None:
    fill(database)
    rows = stored(database)
    now = audit.instant(NOW)
    assert verify(database) == Verified(ROWS, now, now, rows[-1].mac)
    assert [row.position for row in rows] == list(range(1, ROWS + 1))
    assert [row.subject for row in rows] == [f"call-{number}" for number in range(ROWS)]
    assert rows[0].at == "2026-11-22T01:00:00.000000+00:00"
    assert (rows[0].who, rows[0].what, rows[0].why) == ("system crm", "result.fetched", "transfer")
    assert json.loads(rows[0].details) == {"turn": 3}


def test_an_empty_database_is_whole(database: Database) -> None:
    assert verify(database) == Verified(0)
    with database.writing():
        pass
    assert verify(database) == Verified(0)


def test_several_entries_of_one_transaction_are_chained_together(database: Database) -> None:
    with database.writing() as session:
        for number in range(3):
            audit.note(session, fetch(number), NOW)
    assert verify(database).rows == 3


def test_what_is_rolled_back_was_never_audited(database: Database) -> None:
    fill(database, 2)
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        audit.note(session, fetch("lost"), NOW)
        raise ZeroDivisionError
    fill(database, 1)
    assert verify(database).rows == 3


def test_what_cannot_be_audited_does_not_happen(
    sqlite_database: Database, hanako: CustomerData
) -> None:
    run(sqlite_database, "DROP TABLE audit_log")
    with pytest.raises(RecordsError), sqlite_database.writing() as session:
        customers.add(session, hanako)
        audit.note(session, fetch(1), NOW)
    with sqlite_database.reading() as session:
        assert customers.count(session) == 0


def test_an_entry_is_of_a_known_kind_and_plain_letters(database: Database) -> None:
    with pytest.raises(ValueError, match="nothing that is audited"):
        Entry("caller", "call.whistled")
    with database.writing() as session:
        audit.note(session, Entry("operator 山田", "audit.exported", "x" * 200, "理由"), NOW)
        with pytest.raises(ValueError, match="time zone"):
            audit.note(session, fetch(1), NOW.replace(tzinfo=None))
    (row,) = stored(database)
    assert (row.who, len(row.subject), row.why) == (
        "operator \\u5c71\\u7530",
        128,
        "\\u7406\\u7531",
    )
    assert verify(database).rows == 1


def test_the_newest_entry_of_a_kind_is_found(database: Database) -> None:
    fill(database, 3)
    with database.writing() as session:
        assert audit.newest(session, "flow.in_force") is None
        audit.note(session, Entry("process", "flow.in_force", details={"flow": "verify"}), NOW)
    with database.writing() as session:
        assert audit.newest(session, "flow.in_force") == {"flow": "verify"}
    run(database, "UPDATE audit_log SET details = 'no json'")
    with database.writing() as session:
        assert audit.newest(session, "flow.in_force") is None
