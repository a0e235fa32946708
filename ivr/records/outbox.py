"""Events for CRMs, kept until they are delivered: the outbox.

An event is written in the transaction of what it tells, so that neither is there without the
other. Whoever delivers takes one with a single statement and a lease: a process that dies in
between leaves the event to the next one once the lease is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from ivr.records.models import OutboxEvent
from ivr.records.rows import Shape, insert

#: ``waiting`` to be delivered (again), ``delivered``, or ``dead``: given up.
Status = Literal["waiting", "delivered", "dead"]


@dataclass(frozen=True, slots=True)
class EventRecord:
    """``webhook`` is the name of the CRM, ``body`` the JSON that it gets (None once delivered).
    ``due_at`` is when it is tried next; from ``give_up_at`` on a failure is the last one.
    ``last_failure`` is a code such as ``timeout`` or ``500``. Instants are aware UTC."""

    id: str
    call_id: str
    webhook: str
    kind: str
    body: str | None
    created_at: datetime
    due_at: datetime
    give_up_at: datetime
    status: str = "waiting"
    attempts: int = 0
    claim: str | None = None
    last_failure: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many events of one CRM wait and are dead, and since when the oldest one waits."""

    waiting: int = 0
    dead: int = 0
    oldest: datetime | None = None


_EVENT = Shape(OutboxEvent, EventRecord)


def put(session: Session, record: EventRecord) -> None:
    """Store a new event; its call must be known."""
    session.execute(insert(session, OutboxEvent).values(**_EVENT.values(session, record)))


def is_due(session: Session, webhook: str, now: datetime) -> bool:
    """Whether :func:`claim` would find something."""
    return session.execute(_due(webhook, now).limit(1)).first() is not None


def claim(
    session: Session, webhook: str, *, by: str, now: datetime, until: datetime
) -> EventRecord | None:
    """Take the event of ``webhook`` that has been due longest, for ``by`` alone and until then.

    None where nothing is due, or others have it. The events of one call are taken in their order:
    one waits while an earlier one does.
    """
    # PostgreSQL: several at once take different rows. SQLite has one writer at a time.
    one = _due(webhook, now).order_by(OutboxEvent.due_at, OutboxEvent.position).limit(1)
    statement = (
        update(OutboxEvent)
        .where(OutboxEvent.position == one.with_for_update(skip_locked=True).scalar_subquery())
        .values(claim=by, claimed_until=until, attempts=OutboxEvent.attempts + 1)
        .returning(*_EVENT.columns)
        .execution_options(synchronize_session=False)
    )
    return _EVENT.make(session, session.execute(statement).one_or_none())


def delivered(session: Session, event: EventRecord, at: datetime) -> bool:
    """Note that an event that was claimed is delivered, and forget its body. False: the lease was
    over, and somebody else has it."""
    done = {"status": "delivered", "ended_at": at, "body": None, "last_failure": None}
    return _let_go(session, event, done)


def postpone(session: Session, event: EventRecord, failure: str, due_at: datetime) -> bool:
    """Have an event that was claimed tried again; False as for :func:`delivered`."""
    return _let_go(session, event, {"due_at": due_at, "last_failure": failure})


def bury(session: Session, event: EventRecord, failure: str, at: datetime) -> bool:
    """Give up an event that was claimed; False as for :func:`delivered`."""
    return _let_go(session, event, {"status": "dead", "ended_at": at, "last_failure": failure})


def revive(
    session: Session, ids: Sequence[str] | None, *, now: datetime, give_up_at: datetime
) -> list[EventRecord]:
    """Have events tried again from now on: those that wait or are dead and have one of ``ids``,
    or with None all that are dead. Those that were found, as they are now."""
    which: ColumnElement[bool] = OutboxEvent.status == "dead"
    if ids is not None:
        which = and_(OutboxEvent.id.in_(ids), OutboxEvent.status != "delivered")
    statement = (
        update(OutboxEvent)
        .where(which)
        .values(status="waiting", due_at=now, give_up_at=give_up_at, ended_at=None)
        .returning(*_EVENT.columns)
        .execution_options(synchronize_session=False)
    )
    found = [_EVENT.make(session, row) for row in session.execute(statement)]
    return [record for record in found if record is not None]


def listing(session: Session, statuses: Sequence[Status], limit: int) -> list[EventRecord]:
    """The newest events that have one of ``statuses``, newest first."""
    query = _EVENT.select().where(OutboxEvent.status.in_(statuses))
    return _EVENT.all(session, query.order_by(OutboxEvent.position.desc()).limit(limit))


def backlogs(session: Session) -> dict[str, Backlog]:
    """What is not delivered, by CRM; one with nothing is left out."""
    query = (
        select(
            OutboxEvent.webhook,
            OutboxEvent.status,
            func.count(),
            func.min(OutboxEvent.created_at),
        )
        .where(OutboxEvent.status.in_(("waiting", "dead")))
        .group_by(OutboxEvent.webhook, OutboxEvent.status)
    )
    found: dict[str, dict[str, Any]] = {}
    for webhook, status, count, oldest in session.execute(query):
        of_one = found.setdefault(webhook, {})
        of_one[status] = count
        if status == "waiting":
            of_one["oldest"] = oldest
    return {webhook: Backlog(**values) for webhook, values in found.items()}


def _due(webhook: str, now: datetime) -> Select[int]:
    """Positions of events that may be taken now."""
    earlier = aliased(OutboxEvent)
    # A lease that is over counts for nothing, whoever held it.
    held_up = exists().where(
        earlier.call_id == OutboxEvent.call_id,
        earlier.webhook == OutboxEvent.webhook,
        earlier.status == "waiting",
        earlier.position < OutboxEvent.position,
    )
    return select(OutboxEvent.position).where(
        OutboxEvent.webhook == webhook,
        OutboxEvent.status == "waiting",
        OutboxEvent.due_at <= now,
        or_(OutboxEvent.claimed_until.is_(None), OutboxEvent.claimed_until <= now),
        ~held_up,
    )


def _let_go(session: Session, event: EventRecord, values: dict[str, Any]) -> bool:
    statement = (
        update(OutboxEvent)
        .where(
            OutboxEvent.id == event.id,
            OutboxEvent.claim == event.claim,
            OutboxEvent.status == "waiting",
        )
        .values(claim=None, claimed_until=None, **values)
        .returning(OutboxEvent.position)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).one_or_none() is not None
