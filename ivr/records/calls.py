"""Calls and the turns they took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ivr.errors import NotFound, RecordsError
from ivr.records.models import Call, Turn
from ivr.records.rows import Shape, phone_index, seal, unseal
from ivr.records.rows import insert as insert_into


class AlreadyThere(RecordsError):
    """Somebody else was first: the call is known, or the turn is taken.

    The transaction stays usable, so the winner's row can be read in it.
    """


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call. ``state`` is the dialogue's call as JSON; ``caller`` is E.164 or empty where
    withheld; ``status`` is ``active`` or ``ended``. Instants are aware UTC."""

    id: str
    call_sid: str
    flow_name: str
    flow_digest: str
    language: str
    caller: str
    called: str
    turn: int
    status: str
    state: str
    started_at: datetime
    ended_at: datetime | None = None
    ended_how: str | None = None
    verification_id: str | None = None


_CALL = Shape(Call, CallRecord)


def find(session: Session, call_sid: str, *, lock: bool = False) -> CallRecord | None:
    """The call with the provider's id, or None.

    ``lock`` keeps other writers off this call until the transaction ends. SQLite ignores it:
    there a writing transaction is alone anyway.
    """
    query = _CALL.select().where(Call.call_sid == call_sid)
    return _CALL.one(session, query.with_for_update() if lock else query)


def get(session: Session, call_id: str, *, lock: bool = False) -> CallRecord | None:
    """The call with our id, or None; ``lock`` as in :func:`find`."""
    query = _CALL.select().where(Call.id == call_id)
    return _CALL.one(session, query.with_for_update() if lock else query)


def insert(session: Session, record: CallRecord) -> None:
    """Store a new call.

    Raises:
        AlreadyThere: a call with this ``call_sid`` is known.
    """
    statement = (
        insert_into(session, Call)
        .values(**_CALL.values(session, record), caller_index=phone_index(session, record.caller))
        .on_conflict_do_nothing(index_elements=["call_sid"])
        .returning(Call.id)
    )
    if session.execute(statement).one_or_none() is None:
        raise AlreadyThere("this call is already known", hint="find it by its call_sid")


def save(session: Session, record: CallRecord) -> None:
    """Overwrite the call with the record's ``id``.

    Raises:
        NotFound: there is no such call.
    """
    values = _CALL.values(session, record)
    del values["id"]
    statement = (
        update(Call)
        .where(Call.id == record.id)
        .values(**values, caller_index=phone_index(session, record.caller))
        .returning(Call.id)
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).one_or_none() is None:
        raise NotFound("no such call to save", hint="insert it first")


def reindex(session: Session, after: str, limit: int) -> list[str]:
    """Make the blind indexes of the next calls, by id, with the index key in force; their ids,
    none at the end."""
    page = _CALL.select().where(Call.id > after).order_by(Call.id).limit(limit)
    found = _CALL.all(session, page)
    for call in found:
        own = update(Call).where(Call.id == call.id)
        index = phone_index(session, call.caller)
        session.execute(own.values(caller_index=index).execution_options(synchronize_session=False))
    return [call.id for call in found]


def ending(session: Session, call_id: str) -> str | None:
    """How a call ended (``transfer``, ``end``, ``hangup``); None while it lasts, or where there is
    no such call."""
    ended = select(Call.ended_how).where(Call.id == call_id, Call.status == "ended")
    return session.execute(ended).scalar_one_or_none()


def count(session: Session) -> int:
    """How many calls there are."""
    return session.execute(select(func.count()).select_from(Call)).scalar_one()


def add_turn(
    session: Session,
    *,
    call_id: str,
    number: int,
    event: str,
    action: str,
    at: datetime,
    state_name: str,
) -> None:
    """Note that turn ``number`` was taken: ``event`` is only its kind ("heard"), ``action`` the
    JSON of what the telephone does next, ``state_name`` the flow state it led to.

    Raises:
        AlreadyThere: this turn of this call was taken before.
    """
    statement = (
        insert_into(session, Turn)
        .values(
            call_id=call_id,
            number=number,
            event=event,
            action=seal(session, Turn, "action", f"{call_id}/{number}", action),
            at=at,
            state_name=state_name,
        )
        .on_conflict_do_nothing(index_elements=["call_id", "number"])
        .returning(Turn.number)
    )
    if session.execute(statement).one_or_none() is None:
        raise AlreadyThere(
            f"turn {number} of this call is already taken", hint="read its stored answer"
        )


def answer(session: Session, call_id: str, number: int) -> tuple[int, str] | None:
    """What turn ``number`` was answered: the number of the next turn and the action as JSON;
    None where the turn was not taken."""
    action = session.execute(
        select(Turn.action).where(Turn.call_id == call_id, Turn.number == number)
    ).scalar_one_or_none()
    if action is None:
        return None
    return number + 1, unseal(session, Turn, "action", f"{call_id}/{number}", action)
