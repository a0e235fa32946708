"""Incidents on record: what is noted stays, days are the law's, and all of it is audited."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from ivr.clock import JAPAN, ManualClock
from ivr.errors import NotFound, RecordsError
from ivr.records import audit_chain, incidents, retention
from ivr.records.affected import Affected, Found, Scope
from ivr.records.database import Database
from ivr.records.incidents import IncidentRecord, Report

WHO = "operator sato@host"
KNOWN = date(2026, 11, 22)


def begun(db: Database, **changes: object) -> int:
    settings: dict[str, object] = {"known_on": KNOWN, "unlawful": False, "who": WHO, **changes}
    return incidents.begin(db, "鍵が流出した", **settings).number  # type: ignore[arg-type]


def whole(db: Database) -> int:
    """An incident that may be closed."""
    number = begun(db)
    for subject in ("cause", "prevention"):
        incidents.note(db, number, subject, f"{subject}である", who=WHO)
    for report in ("preliminary", "final"):
        incidents.sent(db, number, report, KNOWN, who=WHO)  # type: ignore[arg-type]
    return number


def audited(db: Database) -> list[tuple[str, dict[str, object]]]:
    with db.reading() as session:
        rows = [row for row in audit_chain.rows(session) if row.what.startswith("incident.")]
        assert {row.who for row in rows} <= {WHO}
        return [(row.what, json.loads(row.details)) for row in rows]


def record(known: date, *, unlawful: bool = False, **changes: object) -> IncidentRecord:
    opened = datetime(known.year, known.month, known.day, tzinfo=JAPAN)
    blank = {"preliminary_sent": None, "final_sent": None, "closed_at": None, **changes}
    return IncidentRecord(1, known, opened, unlawful, **blank)  # type: ignore[arg-type]


# --- days ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "unlawful", "expected", "preliminary", "final"),
    [
        ("2026-11-22", False, "2026-11-24", "2026-11-26", "2026-12-21"),
        ("2026-11-22", True, "2026-11-24", "2026-11-26", "2027-01-20"),
        ("2028-02-27", False, "2028-02-29", "2028-03-02", "2028-03-27"),
        ("2026-12-30", True, "2027-01-01", "2027-01-03", "2027-02-27"),
    ],
)
def test_days_are_counted_with_the_first(
    known: str, unlawful: bool, expected: str, preliminary: str, final: str
) -> None:
    known_on = record(date.fromisoformat(known), unlawful=unlawful)
    assert known_on.preliminary_expected.isoformat() == expected
    assert known_on.due("preliminary").isoformat() == preliminary
    assert known_on.due("final").isoformat() == final


@given(known=st.dates(date(2020, 1, 1), date(2090, 1, 1)), unlawful=st.booleans())
def test_a_report_is_overdue_from_the_day_after_its_last_until_it_is_sent(
    known: date, unlawful: bool
) -> None:
    reports: tuple[Report, ...] = ("preliminary", "final")
    for report in reports:
        open_ = record(known, unlawful=unlawful)
        last = open_.due(report)
        assert not open_.overdue(report, last)
        assert open_.overdue(report, last + timedelta(days=1))
        assert not record(known, **{f"{report}_sent": known}).overdue(report, date.max)
        assert not record(known, closed_at=open_.opened_at).overdue(report, date.max)


@pytest.mark.parametrize(
    ("utc", "day"),
    [("2026-11-22T14:59:59+00:00", "2026-11-22"), ("2026-11-22T15:00:00+00:00", "2026-11-23")],
)
def test_a_day_is_one_of_japan(utc: str, day: str) -> None:
    assert incidents.today(datetime.fromisoformat(utc)).isoformat() == day


# --- what is noted ------------------------------------------------------------------------


def test_the_newest_note_holds_and_the_others_stay(database: Database, clock: ManualClock) -> None:
    number = begun(database)
    incidents.note(database, number, "cause", "不明", who=WHO)
    clock.advance(3600)
    incidents.note(database, number, "cause", "退職者の鍵\n停止漏れ", who="operator ito@host")
    with database.reading() as session:
        assert [r.who for r in audit_chain.rows(session)][-1] == "operator ito@host"
    dossier = incidents.read(database, number, who=WHO)
    assert dossier.text("cause") == "退職者の鍵\n停止漏れ"
    assert dossier.text("prevention") == ""
    assert [(note.subject, note.text, note.by) for note in dossier.notes] == [
        ("summary", "鍵が流出した", WHO),
        ("cause", "不明", WHO),
        ("cause", "退職者の鍵\n停止漏れ", "operator ito@host"),
    ]
    assert dossier.notes[-1].at == clock.now()


def test_what_is_noted_is_encrypted(database: Database) -> None:
    begun(database)
    with database.engine.connect() as connection:
        (stored,) = connection.execute(text("SELECT text FROM incident_notes")).scalars()
    assert stored.startswith("v2.")
    assert "鍵" not in stored


def test_a_scope_is_noted_in_numbers_only(database: Database, clock: ManualClock) -> None:
    number = begun(database)
    scope = Scope(clock.now() - timedelta(days=7), clock.now(), account="crm")
    found = Found({"T0001": Affected("T0001")}, {"call": "+819012345678"}, 2, {"audit.exported": 1})
    incidents.add_scope(database, number, scope, found, who=WHO)
    dossier = incidents.read(database, number, who=WHO)
    (noted,) = dossier.scopes()
    assert noted == {
        "from": scope.since.isoformat(), "to": scope.until.isoformat(), "account": "crm",
        "number": "", "flow": "", "customers": 1, "nameless": 1, "unknown": 2,
        "wide": {"audit.exported": 1},
    }  # fmt: skip
    assert "T0001" not in dossier.notes[-1].text


def test_only_subjects_of_a_report_are_noted(database: Database) -> None:
    number = begun(database)
    for subject in ("scope", "blame"):
        with pytest.raises(ValueError, match="nothing that is noted"):
            incidents.note(database, number, subject, "x", who=WHO)


def test_every_change_and_every_reading_is_audited(database: Database) -> None:
    number = begun(database)
    incidents.note(database, number, "cause", "退職者の鍵", who=WHO)
    incidents.note(database, number, "prevention", "毎週の確認", who=WHO)
    incidents.suspect(database, number, True, who=WHO)
    incidents.sent(database, number, "preliminary", date(2026, 11, 25), who=WHO)
    incidents.read(database, number, who=WHO)
    incidents.close(database, number, unreported=True, who=WHO)
    incidents.reopen(database, number, who=WHO)
    assert [each.record.number for each in incidents.read_all(database, closed=False, who=WHO)] == [
        number
    ]
    assert audited(database) == [
        ("incident.opened", {"incident": number, "known_on": "2026-11-22", "unlawful": False}),
        ("incident.noted", {"incident": number, "subject": "cause"}),
        ("incident.noted", {"incident": number, "subject": "prevention"}),
        ("incident.suspected", {"incident": number, "unlawful": True}),
        ("incident.reported", {"incident": number, "on": "2026-11-25", "report": "preliminary"}),
        ("incident.read", {"incidents": [str(number)]}),
        ("incident.closed", {"incident": number, "unsent": ["final"]}),
        ("incident.reopened", {"incident": number}),
        ("incident.read", {"incidents": [str(number)]}),
    ]


# --- the end ------------------------------------------------------------------------------


def test_an_incident_is_over_when_everything_is_on_record(
    database: Database, clock: ManualClock
) -> None:
    number = begun(database)
    incidents.note(database, number, "cause", "退職者の鍵", who=WHO)
    with pytest.raises(RecordsError, match=r"nothing noted as prevention \(ivr incident note"):
        incidents.close(database, number, who=WHO)
    incidents.note(database, number, "prevention", "毎週の確認", who=WHO)
    for report in ("preliminary", "final"):
        with pytest.raises(RecordsError, match=f"the {report} report of incident"):
            incidents.close(database, number, who=WHO)
        incidents.sent(database, number, report, KNOWN, who=WHO)  # type: ignore[arg-type]
    incidents.close(database, number, who=WHO)
    assert incidents.read(database, number, who=WHO).record.closed_at == clock.now()
    assert incidents.read_all(database, closed=False, who=WHO) == []
    assert len(incidents.read_all(database, closed=True, who=WHO)) == 1


CHANGES: list[Callable[[Database, int], object]] = [
    lambda db, number: incidents.note(db, number, "cause", "x", who=WHO),
    lambda db, number: incidents.suspect(db, number, True, who=WHO),
    lambda db, number: incidents.sent(db, number, "final", KNOWN, who=WHO),
    lambda db, number: incidents.close(db, number, who=WHO),
    incidents.check_open,
]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_changes_what_is_closed_or_not_there(
    database: Database, change: Callable[[Database, int], object]
) -> None:
    number = whole(database)
    incidents.close(database, number, who=WHO)
    before = audited(database)
    with pytest.raises(RecordsError, match="is closed"):
        change(database, number)
    with pytest.raises(NotFound, match="no incident 99"):
        change(database, 99)
    assert audited(database) == before


def test_what_is_open_is_not_opened_again(database: Database) -> None:
    with pytest.raises(RecordsError, match="is open"):
        incidents.reopen(database, begun(database), who=WHO)
    with pytest.raises(NotFound):
        incidents.read(database, 99, who=WHO)


def test_only_closed_incidents_age(database: Database, clock: ManualClock) -> None:
    closed, still_open = whole(database), begun(database)
    clock.advance(86400)
    incidents.close(database, closed, who=WHO)
    periods = {"incidents": timedelta(days=1095)}
    clock.advance(1095 * 86400)
    assert retention.purge(database, periods, run="r")[0].rows == {}
    clock.advance(1)
    (gone,) = retention.purge(database, periods, run="r")
    assert gone.rows == {"incident_notes": 3, "incidents": 1}
    (left,) = incidents.read_all(database, closed=True, who=WHO)
    assert left.record.number == still_open
