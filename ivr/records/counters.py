"""Counters by day: failures of a claimed identity, sends to a prefix, and the like."""

from __future__ import annotations

from datetime import date

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from ivr.records.models import FailureCounter
from ivr.records.rows import insert

_VALUE = select(FailureCounter.value).where(
    FailureCounter.scope == bindparam("scope"),
    FailureCounter.key_index == bindparam("key_index"),
    FailureCounter.day == bindparam("day"),
)


def bump(session: Session, scope: str, key_index: str, day: date, by: int = 1) -> int:
    """Add ``by`` atomically and return the new value.

    ``scope`` says what is counted, ``key_index`` for whom: a blind index, never a number.
    """
    statement = insert(session, FailureCounter).values(
        scope=scope, key_index=key_index, day=day, value=by
    )
    statement = statement.on_conflict_do_update(
        index_elements=["scope", "key_index", "day"],
        set_={"value": FailureCounter.value + statement.excluded.value},
    )
    return session.execute(statement.returning(FailureCounter.value)).scalar_one()


def take(session: Session, scope: str, key_index: str, day: date, most: int) -> bool:
    """Count one more unless ``most`` (at least 1) were counted, in one statement: whether it was.
    For whom and what as in :func:`bump`."""
    statement = insert(session, FailureCounter).values(
        scope=scope, key_index=key_index, day=day, value=1
    )
    statement = statement.on_conflict_do_update(
        index_elements=["scope", "key_index", "day"],
        set_={"value": FailureCounter.value + 1},
        where=FailureCounter.value < most,
    )
    counted = session.execute(statement.returning(FailureCounter.value)).scalar_one_or_none()
    return counted is not None


def value(session: Session, scope: str, key_index: str, day: date) -> int:
    """The count so far; 0 where nothing was counted."""
    asked = {"scope": scope, "key_index": key_index, "day": day}
    return session.execute(_VALUE, asked).scalar_one_or_none() or 0


def total(session: Session, scope: str, key_index: str, since: date) -> int:
    """The counts of all days from ``since`` on, together."""
    summed = select(func.coalesce(func.sum(FailureCounter.value), 0)).where(
        FailureCounter.scope == scope,
        FailureCounter.key_index == key_index,
        FailureCounter.day >= since,
    )
    return int(session.execute(summed).scalar_one())
