"""Runs of wrong codes: how many in a row, over whatever time, until a right one ends the run."""

from __future__ import annotations

from datetime import date

from sqlalchemy import case, delete, select
from sqlalchemy.orm import Session

from ivr.records.models import FailureRun
from ivr.records.rows import insert


def bump(session: Session, key_index: str, day: date | None, by: int = 1) -> int:
    """Add ``by`` atomically, never to below 0, and return the new value; alone with this run until
    the transaction ends.

    ``key_index`` says whose run it is: a blind index. ``day``: today where there is no such
    customer, so that the row ages; None for a customer.
    """
    statement = insert(session, FailureRun).values(key_index=key_index, value=max(by, 0), day=day)
    # Of a run that ended meanwhile nothing is left to take back.
    least = max(-by, 0)
    statement = statement.on_conflict_do_update(
        index_elements=["key_index"],
        set_={
            "value": case((FailureRun.value >= least, FailureRun.value + by), else_=0),
            "day": statement.excluded.day,
        },
    )
    return session.execute(statement.returning(FailureRun.value)).scalar_one()


def value(session: Session, key_index: str) -> int:
    """How many in a row so far; 0 where there is no run."""
    found = session.execute(select(FailureRun.value).where(FailureRun.key_index == key_index))
    return found.scalar_one_or_none() or 0


def end(session: Session, key_index: str) -> int:
    """End a run; how many there were in a row."""
    statement = (
        delete(FailureRun).where(FailureRun.key_index == key_index).returning(FailureRun.value)
    )
    return session.execute(statement).scalar_one_or_none() or 0
