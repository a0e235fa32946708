"""Which records are kept for how long, and their removal: batch by batch, while calls go on.

Every table belongs to one class of records, or is named in :data:`KEPT` with the reason why its
rows do not age. What is removed is audited in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import (
    Column,
    ColumnElement,
    CursorResult,
    Date,
    Table,
    and_,
    delete,
    exists,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from ivr.clock import JAPAN
from ivr.records import audit
from ivr.records.audit import Detail, Entry
from ivr.records.database import Database
from ivr.records.models import Base, Call, Verification
from ivr.records.reencryption import take_time

#: Rows of one batch, without those that belong to them: one transaction.
_BATCH = 200
#: Seconds between two batches, so that calls that wait for the database come first.
_PAUSE_S = 0.02

#: Class -> its tables, each with the column that tells its age. Rows that belong to a row of these
#: (turns to a call, codes to a verification) go with it.
CLASSES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "calls": (("calls", "started_at"),),
    "audio": (("kept_audio", "created_at"),),
    "verifications": (("verifications", "created_at"),),
    # Runs of customers have no day: they end with a right code, or by `ivr person release`.
    "counters": (("failure_counters", "day"), ("failure_runs", "day")),
    # Only those that are closed have an age.
    "incidents": (("incidents", "closed_at"),),
    "traffic": (("webhook_answers", "created_at"), ("request_rates", "minute")),
}
#: Tables whose rows stay, and why.
KEPT: Mapping[str, str] = {
    "customers": "the directory: rows go one by one, by `ivr person delete`",
    "customer_imports": "no personal data: one row an import that is not finished",
    "flow_versions": "no personal data: what was spoken, for results that name it",
    "data_keys": "no personal data: they open what is still there",
    "audit_log": "ages as a chain, from its oldest end (ivr.records.audit_pruning)",
    "audit_head": "no personal data: where the chain begins and ends",
}
#: What is needed for retries within minutes is not asked for after a day.
TRAFFIC = timedelta(days=1)

#: Called with a class, how many of its rows are gone, and how many were to go.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Gone:
    """What was removed, or is due to be: rows of one class by table, and the span they are from;
    instants and days as ISO texts. Nothing younger than ``before`` is among them."""

    record_class: str
    before: str
    rows: Mapping[str, int]
    first: str = ""
    last: str = ""

    @property
    def count(self) -> int:
        """All rows of all tables."""
        return sum(self.rows.values())

    def __add__(self, other: Gone) -> Gone:
        names = dict.fromkeys([*self.rows, *other.rows])
        rows = {name: self.rows.get(name, 0) + other.rows.get(name, 0) for name in names}
        firsts, lasts = filter(None, (self.first, other.first)), (self.last, other.last)
        return Gone(self.record_class, self.before, rows, min(firsts, default=""), max(lasts))


def new_run() -> str:
    """Names one run of a purge in the audit."""
    return uuid4().hex[:16]


def purge(
    db: Database,
    periods: Mapping[str, timedelta],
    *,
    run: str,
    who: str = "process",
    why: str = "",
    progress: Progress = lambda record_class, done, total: None,
) -> list[Gone]:
    """Remove every row older than the period of its class; each batch is a transaction that says
    in the audit what it removed. Stopped at any moment, it goes on when it is run again; several
    may run at once.

    Args:
        periods: class -> how long it is kept, of :data:`CLASSES`; a class left out is not touched.
        run, who, why: for the audit.

    Raises:
        RecordsUnavailable: the database cannot answer now; run it again.
    """
    now = db.clock.now()
    return [
        _purge_class(db, record_class, now - period, Entry(who, "records.purged", "", why), run,
                     progress)
        for record_class, period in periods.items()
    ]  # fmt: skip


def overdue(db: Database, periods: Mapping[str, timedelta]) -> list[Gone]:
    """What :func:`purge` would remove now; arguments and errors as there."""
    now = db.clock.now()
    with db.reading() as session:
        take_time(session)
        return [_due(session, name, now - period) for name, period in periods.items()]


def own_rows(table: Table) -> Iterator[tuple[Table, Column[Any]]]:
    """The tables whose rows belong to rows of ``table`` and go with them, and the column that says
    to which."""
    for other in Base.metadata.sorted_tables:
        for column in other.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                yield other, column


def remove(session: Session, table: Table, which: ColumnElement[bool]) -> dict[str, int]:
    """Remove rows of ``table``, and before them all that belongs to them, however far; how many
    rows of each table there were, where there were any."""
    rows: dict[str, int] = {}
    for other, theirs in _belonging(table, which):
        rows |= remove(session, other, theirs)
    removed = cast("CursorResult[Any]", session.execute(delete(table).where(which))).rowcount
    return rows | {table.name: removed} if removed else rows


def _count(session: Session, table: Table, which: ColumnElement[bool]) -> dict[str, int]:
    """How many rows :func:`remove` would remove."""
    rows: dict[str, int] = {}
    for other, theirs in _belonging(table, which):
        rows |= _count(session, other, theirs)
    many = session.execute(select(func.count()).select_from(table).where(which)).scalar_one()
    return rows | {table.name: many} if many else rows


def _belonging(
    table: Table, which: ColumnElement[bool]
) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    for other, column in own_rows(table):
        (parent,) = (key.column for key in column.foreign_keys)
        yield other, column.in_(select(parent).where(which))


def _purge_class(
    db: Database, name: str, before: datetime, entry: Entry, run: str, progress: Progress
) -> Gone:
    with db.reading() as session:
        take_time(session)
        total = _due(session, name, before).count
    gone = Gone(name, before.isoformat(), {})
    for table, age in _tables(name):
        while True:
            with db.writing() as session:
                batch = _batch(session, name, table, age, before)
                if batch.count:
                    details: dict[str, Detail] = {
                        "class": name,
                        "run": run,
                        "before": batch.before,
                        "rows": batch.rows,
                        "first": batch.first,
                        "last": batch.last,
                    }
                    told = Entry(entry.who, entry.what, entry.subject, entry.why, details)
                    audit.note(session, told, db.clock.now())
            if not batch.count:
                break
            gone += batch
            progress(name, gone.count, max(total, gone.count))
            db.clock.sleep(_PAUSE_S)
    return gone


def _batch(session: Session, name: str, table: Table, age: Column[Any], before: datetime) -> Gone:
    place = list(table.primary_key.columns)
    # Rows that a call holds at this moment are left for the next run.
    due = (
        select(age, *place)
        .where(_due_rows(table, age, before))
        .order_by(age)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    found = session.execute(due).all()
    if not found:
        return Gone(name, before.isoformat(), {})
    rows = remove(session, table, tuple_(*place).in_([tuple(row[1:]) for row in found]))
    return Gone(name, before.isoformat(), rows, _iso(found[0][0]), _iso(found[-1][0]))


def _due(session: Session, name: str, before: datetime) -> Gone:
    due = Gone(name, before.isoformat(), {})
    for table, age in _tables(name):
        which = _due_rows(table, age, before)
        rows = _count(session, table, which)
        first, last = session.execute(select(func.min(age), func.max(age)).where(which)).one()
        span = ("", "") if first is None else (_iso(first), _iso(last))
        due += Gone(name, due.before, rows, *span)
    return due


def _tables(name: str) -> list[tuple[Table, Column[Any]]]:
    tables = Base.metadata.tables
    return [(tables[table], tables[table].c[column]) for table, column in CLASSES[name]]


def _due_rows(table: Table, age: Column[Any], before: datetime) -> ColumnElement[bool]:
    # Days are those of Japan: one is over when the next has begun there.
    edge: Any = before.astimezone(JAPAN).date() if isinstance(age.type, Date) else before
    if table.name != Verification.__tablename__:
        return and_(age < edge)
    # It tells whom its calls are about, for as long as they are there.
    return and_(age < edge, ~exists().where(Call.verification_id == Verification.id))


def _iso(age: datetime | date) -> str:
    return age.isoformat()
