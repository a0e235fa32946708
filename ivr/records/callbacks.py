"""Callers who are to be called back: their number for as long as somebody has to call it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ivr.errors import NotFound
from ivr.records import audit
from ivr.records.audit import Entry
from ivr.records.models import Callback
from ivr.records.rows import Shape, insert

#: ``open``: somebody has to call. ``done``: somebody did, or found that nobody needs to.
#: ``expired``: nobody did in the time that numbers are kept.
Status = Literal["open", "done", "expired"]


@dataclass(frozen=True, slots=True)
class CallbackRecord:
    """A wish to be called back at ``number`` (E.164; None once the wish is no longer open), told
    in the call ``call_id``. ``id`` is that of the check intent, so that one wish is stored once.
    Instants are aware UTC; the number is kept until ``kept_until`` at most."""

    id: str
    call_id: str
    number: str | None
    language: str
    requested_at: datetime
    kept_until: datetime
    status: Status = "open"
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class ListedCallback(CallbackRecord):
    """A stored wish; people call it by its ``position``."""

    position: int = 0


_CALLBACK = Shape(Callback, CallbackRecord)
_LISTED = Shape(Callback, ListedCallback)


def put(session: Session, record: CallbackRecord) -> bool:
    """Store a wish; False where it is stored already."""
    statement = (
        insert(session, Callback)
        .values(**_CALLBACK.values(session, record))
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(Callback.position)
    )
    return session.execute(statement).one_or_none() is not None


def waiting(session: Session) -> int:
    """How many wishes are open."""
    query = select(func.count()).select_from(Callback).where(Callback.status == "open")
    return session.execute(query).scalar_one()


def of_status(session: Session, status: Status | None = None) -> list[ListedCallback]:
    """The wishes with this status, or all; oldest first."""
    query = _LISTED.select().order_by(Callback.position)
    return _LISTED.all(session, query if status is None else query.where(Callback.status == status))


def end(session: Session, position: int, by: str, at: datetime) -> str:
    """Note that nobody has to call any more, and forget the number; the id of the call it was
    told in.

    Raises:
        NotFound: there is no open wish with that number.
    """
    statement = (
        update(Callback)
        .where(Callback.position == position, Callback.status == "open")
        .values(status="done", number=None, ended_at=at, ended_by=by)
        .returning(Callback.call_id)
        .execution_options(synchronize_session=False)
    )
    call_id: str | None = session.execute(statement).scalar_one_or_none()
    if call_id is None:
        raise NotFound(f"no open call-back {position}", hint="see: ivr callbacks list")
    return call_id


def expire(session: Session, now: datetime) -> int:
    """Forget the numbers that nobody called in their time; how many there were."""
    statement = (
        update(Callback)
        .where(Callback.status == "open", Callback.kept_until <= now)
        .values(status="expired", number=None, ended_at=now)
        .returning(Callback.call_id)
        .execution_options(synchronize_session=False)
    )
    gone = list(session.execute(statement).scalars())
    for call_id in gone:
        audit.note(session, Entry("process", "callback.expired", call_id, "retention"), now)
    return len(gone)
