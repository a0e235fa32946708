"""Who was affected by an incident: between two instants, through an account, a number or a flow.

Calls tell it as long as they are kept; the audit tells more, and longer: what an account read, and
of calls that were purged since, about whom they were. The audit names customers by a blind index,
so whoever is no longer in the directory remains a count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ivr.records import audit, customers
from ivr.records.audit import Detail, Entry
from ivr.records.calls import CallRecord
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.models import AuditRow, Call, Verification
from ivr.records.persons import customer_mark
from ivr.records.reencryption import take_time
from ivr.records.rows import Shape, unseal

#: Entries that are about many at once: whom they showed cannot be told from the audit.
_WIDE = frozenset({"audit.exported", "incident.listed", "customers.imported"})
#: A call without an end is taken to have lasted no longer.
_LONGEST_CALL = timedelta(hours=12)
#: Ids asked for at once.
_CHUNK = 500
_CALL = Shape(Call, CallRecord)


@dataclass(frozen=True, slots=True)
class Scope:
    """From ``since`` on and before ``until`` (aware). ``account``: a system of ``IVR_RESULT_KEYS``,
    a CRM of ``IVR_CRM_WEBHOOKS`` or an operator, as the audit names them, with or without the
    first word. ``called``: the number that was called. ``flow``: how the digest of a flow begins.
    None: any."""

    since: datetime
    until: datetime
    account: str | None = None
    called: str | None = None
    flow: str | None = None


@dataclass
class Affected:
    """A customer by number: in how many calls, and when first and last, as ISO texts."""

    number: str
    calls: set[str] = field(default_factory=set)
    first: str = ""
    last: str = ""
    customer: CustomerData | None = None

    def seen(self, call: str, at: str) -> None:
        """Once more, in this call (or in none) at this instant."""
        self.calls |= {call} - {""}
        self.first = min(filter(None, (self.first, at)), default=at)
        self.last = max(self.last, at)


@dataclass
class Found:
    """``affected`` by customer number. ``nameless``: calls that nobody was found for, by id, with
    the caller's number. ``unknown``: customers that the directory does not have any more.
    ``wide``: kind -> how often the account read about many at once. ``entries``: rows of the audit
    by the account."""

    affected: dict[str, Affected] = field(default_factory=dict)
    nameless: dict[str, str] = field(default_factory=dict)
    unknown: int = 0
    wide: dict[str, int] = field(default_factory=dict)
    entries: int = 0


@dataclass
class _Told:
    """What the audit says of a scope: (call, mark, instant) of everybody named, and calls."""

    named: list[tuple[str, str, str]] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    digests: dict[str, str] = field(default_factory=dict)


def affected(
    db: Database,
    scope: Scope,
    *,
    contacts: bool = False,
    who: str = "process",
    why: str = "",
) -> Found:
    """Everybody in the scope; that the list was made is audited, before it is handed out.

    Args:
        contacts: with the customers' names and contacts, from our own directory.
        who, why: for the audit.

    Raises:
        RecordsUnavailable: the database cannot answer now.
    """
    with db.reading() as session:
        take_time(session)
        found = _found(session, scope)
        if contacts:
            for one in found.affected.values():
                one.customer = customers.by_number(session, one.number)
    details: dict[str, Detail] = {
        "from": scope.since.isoformat(),
        "to": scope.until.isoformat(),
        "account": scope.account or "",
        "number": scope.called or "",
        "flow": scope.flow or "",
        "customers": len(found.affected),
        "nameless": len(found.nameless),
        "contacts": contacts,
    }
    with db.writing() as session:
        audit.note(session, Entry(who, "incident.listed", "", why, details), db.clock.now())
    return found


def _found(session: Session, scope: Scope) -> Found:
    found = Found()
    told = _audited(session, scope, found)
    marks: dict[str, str] = {}
    there: set[str] = set()
    for call, number in _calls(session, scope, told):
        there.add(call.id)
        if number is None:
            found.nameless[call.id] = call.caller
            continue
        marks[customer_mark(session, number)] = number
        _see(found, number, call.id, call.started_at.isoformat())
    if scope.account is not None:
        # What an account read says which calls; what came before says about whom they were.
        _read_on(session, told, told.calls - there)
    left = [
        (call, mark, at) for call, mark, at in told.named if _in_scope(scope, told, call, there)
    ]
    if {mark for _, mark, _ in left} - set(marks):
        # Somebody whom no call names: slow, and only then.
        known = customers.customer_numbers(session)
        marks |= {customer_mark(session, number): number for number in known}
    for about, mark, at in left:
        found.nameless.pop(about, None)
        if mark in marks:
            _see(found, marks[mark], about, at)
    found.unknown = len({mark for _, mark, _ in left} - set(marks))
    return found


def _see(found: Found, number: str, call: str, at: str) -> None:
    found.affected.setdefault(number, Affected(number)).seen(call, at)


def _calls(session: Session, scope: Scope, told: _Told) -> Iterator[tuple[CallRecord, str | None]]:
    """The calls in a scope, with the number of the customer they are about, if there is one."""
    query = (
        select(*_CALL.columns, Verification.id, Verification.evidence)
        .join(Verification, Verification.id == Call.verification_id, isouter=True)
        .order_by(Call.started_at)
    )
    if scope.account is None:
        ended = or_(
            Call.ended_at >= scope.since,
            and_(Call.ended_at.is_(None), Call.started_at >= scope.since - _LONGEST_CALL),
        )
        query = query.where(Call.started_at < scope.until, ended)
    if scope.called is not None:
        query = query.where(Call.called == scope.called)
    if scope.flow is not None:
        query = query.where(Call.flow_digest.startswith(scope.flow, autoescape=True))
    for row in session.execute(query):
        if scope.account is not None and row[0] not in told.calls:
            continue
        call = _CALL.make(session, row[:-2])
        if call is not None:
            evidence = unseal(session, Verification, "evidence", row[-2], row[-1])
            yield call, _number_in(evidence)


def _audited(session: Session, scope: Scope, found: Found) -> _Told:
    """What the audit says between the instants, of the account if there is one."""
    told = _Told()
    within = (
        AuditRow.at >= audit.instant(scope.since),
        AuditRow.at < audit.instant(scope.until),
    )
    columns = (AuditRow.at, AuditRow.who, AuditRow.what, AuditRow.subject, AuditRow.details)
    names = {f"{kind}{scope.account}" for kind in ("", "system ", "operator ")}
    for at, who, what, subject, text in session.execute(
        select(*columns).where(*within).order_by(AuditRow.position)
    ):
        details = json.loads(text)
        if what == "call.began":
            told.digests[subject] = str(details.get("flow_digest", ""))
        # A CRM is told, so the row is ours: whoever has its account has what it was told.
        to_it = what.startswith("event.") and details.get("crm") == scope.account
        if scope.account is not None and who not in names and not to_it:
            continue
        found.entries += scope.account is not None
        if scope.account is not None and what in _WIDE:
            found.wide[what] = found.wide.get(what, 0) + 1
        if subject:
            told.calls.add(subject)
        # Without an account it is about calls; what was done to customers beside them is not.
        if "customer" in details and (subject or scope.account is not None):
            told.named.append((subject, str(details["customer"]), at))
    return told


def _read_on(session: Session, told: _Told, ids: set[str]) -> None:
    """Add what the audit says, at whatever time, of calls that were purged."""
    columns = (AuditRow.at, AuditRow.what, AuditRow.subject, AuditRow.details)
    waiting = sorted(ids)
    while waiting:
        chunk, waiting = waiting[:_CHUNK], waiting[_CHUNK:]
        query = select(*columns).where(AuditRow.subject.in_(chunk)).order_by(AuditRow.position)
        for at, what, subject, text in session.execute(query):
            details = json.loads(text)
            if what == "call.began":
                told.digests[subject] = str(details.get("flow_digest", ""))
            if "customer" in details:
                told.named.append((subject, str(details["customer"]), at))


def _in_scope(scope: Scope, told: _Told, call: str, there: set[str]) -> bool:
    """Whether what the audit says of a call counts: one that is there and in scope, or one that is
    there no more; which number was called then nobody can tell."""
    if call in there:
        return True
    if scope.called is not None:
        return False
    return scope.flow is None or told.digests.get(call, "").startswith(scope.flow)


def _number_in(evidence: str | None) -> str | None:
    found: Mapping[str, Mapping[str, str]] = json.loads(evidence or "{}")
    return found.get("evidence", {}).get("customer")
