"""How often somebody asked within the present minute, counted over all processes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case
from sqlalchemy.orm import Session

from ivr.records.models import RequestRate
from ivr.records.rows import insert


def count(session: Session, asker: str, at: datetime) -> int:
    """One more request of ``asker``, atomically; how many there were in the minute of ``at``,
    this one included. One row an asker, whatever they do."""
    minute = at.replace(second=0, microsecond=0)
    statement = insert(session, RequestRate).values(asker=asker, minute=minute, value=1)
    same = RequestRate.minute == statement.excluded.minute
    statement = statement.on_conflict_do_update(
        index_elements=["asker"],
        set_={
            "value": case((same, RequestRate.value + 1), else_=1),
            "minute": statement.excluded.minute,
        },
    )
    return session.execute(statement.returning(RequestRate.value)).scalar_one()
