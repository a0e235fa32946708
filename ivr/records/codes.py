"""One-time codes, as keyed hashes. The code itself is nowhere in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, distinct, func, select, update
from sqlalchemy.orm import Session

from ivr.errors import NotFound
from ivr.records.models import Code, Verification
from ivr.records.rows import Shape

#: A code is ``sending`` from before the provider is asked until its answer is known; a crash
#: leaves it so, and the message may have arrived. A ``decoy`` was never sent to anyone.
STATUSES = frozenset({"sending", "sent", "failed", "decoy"})
_MAY_HAVE_ARRIVED = ("sending", "sent")


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """A code. ``intent_id`` is unique: one check sends at most one code. ``status`` is one of
    :data:`STATUSES`. Instants are aware UTC."""

    id: str
    verification_id: str
    intent_id: str
    channel: str
    code_hash: str
    status: str
    created_at: datetime
    expires_at: datetime
    consumed_at: datetime | None = None

    @property
    def may_have_arrived(self) -> bool:
        """Whether somebody may hold it."""
        return self.status in _MAY_HAVE_ARRIVED


@dataclass(frozen=True, slots=True)
class Entered:
    """Of how many requests a code went out by one channel, and of how many one was entered."""

    sent: int
    entered: int


_CODE = Shape(Code, CodeRecord)


def create(session: Session, record: CodeRecord) -> None:
    """Store a new code. A second one for the same ``intent_id`` ends the transaction with
    RecordsError: ask :func:`by_intent` first."""
    _CODE.add(session, record)


def by_intent(session: Session, intent_id: str) -> CodeRecord | None:
    """The code this check made, or None."""
    return _CODE.one(session, _CODE.select().where(Code.intent_id == intent_id))


def set_status(session: Session, code_id: str, status: str) -> None:
    """Note how sending went; NotFound where there is no such code."""
    if status not in STATUSES:
        raise ValueError(f"unknown status of a code: {status!r}")
    statement = (
        update(Code)
        .where(Code.id == code_id)
        .values(status=status)
        .returning(Code.id)
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).one_or_none() is None:
        raise NotFound("no such code")


def entered(session: Session, *, since: datetime, until: datetime) -> dict[str, Entered]:
    """By channel, the codes made from ``since`` on and before ``until`` that may have arrived,
    several of one verification as one; no entry for a channel without any."""
    used = case((Code.consumed_at.is_not(None), Code.verification_id))
    query = (
        select(Code.channel, func.count(distinct(Code.verification_id)), func.count(distinct(used)))
        .where(
            Code.created_at >= since, Code.created_at < until, Code.status.in_(_MAY_HAVE_ARRIVED)
        )
        .group_by(Code.channel)
    )
    return {channel: Entered(sent, used) for channel, sent, used in session.execute(query)}


def consume(session: Session, code_id: str, at: datetime) -> bool:
    """Use a code up, atomically: True exactly once, and never for one that expired before
    ``at``, failed or is a decoy."""
    statement = (
        update(Code)
        .where(
            Code.id == code_id,
            Code.consumed_at.is_(None),
            Code.expires_at >= at,
            Code.status.in_(_MAY_HAVE_ARRIVED),
        )
        .values(consumed_at=at)
        .returning(Code.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).one_or_none() is not None


def void(session: Session, customer_id: str) -> int:
    """Make every code worthless that was sent to this customer and not entered yet; how many."""
    theirs = select(Verification.id).where(Verification.customer_id == customer_id)
    statement = (
        update(Code)
        .where(
            Code.verification_id.in_(theirs),
            Code.consumed_at.is_(None),
            Code.status.in_(_MAY_HAVE_ARRIVED),
        )
        .values(status="failed")
        .returning(Code.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.execute(statement).all())
