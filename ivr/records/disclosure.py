"""Everything that is stored about one person, put together to be given to them.

Nothing of other people is in it. Where nobody proved to be this person in a call, somebody else may
have said the name: then that there was such a call is told, and not what was said in it, from
which phone, or where somebody wanted to be called back. Names of our own operators stay here, too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ivr.records import audit, persons
from ivr.records.audit import KINDS, Detail, Entry
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.models import AuditRow, Base
from ivr.records.persons import Person
from ivr.records.reencryption import take_time
from ivr.records.rows import encrypted, row_name, unseal
from ivr.records.verifications import VerificationRecord

#: Table -> its columns that are told as they are, of every call about the person.
TOLD: Mapping[str, tuple[str, ...]] = {
    "turns": ("number", "at", "event", "state_name"),
    "check_intents": ("check", "created_at", "finished_at", "status"),
    "results": ("created_at", "expires_at", "accepted", "fetched_by", "fetched_at"),
    "dispositions": ("at", "label"),
    "kept_audio": ("id", "turn", "state_name", "created_at"),
    "callbacks": ("requested_at", "kept_until", "status", "ended_at"),
    "outbox": ("webhook", "kind", "created_at", "status", "ended_at"),
    "codes": ("channel", "status", "created_at", "expires_at", "consumed_at"),
}
#: Table -> columns that are told of calls only in which the person proved to be this person.
PROVEN: Mapping[str, tuple[str, ...]] = {"callbacks": ("number",)}
#: Encrypted columns that are not told as they are, and why.
UNTOLD: Mapping[str, str] = {
    "incident_notes.text": "about an incident, in operators' words, and to name nobody",
    "calls.state": "told as what was said, of proven calls",
    "calls.caller": "told as whose phone it was",
    "turns.action": "the words of a prompt, which may name who was taken for somebody before",
    "check_intents.payload": "what was said, which may have been somebody else's before",
    "kept_audio.sound": "sound: `ivr audio export` reads out what was told of here",
    "results.token": "told as its claims, where they are about this person",
    "outbox.body": "the claims of a result, for the CRM; empty once delivered",
    "verifications.evidence": "told as what was found, of what is about this person",
    "webhook_answers.answer": "gone within a day, and under no name",
}
_MODELS = {
    mapper.class_.__tablename__: cast("type[Base]", mapper.class_)
    for mapper in Base.registry.mappers
}
_CLAIMS = ("acr", "amr", "flags", "iat", "exp", "verified_at", "destination")
_EVIDENCE = (
    "match", "sent", "code", "channel", "verified_at", "code_call", "second", "second_channel",
    "recent", "recent_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Section -> its entries, each a flat or nested object that JSON can hold."""

    sections: Mapping[str, Sequence[Mapping[str, Any]]]

    def rows(self) -> list[tuple[str, int, str, str]]:
        """The same as a table: section, number of the entry in it, field, value."""
        return [
            (section, number, field, value)
            for section, entries in self.sections.items()
            for number, entry in enumerate(entries, start=1)
            for field, value in _flat("", entry)
        ]


def disclose(
    db: Database,
    number: str,
    directory_id: str | None = None,
    *,
    who: str = "process",
    why: str = "",
) -> Disclosure:
    """What is stored about the person with this customer number; that it was read is audited
    before it is.

    Raises:
        NotFound: our own directory has no such customer.
        RecordsUnavailable: the database cannot answer now.
    """
    with db.writing() as session:
        person = persons.find(session, number, directory_id)
        details: dict[str, Detail] = {
            "customer": persons.customer_mark(session, number),
            "calls": len(persons.calls_of(session, person)),
        }
        audit.note(session, Entry(who, "person.disclosed", "", why, details), db.clock.now())
    with db.reading() as session:
        take_time(session)
        return _put_together(session, person)


def _put_together(session: Session, person: Person) -> Disclosure:
    attempts = persons.verifications_of(session, person)
    calls = persons.calls_of(session, person)
    proven = {_evidence(attempt).get("proven_in") for attempt in attempts}
    return Disclosure(
        {
            "customer": [] if person.customer is None else [_plain(asdict(person.customer))],
            "calls": [_call(session, person, call, call.id in proven) for call in calls],
            "attempts": [_attempt(session, attempt) for attempt in attempts],
            "counts": [
                {"what": scope, "day": day, "value": value}
                for scope, day, value in persons.counters_of(session, person)
            ],
            "audit": _audited(session, person, [call.id for call in calls]),
        }
    )


def _call(session: Session, person: Person, call: CallRecord, proven: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "began": call.started_at.isoformat(),
        "ended": None if call.ended_at is None else call.ended_at.isoformat(),
        "ended_how": call.ended_how,
        "language": call.language,
        "number_called": call.called,
        "flow": call.flow_name,
        "phone": _whose(person, call.caller),
        "proven_by_code": proven,
    }
    if proven:
        told["said"] = json.loads(call.state).get("slots", {})
    for table in ("turns", "check_intents", "results", "dispositions", "kept_audio",
                  "callbacks", "outbox"):  # fmt: skip
        found = _belonging(session, table, "call_id", call.id, proven=proven, person=person)
        if found:
            told[table] = found
    return told


def _attempt(session: Session, attempt: VerificationRecord) -> dict[str, Any]:
    evidence = _evidence(attempt)
    found = evidence.get("evidence", {})
    return {
        "began": attempt.created_at.isoformat(),
        "language": attempt.language,
        "codes_entered": attempt.attempts,
        "codes_asked_for": attempt.sends,
        "proven": None if attempt.verified_at is None else attempt.verified_at.isoformat(),
        "spared_a_code": None if attempt.reused_at is None else attempt.reused_at.isoformat(),
        "found": {name: found[name] for name in _EVIDENCE if name in found},
        "flags": evidence.get("flags", []),
        "codes": _belonging(session, "codes", "verification_id", attempt.id),
    }


def _belonging(
    session: Session,
    name: str,
    column: str,
    value: str,
    *,
    proven: bool = False,
    person: Person | None = None,
) -> list[dict[str, Any]]:
    """Rows of a table that belong to one call or attempt, as far as they are told."""
    model = _MODELS[name]
    table = Base.metadata.tables[name]
    shown = TOLD[name] + (PROVEN.get(name, ()) if proven else ())
    told = []
    query = select(table).where(table.c[column] == value).order_by(*table.primary_key.columns)
    for row in session.execute(query).mappings():
        values = dict(row)
        for sealed in encrypted(model):
            if sealed in shown or name == "results":
                own = row_name(model, values)
                values[sealed] = unseal(session, model, sealed, own, row[sealed])
        one = _plain({field: values[field] for field in shown})
        if name == "results" and person is not None:
            one["result"] = _claims(values["token"], person.number)
        told.append(one)
    return told


def _claims(token: str, number: str) -> dict[str, Any]:
    """What a signed result says, where it is about this customer. It is ours: not checked."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
    if not isinstance(claims, dict) or claims.get("customer") != number:
        return {}
    return {name: claims[name] for name in _CLAIMS if name in claims}


def _audited(session: Session, person: Person, calls: Sequence[str]) -> list[dict[str, Any]]:
    mark = persons.customer_mark(session, person.number)
    query = select(AuditRow.at, AuditRow.who, AuditRow.what, AuditRow.why, AuditRow.details)
    about = or_(AuditRow.subject.in_(calls), AuditRow.details.contains(mark, autoescape=True))
    told = []
    for at, who, what, why, text in session.execute(query.where(about).order_by(AuditRow.position)):
        details = json.loads(text)
        # One call may have been about two people, one after the other.
        if details.pop("customer", mark) != mark:
            continue
        details.pop("verification", None)
        told.append(
            {
                "at": at,
                "who": "operator" if who.startswith("operator") else who,
                "what": KINDS.get(what, what),
                "why": why,
                "details": details,
            }
        )
    return told


def _whose(person: Person, caller: str) -> str:
    if not caller:
        return "withheld"
    customer = person.customer
    own = () if customer is None else (customer.mobile, customer.landline)
    return caller if caller in own else "another phone"


def _evidence(attempt: VerificationRecord) -> dict[str, Any]:
    found = json.loads(attempt.evidence)
    return found if isinstance(found, dict) else {}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """With texts for dates and instants."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }


def _flat(prefix: str, value: Any) -> list[tuple[str, str]]:
    """Every value inside, under a path like ``codes.1.channel``."""
    if isinstance(value, Mapping):
        parts = [(str(name), part) for name, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(str(place), part) for place, part in enumerate(value, start=1)]
    else:
        return [(prefix, "" if value is None else str(value))]
    begins = f"{prefix}." if prefix else ""
    return [cell for name, part in parts for cell in _flat(begins + name, part)]
