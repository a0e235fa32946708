"""One person's records: disclosed, corrected, deleted; never anybody else's."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from found_customers import born_on, by_phone
from sqlalchemy import func, select

from ivr.clock import ManualClock
from ivr.errors import NotFound, RecordsError
from ivr.records import (
    audit,
    audit_chain,
    calls,
    codes,
    counters,
    customers,
    failure_runs,
    intents,
    persons,
    results,
    verifications,
)
from ivr.records.audit import Entry
from ivr.records.calls import CallRecord
from ivr.records.codes import CodeRecord
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.disclosure import PROVEN, TOLD, UNTOLD, disclose
from ivr.records.intents import IntentRecord
from ivr.records.models import Base
from ivr.records.results import ResultRecord
from ivr.records.retention import own_rows
from ivr.records.rows import encrypted
from ivr.records.verifications import VerificationRecord

#: Words that only the other customer's records hold.
OTHERS = ("T0009", "佐藤", "次郎", "サトウ", "ジロウ", "1971-12-24", "9055550000", "jiro@", "OTHER")


@pytest.fixture
def jiro() -> CustomerData:
    return CustomerData(
        id="cust-jiro",
        number="T0009",
        surname="佐藤",
        given="次郎",
        surname_kana="サトウ",
        given_kana="ジロウ",
        birthdate=date(1971, 12, 24),
        mobile="+819055550000",
        # A family: the landline is the same.
        landline="+81300000002",
        email="jiro@example.jp",
    )


def _token(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.signature"


def _calls_of(
    db: Database, call: CallRecord, who: CustomerData, name: str, *, proven: bool, said: str
) -> None:
    """A call in which ``said`` was said and fitted ``who``, with everything that belongs to it."""
    now = call.started_at
    later = now + timedelta(minutes=10)
    evidence = {
        "evidence": {"match": "one", "customer": who.number, "code": "ok" if proven else "wrong"},
        "flags": ["relay_risk"],
        "proven_in": name if proven else None,
    }
    with db.writing() as session:
        verifications.create(
            session,
            VerificationRecord(
                id=f"ver-{name}",
                caller_index=None,
                claim_index="claim",
                customer_id=who.id,
                language="ja",
                attempts=1,
                sends=1,
                verified_at=now if proven else None,
                expires_at=later,
                created_at=now,
                evidence=json.dumps(evidence),
            ),
        )
        state = json.dumps({"slots": {"name": said, "birthdate": who.birthdate.isoformat()}})
        calls.insert(
            session,
            replace(
                call, id=name, call_sid=f"CA-{name}", state=state, status="ended",
                verification_id=f"ver-{name}",
            ),
        )  # fmt: skip
        calls.add_turn(
            session, call_id=name, number=1, event="heard", action=f'{{"say": "{said}"}}', at=now,
            state_name="ask_name",
        )  # fmt: skip
        intents.create(
            session,
            IntentRecord(f"int-{name}", name, 1, "identify", said, "done", now, later),
        )
        codes.create(
            session,
            CodeRecord(f"code-{name}", f"ver-{name}", f"i-{name}", "sms", "h", "sent", now, later),
        )
        token = _token(customer=who.number, acr="verified", sub="ref-secret")
        results.insert(session, ResultRecord(f"ref-{name}", name, token, now, later, 1))
        counters.bump(session, "failures_customer", session_key(db, who), date(2026, 11, 22))
        failure_runs.bump(session, session_key(db, who), None, by=1)
        mark = persons.customer_mark(session, who.number)
        details = {"customer": mark, "check": "identify", "verification": f"ver-{name}"}
        audit.note(session, Entry("caller", "check.ended", name, "call", details), now)
        audit.note(session, Entry("operator tanaka@host", "person.disclosed", "", "T-1",
                                  {"customer": mark, "calls": 1}), now)  # fmt: skip


def session_key(db: Database, who: CustomerData) -> str:
    return db.index.of("customer", who.id)


@pytest.fixture
def two(database: Database, call: CallRecord, hanako: CustomerData, jiro: CustomerData) -> Database:
    """Hanako with a call she proved herself in and one that only named her; Jiro likewise."""
    with database.writing() as session:
        customers.put_all(session, [hanako, jiro], call.started_at)
    own = replace(call, caller=hanako.mobile or "")
    elsewhere = replace(call, caller="+819044440000")
    _calls_of(database, own, hanako, "hers", proven=True, said="やまだはなこ")
    _calls_of(database, elsewhere, hanako, "named", proven=False, said="だれかのこえ")
    his = replace(call, caller=jiro.mobile or "")
    _calls_of(database, his, jiro, "OTHER", proven=True, said="OTHER")
    return database


def test_everything_about_the_person_is_told(two: Database, hanako: CustomerData) -> None:
    told = disclose(two, "T0002", who="operator sato@host", why="REQ-1").sections

    (customer,) = told["customer"]
    assert customer["surname_kana"] == "ヤマダ"
    assert customer["birthdate"] == "1950-05-03"
    assert set(customer) == set(hanako.__slots__)
    hers = told["calls"][0]
    assert hers["said"] == {"name": "やまだはなこ", "birthdate": "1950-05-03"}
    assert (hers["phone"], hers["proven_by_code"]) == ("+819087654321", True)
    assert [turn["state_name"] for turn in hers["turns"]] == ["ask_name"]
    assert [check["check"] for check in hers["check_intents"]] == ["identify"]
    assert hers["results"][0]["result"] == {"acr": "verified"}
    assert [attempt["flags"] for attempt in told["attempts"]] == [["relay_risk"]] * 2
    assert [code["channel"] for attempt in told["attempts"] for code in attempt["codes"]] == [
        "sms",
        "sms",
    ]
    assert told["counts"] == [
        {"what": "failures_customer", "day": "2026-11-22", "value": 2},
        {"what": "failures_in_a_row", "day": "", "value": 2},
    ]
    assert len([row for row in told["audit"] if "was performed" in row["what"]]) == 2
    assert {row["who"] for row in told["audit"]} == {"caller", "operator"}


def test_what_somebody_else_may_have_said_is_not_told(two: Database) -> None:
    named = disclose(two, "T0002").sections["calls"][1]
    assert (named["phone"], named["proven_by_code"]) == ("another phone", False)
    assert "said" not in named
    assert "だれか" not in json.dumps(disclose(two, "T0002").sections, ensure_ascii=False)
    assert "9044440000" not in json.dumps(disclose(two, "T0002").sections)


def test_nothing_of_anybody_else_is_told(two: Database, jiro: CustomerData) -> None:
    hers = json.dumps(disclose(two, "T0002").sections, ensure_ascii=False)
    assert [word for word in OTHERS if word in hers] == []
    assert "tanaka" not in hers
    with two.reading() as session:
        assert persons.customer_mark(session, "T0009") not in hers
    # The same search finds him in what is told about him.
    his = json.dumps(disclose(two, "T0009").sections, ensure_ascii=False)
    assert [word for word in OTHERS if word not in his] == []


def test_a_call_about_two_people_tells_each_of_themselves(
    two: Database, clock: ManualClock
) -> None:
    """Named first as Jiro, proven as Hanako: the result and the audit of him are not hers."""
    with two.writing() as session:
        token = _token(customer="T0009", acr="matched")
        later = clock.now() + timedelta(minutes=1)
        results.insert(session, ResultRecord("early", "hers", token, clock.now(), later, 9))
        mark = persons.customer_mark(session, "T0009")
        details = {"customer": mark, "check": "identify", "match": "first of two"}
        audit.note(session, Entry("caller", "check.ended", "hers", "call", details), clock.now())

    told = disclose(two, "T0002").sections

    assert [row["result"] for row in told["calls"][0]["results"]] == [{"acr": "verified"}, {}]
    assert "first of two" not in json.dumps(told)


def test_that_it_was_read_is_told_to_the_audit_without_a_name(two: Database) -> None:
    disclose(two, "T0002", who="operator sato@host", why="REQ-1")
    with two.reading() as session:
        newest = list(audit_chain.rows(session))[-1]
        mark = persons.customer_mark(session, "T0002")
    assert (newest.who, newest.what, newest.why) == (
        "operator sato@host", "person.disclosed", "REQ-1",
    )  # fmt: skip
    assert json.loads(newest.details) == {"customer": mark, "calls": 2}


def test_the_table_holds_the_same_values(two: Database) -> None:
    found = disclose(two, "T0002")
    rows = found.rows()
    assert ("customer", 1, "number", "T0002") in rows
    assert ("calls", 1, "said.name", "やまだはなこ") in rows
    assert ("attempts", 2, "codes.1.channel", "sms") in rows
    assert len({(section, number, field) for section, number, field, _ in rows}) == len(rows)


def test_every_table_about_calls_is_told_and_every_encrypted_field_accounted_for() -> None:
    tables = Base.metadata.tables
    about, look = set(), [tables["calls"], tables["verifications"]]
    while look:
        below = [other for other, _ in own_rows(look.pop())]
        about |= {other.name for other in below}
        look += below
    # Which system read a result is told with the result.
    assert about - {"result_fetches"} == set(TOLD)
    for name, columns in [*TOLD.items(), *PROVEN.items()]:
        assert set(columns) <= set(tables[name].columns.keys())
    sealed = {
        f"{mapper.class_.__tablename__}.{column}"
        for mapper in Base.registry.mappers
        for column in encrypted(mapper.class_)
        if mapper.class_.__tablename__ not in {"customers"}
    }
    shown = [*TOLD.items(), *PROVEN.items()]
    told = {f"{name}.{column}" for name, columns in shown for column in columns}
    assert sealed - told == set(UNTOLD)


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
