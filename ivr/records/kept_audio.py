"""What callers said, as sound: of single turns, where settings and the caller allow it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ivr.records.models import KeptAudio
from ivr.records.rows import Shape, insert


@dataclass(frozen=True, slots=True)
class KeptAudioRecord:
    """The answer to ``turn``, which the state ``state_name`` asked for, in µ-law (8000 samples a
    second); ``created_at`` is aware."""

    id: str
    call_id: str
    turn: int
    state_name: str
    language: str
    sound: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A :class:`KeptAudioRecord` without its sound."""

    id: str
    call_id: str
    turn: int
    state_name: str
    language: str
    created_at: datetime


_KEPT, _LISTED = Shape(KeptAudio, KeptAudioRecord), Shape(KeptAudio, Listed)


def add(session: Session, record: KeptAudioRecord) -> None:
    """Keep it, unless something of that turn is kept already."""
    values = _KEPT.values(session, record)
    statement = insert(session, KeptAudio).values(**values)
    session.execute(statement.on_conflict_do_nothing(index_elements=["call_id", "turn"]))


def forget(session: Session, call_id: str) -> None:
    """Remove all that is kept of a call."""
    session.execute(delete(KeptAudio).where(KeptAudio.call_id == call_id))


def get(session: Session, id: str) -> KeptAudioRecord | None:
    """The one with this id, opened."""
    return _KEPT.one(session, _KEPT.select().where(KeptAudio.id == id))


def every(session: Session) -> list[Listed]:
    """All that is kept, oldest first."""
    rows = session.execute(
        select(*_LISTED.columns).order_by(KeptAudio.created_at, KeptAudio.call_id, KeptAudio.turn)
    )
    return [Listed(*row) for row in rows]
