"""Incidents on record: what is known of each, and until when it has to be reported.

What a report holds and when it is due comes from the Act on the Protection of Personal Information
(個人情報保護法), article 26, and its enforcement rules (施行規則), article 8; how many days
"promptly" (速やかに) means, from the commission's guidelines (ガイドライン通則編 3-5-3-3). Days are
those of Japan, and the day on which it became known is the first: nobody is late who keeps to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.orm import Session

from ivr.clock import JAPAN
from ivr.errors import NotFound, RecordsError
from ivr.records import audit
from ivr.records.affected import Found, Scope
from ivr.records.audit import Detail, Entry
from ivr.records.database import Database
from ivr.records.models import Incident, IncidentNote
from ivr.records.rows import Shape, insert

#: What is noted of an incident: the items 1 to 9 of article 8, paragraph 1, in their order.
SUBJECTS = (
    "summary", "data", "people", "cause", "harm", "response", "publication", "prevention", "other",
)  # fmt: skip
#: Noted by :func:`add_scope` only: what was asked for, and how many were found.
SCOPE = "scope"
#: The reports to the commission.
Report = Literal["preliminary", "final"]

#: Days within which each is due, the first included: the earlier and the later of "three to five",
#: thirty, and sixty where an unlawful purpose is suspected (article 7, item 3).
_PRELIMINARY_DAYS = (3, 5)
_FINAL_DAYS, _FINAL_DAYS_UNLAWFUL = 30, 60
#: Without these an incident is not over.
_NEEDED = ("cause", "prevention")


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """An incident by its number. ``known_on``: the day (Japan) it became known to the company.
    ``unlawful``: an unlawful purpose is suspected. ``preliminary_sent`` and ``final_sent``: the
    day each report was sent. Instants are aware UTC; ``closed_at`` is None while it is open."""

    number: int
    known_on: date
    opened_at: datetime
    unlawful: bool
    preliminary_sent: date | None
    final_sent: date | None
    closed_at: datetime | None

    @property
    def preliminary_expected(self) -> date:
        """The day from which on a preliminary report is expected."""
        return _nth_day(self.known_on, _PRELIMINARY_DAYS[0])

    @property
    def final_days(self) -> int:
        """Within how many days the final report is due."""
        return _FINAL_DAYS_UNLAWFUL if self.unlawful else _FINAL_DAYS

    def due(self, report: Report) -> date:
        """The last day for a report."""
        days = _PRELIMINARY_DAYS[1] if report == "preliminary" else self.final_days
        return _nth_day(self.known_on, days)

    def sent(self, report: Report) -> date | None:
        """The day a report was sent, or None."""
        return self.preliminary_sent if report == "preliminary" else self.final_sent

    def overdue(self, report: Report, today: date) -> bool:
        """Whether a report of an open incident should have been sent before ``today`` (Japan)."""
        return self.closed_at is None and self.sent(report) is None and today > self.due(report)


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """What somebody noted about an incident: ``subject`` is one of :data:`SUBJECTS` or
    :data:`SCOPE`. Notes are never changed; the newest of a subject holds."""

    id: str
    incident: int
    subject: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """An incident and its notes, oldest first."""

    record: IncidentRecord
    notes: Sequence[NoteRecord]

    def text(self, subject: str) -> str:
        """What holds of a subject; empty where nothing was noted."""
        return next((each.text for each in reversed(self.notes) if each.subject == subject), "")

    def scopes(self) -> list[dict[str, Any]]:
        """What was asked for and how many were found, oldest first: see :func:`add_scope`."""
        return [json.loads(each.text) for each in self.notes if each.subject == SCOPE]


_INCIDENT = Shape(Incident, IncidentRecord)
_NOTE = Shape(IncidentNote, NoteRecord)


def today(now: datetime) -> date:
    """The day it is in Japan at an instant (aware)."""
    return now.astimezone(JAPAN).date()


def begin(
    db: Database, summary: str, *, known_on: date, unlawful: bool, who: str, why: str = ""
) -> IncidentRecord:
    """Put an incident on record. ``summary``: what happened. ``who`` and ``why`` are for the
    audit, here and below."""
    now = db.clock.now()
    with db.writing() as session:
        values = {"known_on": known_on, "opened_at": now, "unlawful": unlawful}
        statement = insert(session, Incident).values(**values).returning(Incident.number)
        number: int = session.execute(statement).scalar_one()
        _add(session, number, "summary", summary, who, now)
        details: Mapping[str, Detail] = {"known_on": str(known_on), "unlawful": unlawful}
        _told(session, "incident.opened", number, details, who, why, now)
    return IncidentRecord(number, known_on, now, unlawful, None, None, None)


def note(db: Database, number: int, subject: str, text: str, *, who: str, why: str = "") -> None:
    """Note what is known of a subject of :data:`SUBJECTS`; what was noted before stays beside it.

    Raises:
        NotFound: there is no such incident.
        RecordsError: it is closed.
    """
    if subject not in SUBJECTS:
        raise ValueError(f"nothing that is noted: {subject!r}")
    _noted(db, number, subject, text, who, why)


def add_scope(
    db: Database, number: int, scope: Scope, found: Found, *, who: str, why: str = ""
) -> None:
    """Note who was looked for and how many were found, without naming anybody; errors as
    :func:`note`."""
    asked = {
        "from": scope.since.isoformat(),
        "to": scope.until.isoformat(),
        "account": scope.account or "",
        "number": scope.called or "",
        "flow": scope.flow or "",
        "customers": len(found.affected),
        "nameless": len(found.nameless),
        "unknown": found.unknown,
        "wide": found.wide,
    }
    _noted(db, number, SCOPE, json.dumps(asked), who, why)


def suspect(db: Database, number: int, unlawful: bool, *, who: str, why: str = "") -> None:
    """Note whether an unlawful purpose is suspected, on which the final report's last day depends;
    errors as :func:`note`."""
    _change(db, number, {"unlawful": unlawful}, {"unlawful": unlawful}, "suspected", who, why)


def sent(db: Database, number: int, report: Report, on: date, *, who: str, why: str = "") -> None:
    """Note the day a report was sent, or another day where one is noted; errors as :func:`note`."""
    details = {"report": report, "on": on.isoformat()}
    _change(db, number, {f"{report}_sent": on}, details, "reported", who, why)


def close(db: Database, number: int, *, unreported: bool = False, who: str, why: str = "") -> None:
    """Note that an incident is over.

    Args:
        unreported: the law asks for no report (施行規則第7条): unsent ones are no matter.

    Raises:
        NotFound: there is no such incident.
        RecordsError: it is closed, or cause, prevention or a report is missing.
    """
    now = db.clock.now()
    with db.writing() as session:
        dossier = _dossier(session, _open(session, number))
        if missing := [each for each in _NEEDED if not dossier.text(each)]:
            raise RecordsError(
                f"incident {number} has nothing noted as {' and '.join(missing)}",
                hint=f"ivr incident note {number} {missing[0]}",
            )
        reports: tuple[Report, ...] = ("preliminary", "final")
        unsent = [each for each in reports if dossier.record.sent(each) is None]
        if unsent and not unreported:
            raise RecordsError(
                f"the {unsent[0]} report of incident {number} is not noted as sent",
                hint=f"ivr incident sent {number} {unsent[0]}, or close it with --unreported where"
                " the law asks for no report",
            )
        session.execute(update(Incident).where(Incident.number == number).values(closed_at=now))
        _told(session, "incident.closed", number, {"unsent": unsent}, who, why, now)


def reopen(db: Database, number: int, *, who: str, why: str = "") -> None:
    """Note that an incident is not over after all.

    Raises:
        NotFound: there is no such incident.
        RecordsError: it is open.
    """
    now = db.clock.now()
    with db.writing() as session:
        if _locked(session, number).closed_at is None:
            raise RecordsError(f"incident {number} is open")
        session.execute(update(Incident).where(Incident.number == number).values(closed_at=None))
        _told(session, "incident.reopened", number, {}, who, why, now)


def read(db: Database, number: int, *, who: str, why: str = "") -> Dossier:
    """All that is on record of an incident; that it was read is audited.

    Raises:
        NotFound: there is no such incident.
    """
    with db.writing() as session:
        dossier = _dossier(session, _locked(session, number))
        _read(session, [dossier], who, why, db.clock.now())
    return dossier


def read_all(db: Database, *, closed: bool, who: str, why: str = "") -> list[Dossier]:
    """The incidents that are open, and where ``closed`` the others too, oldest first; that they
    were read is audited."""
    with db.writing() as session:
        query = _INCIDENT.select().order_by(Incident.number)
        if not closed:
            query = query.where(Incident.closed_at.is_(None))
        found = [_dossier(session, record) for record in _INCIDENT.all(session, query)]
        _read(session, found, who, why, db.clock.now())
    return found


def check_open(db: Database, number: int) -> None:
    """Errors as :func:`note`, before something is done for an incident."""
    with db.writing() as session:
        _open(session, number)


def _nth_day(first: date, days: int) -> date:
    return first + timedelta(days=days - 1)


def _noted(db: Database, number: int, subject: str, text: str, who: str, why: str) -> None:
    now = db.clock.now()
    with db.writing() as session:
        _open(session, number)
        _add(session, number, subject, text, who, now)
        _told(session, "incident.noted", number, {"subject": subject}, who, why, now)


def _change(
    db: Database,
    number: int,
    values: Mapping[str, Any],
    details: Mapping[str, Detail],
    what: str,
    who: str,
    why: str,
) -> None:
    now = db.clock.now()
    with db.writing() as session:
        _open(session, number)
        session.execute(update(Incident).where(Incident.number == number).values(values))
        _told(session, f"incident.{what}", number, details, who, why, now)


def _add(session: Session, number: int, subject: str, text: str, who: str, now: datetime) -> None:
    added = NoteRecord(uuid4().hex, number, subject, text, who, now)
    session.execute(insert(session, IncidentNote).values(**_NOTE.values(session, added)))


def _read(session: Session, found: Sequence[Dossier], who: str, why: str, now: datetime) -> None:
    if found:
        details = {"incidents": [str(each.record.number) for each in found]}
        audit.note(session, Entry(who, "incident.read", "", why, details), now)


def _told(
    session: Session,
    what: str,
    number: int,
    details: Mapping[str, Detail],
    who: str,
    why: str,
    now: datetime,
) -> None:
    audit.note(session, Entry(who, what, "", why, {"incident": number, **details}), now)


def _dossier(session: Session, record: IncidentRecord) -> Dossier:
    notes = _NOTE.select().where(IncidentNote.incident == record.number)
    return Dossier(record, _NOTE.all(session, notes.order_by(IncidentNote.position)))


def _open(session: Session, number: int) -> IncidentRecord:
    record = _locked(session, number)
    if record.closed_at is not None:
        raise RecordsError(f"incident {number} is closed", hint=f"ivr incident reopen {number}")
    return record


def _locked(session: Session, number: int) -> IncidentRecord:
    query = _INCIDENT.select().where(Incident.number == number).with_for_update()
    record = _INCIDENT.one(session, query)
    if record is None:
        raise _unknown(number)
    return record


def _unknown(number: int) -> NotFound:
    return NotFound(f"there is no incident {number}", hint="see: ivr incident list --all")
