"""Signed results of calls, fetched by the agent's system under a reference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy import insert as insert_into
from sqlalchemy.orm import Session

from ivr.errors import NotFound
from ivr.records.models import Result, ResultFetch
from ivr.records.rows import Shape
from ivr.records.rows import insert as insert_unless


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """``token`` is a compact JWS; ``turn`` is the transfer it travels with; ``accepted`` is the
    agent's answer to the whisper, None before one; ``fetched_by`` and ``fetched_at`` tell of the
    first fetch. Instants are aware UTC."""

    reference: str
    call_id: str
    token: str
    created_at: datetime
    expires_at: datetime
    turn: int
    accepted: bool | None = None
    fetched_by: str | None = None
    fetched_at: datetime | None = None


_RESULT = Shape(Result, ResultRecord)


def insert(session: Session, record: ResultRecord) -> None:
    """Store a new result; its reference must be new and its call known."""
    session.execute(insert_into(Result).values(**_RESULT.values(session, record)))


def get(session: Session, reference: str) -> ResultRecord | None:
    """The result with this reference, expired or not; None where there is none."""
    return _RESULT.one(session, _RESULT.select().where(Result.reference == reference))


def by_turn(session: Session, call_id: str, turn: int) -> ResultRecord | None:
    """The result that travels with the transfer of one turn, or None."""
    where = (Result.call_id == call_id, Result.turn == turn)
    return _RESULT.one(session, _RESULT.select().where(*where))


def answer(session: Session, reference: str, accepted: bool) -> bool:
    """Keep the agent's answer to the whisper; an acceptance stays. False: no such result."""
    statement = (
        update(Result)
        .where(Result.reference == reference)
        .values(accepted=func.coalesce(func.nullif(Result.accepted, False), accepted))
        .returning(Result.position)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).one_or_none() is not None


def taken(session: Session, call_id: str) -> bool:
    """Whether an agent took a transfer of this call when asked in the whisper."""
    found = exists().where(Result.call_id == call_id, Result.accepted.is_(True))
    return bool(session.execute(select(found)).scalar_one())


def mark_fetched(session: Session, reference: str, by: str, at: datetime) -> None:
    """Note who fetched a result; the first fetch stays on record.

    Raises:
        NotFound: there is no such result.
    """
    statement = (
        update(Result)
        .where(Result.reference == reference)
        .values(
            fetched_by=func.coalesce(Result.fetched_by, by),
            fetched_at=func.coalesce(Result.fetched_at, at),
        )
        .returning(Result.position)
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).one_or_none() is None:
        raise NotFound("no such result")


def fetched_before(session: Session, reference: str, system: str, at: datetime) -> datetime | None:
    """When ``system`` first fetched this result; None where it does so only now, which is noted
    with ``at``. Of several that ask at the same moment one gets None. The result must be there."""
    statement = (
        insert_unless(session, ResultFetch)
        .values(reference=reference, system=system, first_at=at)
        .on_conflict_do_nothing(index_elements=["reference", "system"])
        .returning(ResultFetch.first_at)
    )
    if session.execute(statement).one_or_none() is not None:
        return None
    mine = (ResultFetch.reference == reference, ResultFetch.system == system)
    return session.execute(select(ResultFetch.first_at).where(*mine)).scalar_one()
