"""Who was affected: exactly those of the scope, however the incident is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ivr.clock import ManualClock
from ivr.records import audit, audit_chain, calls, customers, persons, retention, verifications
from ivr.records.affected import Found, Scope, affected
from ivr.records.audit import Entry
from ivr.records.calls import CallRecord
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.persons import customer_mark
from ivr.records.verifications import VerificationRecord

DAY = timedelta(days=1)
NEVER_ENDED = None


def _call(
    db: Database,
    call: CallRecord,
    name: str,
    number: str | None,
    *,
    at: datetime,
    minutes: float | None = 3,
    called: str = "+81300001111",
    flow: str = "sha256-1",
    fetched_by: str | None = None,
    fetched_at: datetime | None = None,
) -> None:
    """A call about the customer with this number, in the records and in the audit."""
    ended = None if minutes is None else at + timedelta(minutes=minutes)
    evidence = {"evidence": {"match": "none"} if number is None else {"customer": number}}
    with db.writing() as session:
        verifications.create(
            session,
            VerificationRecord(
                id=f"ver-{name}",
                caller_index=None,
                claim_index="claim",
                customer_id=number and f"id-{number}",
                language="ja",
                attempts=0,
                sends=0,
                verified_at=None,
                expires_at=at,
                created_at=at,
                evidence=json.dumps(evidence),
            ),
        )
        calls.insert(
            session,
            replace(
                call, id=name, call_sid=f"CA-{name}", started_at=at, ended_at=ended, called=called,
                flow_digest=flow, status="ended", verification_id=f"ver-{name}",
                caller="+819011110000" if number is None else call.caller,
            ),
        )  # fmt: skip
        audit.note(session, Entry("caller", "call.began", name, "", {"flow_digest": flow}), at)
        if number is not None:
            mark = {"customer": customer_mark(session, number)}
            audit.note(session, Entry("caller", "check.ended", name, "call", mark), at)
        if fetched_by:
            read = Entry(f"system {fetched_by}", "result.fetched", name, "transfer")
            audit.note(session, read, fetched_at or at)


@pytest.fixture
def start(clock: ManualClock) -> datetime:
    return clock.now()


@pytest.fixture
def filled(database: Database, call: CallRecord, hanako: CustomerData, start: datetime) -> Database:
    with database.writing() as session:
        for number in ("A1", "A2", "A3", "A4"):
            person = replace(hanako, id=f"id-{number}", number=number)
            customers.add(session, person)
    rows = (
        ("before", "A1", start - DAY, {}),
        ("crm", "A1", start, {"fetched_by": "crm"}),
        ("other", "A2", start + DAY, {"called": "+81300002222", "fetched_by": "desk"}),
        ("newer", "A3", start + 2 * DAY, {"flow": "sha256-2"}),
        ("nobody", None, start + 2 * DAY, {}),
        ("late", "A4", start + 9 * DAY, {"fetched_by": "crm"}),
    )
    for name, number, at, more in rows:
        _call(database, call, name, number, at=at, **more)
    return database


def told(found: Found) -> dict[str, set[str]]:
    return {one.number: one.calls for one in found.affected.values()}


@pytest.mark.parametrize(
    ("scope", "expected", "nameless"),
    [
        ({}, {"A1": {"crm"}, "A2": {"other"}, "A3": {"newer"}}, 1),
        ({"called": "+81300002222"}, {"A2": {"other"}}, 0),
        ({"called": "+81300009999"}, {}, 0),
        ({"flow": "sha256-2"}, {"A3": {"newer"}}, 0),
        ({"flow": "sha256"}, {"A1": {"crm"}, "A2": {"other"}, "A3": {"newer"}}, 1),
        ({"account": "crm"}, {"A1": {"crm"}}, 0),
        ({"account": "system desk"}, {"A2": {"other"}}, 0),
        ({"account": "crm", "called": "+81300002222"}, {}, 0),
        ({"account": "cr%"}, {}, 0),
    ],
)
def test_exactly_those_of_the_scope(
    filled: Database, start: datetime, scope: dict[str, str], expected: object, nameless: int
) -> None:
    found = affected(filled, Scope(start, start + 3 * DAY, **scope))
    assert told(found) == expected
    assert len(found.nameless) == nameless
    assert found.unknown == 0


@pytest.mark.parametrize(
    ("minutes", "since", "until", "within"),
    [
        (3, 0, 60, True),
        (3, 3, 60, True),
        (3, 3.01, 60, False),
        (3, -60, 0, False),
        (3, -60, 0.01, True),
        (NEVER_ENDED, 600, 700, True),
        (NEVER_ENDED, 800, 900, False),
    ],
)
def test_a_call_counts_where_it_overlaps(
    database: Database,
    call: CallRecord,
    start: datetime,
    minutes: float | None,
    since: float,
    until: float,
    within: bool,
) -> None:
    _call(database, call, "one", "A1", at=start, minutes=minutes)
    scope = Scope(start + timedelta(minutes=since), start + timedelta(minutes=until))
    assert told(affected(database, scope)) == ({"A1": {"one"}} if within else {})


def test_what_an_account_read_counts_when_it_read_it(
    database: Database, call: CallRecord, start: datetime, hanako: CustomerData
) -> None:
    with database.writing() as session:
        customers.add(session, replace(hanako, number="A1"))
    read = {"fetched_by": "crm", "fetched_at": start + 5 * DAY}
    _call(database, call, "one", "A1", at=start, **read)  # type: ignore[arg-type]
    assert told(affected(database, Scope(start, start + DAY, account="crm"))) == {}
    later = Scope(start + 5 * DAY, start + 6 * DAY, account="crm")
    assert told(affected(database, later)) == {"A1": {"one"}}


def test_what_a_crm_was_told_counts_as_read_by_it(filled: Database, start: datetime) -> None:
    with filled.writing() as session:
        told_crm = {"crm": "salesdesk", "kind": "result.issued"}
        entry = Entry("process", "event.delivered", "other", "transfer", told_crm)
        audit.note(session, entry, start + DAY)
    whole = Scope(start, start + 3 * DAY, account="salesdesk")
    assert told(affected(filled, whole)) == {"A2": {"other"}}
    assert told(affected(filled, replace(whole, account="sales"))) == {}


def test_an_operators_account(filled: Database, start: datetime, clock: ManualClock) -> None:
    clock.advance(3600)
    who = "operator sato@host"
    with filled.writing() as session:
        mark = {"customer": customer_mark(session, "A4")}
        audit.note(session, Entry(who, "person.disclosed", "", "", mark), clock.now())
        audit.note(session, Entry(who, "audit.exported"), clock.now())
    found = affected(filled, Scope(start, start + DAY, account="sato@host"))
    assert told(found) == {"A4": set()}
    assert found.wide == {"audit.exported": 1}
    # It is no call, so calls at that time do not bring it in.
    assert "A4" not in told(affected(filled, Scope(start, start + DAY)))


def test_calls_that_were_purged_are_told_by_the_audit(
    filled: Database, start: datetime, clock: ManualClock
) -> None:
    clock.advance(100 * 86400)
    before = told(affected(filled, Scope(start, start + 3 * DAY)))
    periods = {"calls": DAY, "verifications": DAY}
    assert sum(gone.count for gone in retention.purge(filled, periods, run="run")) == 12

    assert told(affected(filled, Scope(start, start + 3 * DAY))) == before
    newer = Scope(start, start + 3 * DAY, flow="sha256-2")
    assert told(affected(filled, newer)) == {"A3": {"newer"}}
    assert told(affected(filled, Scope(start, start + DAY, account="crm"))) == {"A1": {"crm"}}
    # Which number was called then is gone.
    gone = Scope(start, start + 3 * DAY, called="+81300002222")
    assert told(affected(filled, gone)) == {}


def test_somebody_who_was_deleted_is_counted(filled: Database, start: datetime) -> None:
    persons.delete(filled, "A2")
    found = affected(filled, Scope(start, start + 3 * DAY))
    assert set(told(found)) == {"A1", "A3"}
    assert found.unknown == 1


def test_the_second_person_of_a_call_is_affected_too(filled: Database, start: datetime) -> None:
    with filled.writing() as session:
        mark = {"customer": customer_mark(session, "A4")}
        audit.note(session, Entry("caller", "check.ended", "nobody", "call", mark), start + 2 * DAY)
    found = affected(filled, Scope(start, start + 3 * DAY))
    assert told(found)["A4"] == {"nobody"}
    assert found.nameless == {}


def test_contacts_only_where_they_are_asked_for_and_the_audit_knows(
    filled: Database, start: datetime
) -> None:
    scope = Scope(start, start + 3 * DAY, account="crm", flow="sha256-1")
    plain = affected(filled, scope)
    assert [one.customer for one in plain.affected.values()] == [None]
    named = affected(filled, scope, contacts=True, who="operator sato@host", why="INC-1")
    assert [one.customer and one.customer.mobile for one in named.affected.values()] == [
        "+819087654321"
    ]
    with filled.reading() as session:
        first, second = [r for r in audit_chain.rows(session) if r.what == "incident.listed"]
    assert json.loads(first.details)["contacts"] is False
    assert (second.who, second.why) == ("operator sato@host", "INC-1")
    assert json.loads(second.details) == {
        "account": "crm", "contacts": True, "customers": 1, "flow": "sha256-1", "nameless": 0,
        "number": "", "from": scope.since.isoformat(), "to": scope.until.isoformat(),
    }  # fmt: skip


def test_when_somebody_was_affected_first_and_last(
    filled: Database, call: CallRecord, start: datetime
) -> None:
    _call(filled, call, "again", "A1", at=start + DAY)
    found = affected(filled, Scope(start, start + 3 * DAY)).affected["A1"]
    assert found.calls == {"crm", "again"}
    assert datetime.fromisoformat(found.first) == start
    assert datetime.fromisoformat(found.last) == start + DAY
