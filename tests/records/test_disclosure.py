"""What is told about one person: all of it, and nothing of anybody else's."""

from __future__ import annotations

import json
from datetime import timedelta

from calls_about import token_with

from ivr.clock import ManualClock
from ivr.records import audit, audit_chain, persons, results
from ivr.records.audit import Entry
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.disclosure import PROVEN, TOLD, UNTOLD, disclose
from ivr.records.models import Base
from ivr.records.results import ResultRecord
from ivr.records.retention import own_rows
from ivr.records.rows import encrypted

#: Words that only the other customer's records hold.
OTHERS = ("T0009", "佐藤", "次郎", "サトウ", "ジロウ", "1971-12-24", "9055550000", "jiro@", "OTHER")


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
        token = token_with(customer="T0009", acr="matched")
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
