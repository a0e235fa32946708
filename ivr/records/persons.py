"""What is stored about one person, found by customer number: corrected, and deleted.

A call is about a person where what was said fitted exactly that customer; who really called is
another question, which only a code answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ivr.errors import NotFound, RecordsError
from ivr.records import audit, codes, customers, failure_runs, retention
from ivr.records.audit import Detail, Entry
from ivr.records.calls import CallRecord
from ivr.records.customer_fields import COLUMNS, customer_of
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.models import Base, Call, Customer, FailureCounter, FailureRun, Verification
from ivr.records.rows import Shape, blind_index
from ivr.records.verifications import VerificationRecord

#: What can be corrected. The number names the customer, for others too.
CORRECTABLE = tuple(name for name in COLUMNS if name not in {"number", "contact_changed"})
_CONTACTS = frozenset({"mobile", "landline", "email"})
#: A call that began longer ago is not going on any more, whatever its row says.
_LONGEST_CALL = timedelta(hours=12)

_CALL = Shape(Call, CallRecord)
_VERIFICATION = Shape(Verification, VerificationRecord)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a customer number. ``id`` is that of the directory; ``customer`` is None where
    the directory is not ours."""

    number: str
    id: str
    customer: CustomerData | None = None


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many rows of each table were deleted."""

    rows: Mapping[str, int]


def find(session: Session, number: str, directory_id: str | None = None) -> Person:
    """The person with a customer number; ``directory_id`` is their id in a directory that is not
    ours.

    Raises:
        NotFound: our own directory has no such customer.
    """
    if directory_id is not None:
        return Person(number, directory_id)
    found = customers.by_number(session, number)
    if found is None:
        raise NotFound(
            "there is no customer with this number",
            hint="is the directory elsewhere? Then give the id there with --directory-id",
        )
    return Person(number, found.id, found)


def verifications_of(session: Session, person: Person) -> Sequence[VerificationRecord]:
    """Every attempt in which what was said fitted this person, oldest first."""
    mine = _VERIFICATION.select().where(Verification.customer_id == person.id)
    return _VERIFICATION.all(session, mine.order_by(Verification.position))


def calls_of(session: Session, person: Person) -> Sequence[CallRecord]:
    """Every call about this person, oldest first."""
    return _CALL.all(
        session, _CALL.select().where(_about(person)).order_by(Call.started_at, Call.id)
    )


def customer_mark(session: Session, number: str) -> str:
    """How the audit names a customer: a blind index of the number."""
    return blind_index(session).of("audit customer", number)


def counters_of(session: Session, person: Person) -> list[tuple[str, str, int]]:
    """What was counted for this person: what, the day (empty: over whatever time), how many."""
    query = select(FailureCounter.scope, FailureCounter.day, FailureCounter.value)
    mine = query.where(_counted(session, person)).order_by(FailureCounter.day, FailureCounter.scope)
    counted = [(scope, day.isoformat(), value) for scope, day, value in session.execute(mine)]
    in_a_row = failure_runs.value(session, _index(session, person))
    return [*counted, ("failures_in_a_row", "", in_a_row)] if in_a_row else counted


def correct(
    db: Database, number: str, column: str, text: str, *, who: str = "process", why: str = ""
) -> bool:
    """Correct one field of :data:`CORRECTABLE`, as it would stand in a customer file; whether it
    changed. Indexes follow. Where a phone or the address changes, that is noted as recent, and
    codes that are under way to the old one are void.

    Raises:
        NotFound: there is no such customer.
        ValueError: what is wrong with ``text``, without quoting it.
    """
    now = db.clock.now()
    with db.writing() as session:
        stored = find(session, number).customer
        if stored is None:
            raise AssertionError("found in our own directory")
        cells = {name: _cell(getattr(stored, name)) for name in COLUMNS} | {column: text}
        made = customer_of(cells, now)
        if not isinstance(made, CustomerData):
            raise ValueError("; ".join(f"{bad.column} {bad.message}" for bad in made))
        if replace(made, id=stored.id, contact_changed=stored.contact_changed) == stored:
            return False
        customers.put_all(session, [replace(made, contact_changed=None)], now)
        if column in _CONTACTS:
            codes.void(session, stored.id)
        details = {"customer": customer_mark(session, number), "field": column}
        audit.note(session, Entry(who, "person.corrected", "", why, details), now)
    return True


def release(
    db: Database,
    number: str,
    directory_id: str | None = None,
    *,
    who: str = "process",
    why: str = "",
) -> int:
    """Forget how many wrong codes a customer has in a row; how many there were. What was counted
    today stays until the day ends.

    Raises:
        NotFound: there is no such customer.
    """
    with db.writing() as session:
        person = find(session, number, directory_id)
        failures = failure_runs.end(session, _index(session, person))
        mark = customer_mark(session, number)
        details: dict[str, Detail] = {"customer": mark, "failures": failures}
        audit.note(session, Entry(who, "person.released", "", why, details), db.clock.now())
    return failures


def delete(
    db: Database,
    number: str,
    directory_id: str | None = None,
    *,
    who: str = "process",
    why: str = "",
) -> Deleted:
    """Delete a customer and everything about them but the audit, which names nobody: all or
    nothing.

    Raises:
        NotFound: there is no such customer.
        RecordsError: a call about them is going on: try again when it has ended.
    """
    now = db.clock.now()
    tables = Base.metadata.tables
    with db.writing() as session:
        person = find(session, number, directory_id)
        going = select(Call.id).where(
            _about(person), Call.status == "active", Call.started_at > now - _LONGEST_CALL
        )
        if session.execute(going.limit(1)).first() is not None:
            raise RecordsError(
                "a call about this customer is going on", hint="try again when it has ended"
            )
        # Its own table first: calls are found by verifications, which are still there.
        rows = retention.remove(session, tables["calls"], _about(person))
        mine = Verification.customer_id == person.id
        rows |= retention.remove(session, tables["verifications"], mine)
        rows |= retention.remove(session, tables["failure_counters"], _counted(session, person))
        run = FailureRun.key_index == _index(session, person)
        rows |= retention.remove(session, tables["failure_runs"], run)
        rows |= retention.remove(session, tables["customers"], Customer.id == person.id)
        mark = customer_mark(session, number)
        details: dict[str, Detail] = {"customer": mark, "rows": rows}
        audit.note(session, Entry(who, "person.deleted", "", why, details), now)
    return Deleted(rows)


def _about(person: Person) -> ColumnElement[bool]:
    theirs = select(Verification.id).where(Verification.customer_id == person.id)
    return Call.verification_id.in_(theirs)


def _counted(session: Session, person: Person) -> ColumnElement[bool]:
    # What is counted for a phone is about everybody who phones from there.
    return FailureCounter.key_index == _index(session, person)


def _index(session: Session, person: Person) -> str:
    return blind_index(session).of("customer", person.id)


def _cell(value: object) -> str:
    """A stored value as a customer file would have it."""
    if value is None:
        return ""
    iso = getattr(value, "isoformat", None)
    return str(value if iso is None else iso())
