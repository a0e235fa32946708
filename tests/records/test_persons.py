"""One person's records: corrected, released, deleted; never anybody else's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from found_customers import born_on, by_phone
from sqlalchemy import func, select

from ivr.clock import ManualClock
from ivr.errors import NotFound, RecordsError
from ivr.records import audit_chain, calls, codes, customers, persons
from ivr.records.calls import CallRecord
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.disclosure import disclose
from ivr.records.models import Base


@pytest.mark.parametrize(
    "act", [disclose, persons.delete, lambda db, number: persons.correct(db, number, "given", "x")]
)
def test_an_unknown_number_is_told_and_leaves_no_row(
    two: Database, act: Callable[[Database, str], object]
) -> None:
    with two.reading() as session:
        before = len(list(audit_chain.rows(session)))
    with pytest.raises(NotFound, match="directory-id"):
        act(two, "T7777")
    with two.reading() as session:
        assert len(list(audit_chain.rows(session))) == before


def test_a_customer_of_another_directory_is_found_by_its_id(two: Database) -> None:
    with two.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM customers")
    told = disclose(two, "T0002", "cust-hanako").sections
    assert told["customer"] == []
    assert len(told["calls"]) == 2
    assert persons.delete(two, "T0002", "cust-hanako").rows["calls"] == 2


# --- correction ---------------------------------------------------------------------------


def test_a_corrected_contact_is_found_is_new_and_voids_codes(
    two: Database, hanako: CustomerData, clock: ManualClock
) -> None:
    clock.advance(60)
    assert persons.correct(two, "T0002", "mobile", "090-7777-7777", who="operator sato@host")

    with two.reading() as session:
        (found,) = by_phone(session, "+819077777777")
        assert by_phone(session, "+819087654321") == []
        statuses = [codes.by_intent(session, f"i-{name}") for name in ("hers", "named", "OTHER")]
        newest = list(audit_chain.rows(session))[-1]
    assert found == replace(hanako, mobile="+819077777777", contact_changed=clock.now())
    assert [code and code.status for code in statuses] == ["failed", "failed", "sent"]
    assert json.loads(newest.details)["field"] == "mobile"
    assert "7777" not in newest.details


def test_a_corrected_reading_or_birthdate_is_found_and_no_contact_changed(
    two: Database, hanako: CustomerData
) -> None:
    assert persons.correct(two, "T0002", "surname_kana", "ヤマタ")
    assert persons.correct(two, "T0002", "birthdate", "1950-05-04")
    with two.reading() as session:
        (found,) = born_on(session, date(1950, 5, 4))
        assert born_on(session, date(1950, 5, 3)) == []
        kept = codes.by_intent(session, "i-hers")
    assert (found.surname_kana, found.contact_changed) == ("ヤマタ", None)
    assert kept is not None
    assert kept.status == "sent"


def test_a_contact_may_be_taken_away(two: Database) -> None:
    assert persons.correct(two, "T0002", "landline", "")
    with two.reading() as session:
        found = customers.by_number(session, "T0002")
    assert found is not None
    assert found.landline is None
    assert found.contact_changed is not None


def test_a_correction_leaves_every_other_field(two: Database) -> None:
    for column, text in (("preferred", "voice"), ("language", "en"), ("surname", "山多")):
        assert persons.correct(two, "T0002", column, text)
    with two.reading() as session:
        before = customers.by_number(session, "T0002")
    assert persons.correct(two, "T0002", "given", "華子")
    with two.reading() as session:
        after = customers.by_number(session, "T0002")
    assert before is not None
    assert (before.preferred, before.language, before.surname) == ("voice", "en", "山多")
    assert after == replace(before, given="華子")


def test_what_is_the_same_changes_nothing_and_what_is_wrong_is_told_without_it(
    two: Database,
) -> None:
    with two.reading() as session:
        before = len(list(audit_chain.rows(session)))
    assert not persons.correct(two, "T0002", "mobile", "+81 90-8765-4321")
    for column, text in (
        ("mobile", "0312345678"),
        ("birthdate", "1950-13-01"),
        ("email", "nobody"),
    ):
        with pytest.raises(ValueError, match=column) as caught:
            persons.correct(two, "T0002", column, text)
        assert text not in str(caught.value)
    with two.reading() as session:
        assert len(list(audit_chain.rows(session))) == before


# --- a lock -------------------------------------------------------------------------------


def test_a_release_forgets_the_row_of_one_and_says_so(two: Database) -> None:
    assert persons.release(two, "T0002", who="operator sato@host", why="REQ-3") == 2
    assert persons.release(two, "T0002", who="operator sato@host", why="REQ-3") == 0
    with two.reading() as session:
        *_, first, _ = audit_chain.rows(session)
        mark = persons.customer_mark(session, "T0002")
    assert (first.what, first.who, first.why) == ("person.released", "operator sato@host", "REQ-3")
    assert json.loads(first.details) == {"customer": mark, "failures": 2}
    counted = {each["what"] for each in disclose(two, "T0002").sections["counts"]}
    assert counted == {"failures_customer"}
    counted = {each["what"] for each in disclose(two, "T0009").sections["counts"]}
    assert counted == {"failures_customer", "failures_in_a_row"}


# --- deletion -----------------------------------------------------------------------------


def _rows(db: Database) -> dict[str, int]:
    with db.reading() as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
            if table.name not in {"data_keys", "audit_log", "audit_head"}
        }


def test_deletion_takes_everything_of_one_and_nothing_of_another(two: Database) -> None:
    his = disclose(two, "T0009").sections
    before = _rows(two)

    gone = persons.delete(two, "T0002", who="operator sato@host", why="REQ-2")

    assert gone.rows == {
        "calls": 2, "turns": 2, "check_intents": 2, "results": 2, "verifications": 2, "codes": 2,
        "customers": 1, "failure_counters": 1, "failure_runs": 1,
    }  # fmt: skip
    after = _rows(two)
    assert {name: before[name] - after[name] for name in before if before[name] != after[name]} == (
        gone.rows
    )
    with pytest.raises(NotFound):
        disclose(two, "T0002")
    again = disclose(two, "T0009").sections
    assert {**again, "audit": []} == {**his, "audit": []}
    with two.reading() as session:
        rows = list(audit_chain.rows(session))
    (told,) = [row for row in rows if row.what == "person.deleted"]
    assert json.loads(told.details)["rows"] == gone.rows
    # The audit stays, for it names nobody and proves what was done.
    assert len([row for row in rows if row.subject == "hers"]) == 1


def test_nobody_is_deleted_in_the_middle_of_a_call(
    two: Database, call: CallRecord, clock: ManualClock
) -> None:
    with two.writing() as session:
        going = calls.get(session, "hers")
        assert going is not None
        calls.save(session, replace(going, status="active"))
    before = _rows(two)
    with pytest.raises(RecordsError, match="going on"):
        persons.delete(two, "T0002")
    assert _rows(two) == before

    clock.advance(13 * 3600)
    assert persons.delete(two, "T0002").rows["calls"] == 2
