"""What agents said of a caller afterwards: was it the person? Each word of theirs is kept, and the
newest is the call's label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from ivr.records.models import Disposition, Result
from ivr.records.results import ResultRecord
from ivr.records.rows import Shape, insert

#: It was the person whom the result names, or it was not.
Label = Literal["person", "not_person"]


@dataclass(frozen=True, slots=True)
class DispositionRecord:
    """``event`` names what told us, so that the same is kept once; ``by`` who did ("system crm",
    "taskrouter"); ``at`` (aware) when it was said."""

    call_id: str
    reference: str
    event: str
    label: Label
    by: str
    at: datetime


_DISPOSITION = Shape(Disposition, DispositionRecord)
_RESULT = Shape(Result, ResultRecord)


def add(session: Session, record: DispositionRecord) -> bool:
    """Keep a disposition; False where its event is kept already."""
    statement = (
        insert(session, Disposition)
        .values(**_DISPOSITION.values(session, record))
        .on_conflict_do_nothing(index_elements=["call_id", "event"])
        .returning(Disposition.position)
    )
    return session.execute(statement).one_or_none() is not None


def history(session: Session, call_id: str) -> list[DispositionRecord]:
    """All that was said of a call, oldest first; the last is its label."""
    query = _DISPOSITION.select().where(Disposition.call_id == call_id)
    return _DISPOSITION.all(session, query.order_by(Disposition.at, Disposition.position))


def transfers(session: Session, since: datetime, until: datetime) -> list[ResultRecord]:
    """The results of transfers that began between the two (aware, ``until`` not included), oldest
    first: what there is to say something of."""
    query = _RESULT.select().where(Result.created_at >= since, Result.created_at < until)
    return _RESULT.all(session, query.order_by(Result.position))
