"""Check intents: what a call waits for, committed before anybody performs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from ivr.errors import NotFound
from ivr.records.calls import AlreadyThere
from ivr.records.models import CheckIntent
from ivr.records.rows import Shape, insert


@dataclass(frozen=True, slots=True)
class IntentRecord:
    """A check to perform. ``payload`` is JSON; ``status`` is ``pending``, ``running`` or
    ``done``. Instants are aware UTC."""

    id: str
    call_id: str
    turn: int
    check: str
    payload: str
    status: str
    created_at: datetime
    deadline_at: datetime
    claimed_at: datetime | None = None


_INTENT = Shape(CheckIntent, IntentRecord)


def create(session: Session, record: IntentRecord) -> None:
    """Store a new intent.

    Raises:
        AlreadyThere: this turn of this call has one, or the id is used.
    """
    statement = (
        insert(session, CheckIntent)
        .values(**_INTENT.values(session, record))
        .on_conflict_do_nothing()
        .returning(CheckIntent.position)
    )
    if session.execute(statement).one_or_none() is None:
        raise AlreadyThere("this turn already has a check intent", hint="find it by its turn")


def claim(session: Session, intent_id: str, at: datetime) -> IntentRecord | None:
    """Take a pending intent, once: None when someone else has it or it does not exist."""
    statement = (
        update(CheckIntent)
        .where(CheckIntent.id == intent_id, CheckIntent.status == "pending")
        .values(status="running", claimed_at=at)
        .returning(*_INTENT.columns)
        .execution_options(synchronize_session=False)
    )
    return _INTENT.make(session, session.execute(statement).one_or_none())


def finish(session: Session, intent_id: str, at: datetime) -> bool:
    """Mark an intent as performed; False when it was done already (given up, for example).

    Raises:
        NotFound: there is no such intent.
    """
    if _close(session, intent_id, at):
        return True
    if get(session, intent_id) is None:
        raise NotFound("no such check intent to finish")
    return False


def give_up(session: Session, intent_id: str) -> bool:
    """Mark an intent that is not done as done, once; True if this call did it."""
    return _close(session, intent_id, None)


def get(session: Session, intent_id: str) -> IntentRecord | None:
    """The intent with this id, or None."""
    return _INTENT.one(session, _INTENT.select().where(CheckIntent.id == intent_id))


def find(session: Session, call_id: str, turn: int) -> IntentRecord | None:
    """The intent of one turn of a call, or None."""
    return _INTENT.one(
        session,
        _INTENT.select().where(CheckIntent.call_id == call_id, CheckIntent.turn == turn),
    )


def pending(session: Session, limit: int = 50) -> list[IntentRecord]:
    """Intents nobody has taken, oldest first."""
    return _INTENT.all(
        session,
        _INTENT.select()
        .where(CheckIntent.status == "pending")
        .order_by(CheckIntent.position)
        .limit(limit),
    )


def _close(session: Session, intent_id: str, at: datetime | None) -> bool:
    statement = (
        update(CheckIntent)
        .where(CheckIntent.id == intent_id, CheckIntent.status != "done")
        .values(status="done", finished_at=at)
        .returning(CheckIntent.position)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).one_or_none() is not None
