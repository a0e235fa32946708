"""What the audit tells: who did or saw what, when and why. No personal data.

An entry is noted in the transaction of what it tells about, and chained when that commits: both
are there, or neither (:mod:`ivr.records.audit_chain`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.records.models import AuditRow

#: Everything that is audited, and what an entry of it means.
KINDS: Mapping[str, str] = {
    "call.began": "A call was answered.",
    "call.ended": "A call ended, and how.",
    "check.ended": "A check of an identity or a code was performed, and what it found.",
    "result.issued": "A signed result was made for a transfer.",
    "result.answered": "An agent took the transfer or declined it.",
    "result.fetched": "A system read a result.",
    "result.refused": "A system asked for a result that it may not have, or not any more.",
    "call.labelled": "An agent said whether the caller was the person.",
    "labels.listed": "An operator read what agents said of callers.",
    "callback.requested": "A caller wants to be called back; again: at a number that is waiting.",
    "callback.done": "An operator noted that a caller need not be called back any more.",
    "callback.expired": "Nobody called back in time, and the number was forgotten.",
    "callbacks.listed": "An operator read the numbers of callers who wait to be called back.",
    "event.delivered": "A CRM was told of a result or of how a transfer ended.",
    "event.given_up": "A CRM could not be told, and no more attempt is made.",
    "outbox.retried": "An operator had events for CRMs delivered again.",
    "settings.in_force": "A process began with other settings than the one before it.",
    "flow.in_force": "A process began with another flow than the one before it.",
    "database.upgraded": "The tables were brought to another version.",
    "customers.import_begun": "An import of customers stored the first of several parts.",
    "customers.imported": "Customers were added or updated from a file.",
    "keys.rotated": "Fields were encrypted anew with another data key.",
    "keys.rewrapped": "The data keys were wrapped anew.",
    "keys.reindexed": "The blind indexes were made anew with another index key.",
    "keys.signing": "The next key that signs results was stored, and when it begins.",
    "keys.destroyed": "A data key was forgotten for good.",
    "audio.exported": "An operator read out what a caller said, as sound.",
    "records.purged": "Records that were older than their class is kept were removed.",
    "audit.pruned": "The oldest rows of the audit were removed, and where it begins now.",
    "person.disclosed": "What is stored about a customer was read out, to be given to them.",
    "person.corrected": "A field of a customer was corrected.",
    "person.released": "The wrong codes that a customer had in a row were forgotten.",
    "person.deleted": "A customer and what was stored about them were deleted.",
    "incident.listed": "Who was affected by an incident was read out.",
    "incident.opened": "An incident was put on record.",
    "incident.noted": "Something was noted about an incident.",
    "incident.suspected": "Whether an unlawful purpose of an incident is suspected was noted.",
    "incident.reported": "That a report of an incident was sent to the authority was noted.",
    "incident.read": "An operator read what is on record about incidents.",
    "incident.closed": "An incident was noted as over.",
    "incident.reopened": "An incident that was noted as over is not.",
    "audit.exported": "The audit was read out.",
    "audit.anchored": "The audit's head was signed, to be kept elsewhere.",
    "audit.broken": "The audit's head was missing or changed: rows before this one may be gone.",
}

#: What an entry may hold beside its text: codes and numbers.
Detail = str | int | float | bool | Sequence[str] | Mapping[str, str] | Mapping[str, int]

_NOTED = "ivr.records.audit"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``who`` acted ("caller", "agent", "system crm", "operator tanaka@host"),
    ``what`` is one of :data:`KINDS`, ``subject`` the id of the call it is about, ``why`` the
    reason ("call", or a ticket that an operator names). Codes and ids only."""

    who: str
    what: str
    subject: str = ""
    why: str = ""
    details: Mapping[str, Detail] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.what not in KINDS:
            raise ValueError(f"nothing that is audited: {self.what!r}")


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry with its instant, as the texts that are chained."""

    at: str
    who: str
    what: str
    subject: str
    why: str
    details: str


def note(session: Session, entry: Entry, at: datetime) -> None:
    """Have ``entry`` chained when this writing transaction commits. ``at`` is aware."""
    noted = Noted(
        at=instant(at),
        who=_code(entry.who, 128),
        what=entry.what,
        subject=_code(entry.subject, 128),
        why=_code(entry.why, 80),
        details=json.dumps(dict(entry.details), sort_keys=True, separators=(",", ":")),
    )
    session.info.setdefault(_NOTED, []).append(noted)


def take_noted(session: Session) -> list[Noted]:
    """What was noted since the last time, in order."""
    taken: list[Noted] = session.info.pop(_NOTED, [])
    return taken


def newest(session: Session, what: str) -> Mapping[str, object] | None:
    """The details of the newest entry of this kind, or None. For comparing; not verified."""
    query = select(AuditRow.details).where(AuditRow.what == what)
    found = session.execute(query.order_by(AuditRow.position.desc()).limit(1)).scalar_one_or_none()
    try:
        details = json.loads(found or "")
    except ValueError:
        return None
    return details if isinstance(details, dict) else None


def about(session: Session, what: str, subject: str) -> list[Mapping[str, object]]:
    """The details of every entry of this kind about one call, oldest first. Not verified."""
    query = select(AuditRow.details).where(AuditRow.what == what, AuditRow.subject == subject)
    found = session.execute(query.order_by(AuditRow.position)).scalars()
    return [details for text in found if isinstance(details := json.loads(text), dict)]


def instant(at: datetime) -> str:
    """``2026-11-22T01:00:00.000000+00:00``: the order of the texts is the order of time."""
    if at.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _code(text: str, most: int) -> str:
    # Names of flows and users may hold any letters; what is chained stays plain.
    return text.encode("ascii", "backslashreplace").decode()[:most]
