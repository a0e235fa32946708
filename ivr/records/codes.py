"""One-time codes, as keyed hashes. The code itself is nowhere in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from ivr.errors import NotFound
from ivr.records.models import Code
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


_CODE = Shape(Code, CodeRecord)


def create(session: Session, record: CodeRecord) -> None:
    """Store a new code. A second one for the same ``intent_id`` ends the transaction with
    RecordsError: ask :func:`by_intent` first."""
    session.execute(insert(Code).values(**_CODE.values(session, record)))


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


def newest(session: Session, verification_id: str) -> CodeRecord | None:
    """The code that counts: the newest whose sending did not fail, whether expired or consumed
    or not. It replaces all older ones; a failed resend leaves the code before it in force."""
    return _CODE.one(
        session,
        _CODE.select()
        .where(Code.verification_id == verification_id, Code.status != "failed")
        .order_by(Code.position.desc()),
    )


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
