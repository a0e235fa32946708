"""What is told once a transaction is committed, and only then."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ivr.errors import RecordsError
from ivr.records.database import Database, once_committed


def test_told_when_it_is_stored_and_once(database: Database) -> None:
    told: list[str] = []
    with database.writing() as session:
        once_committed(session, lambda: told.append("stored"))
        assert told == []
    assert told == ["stored"]
    with database.writing():
        pass
    assert told == ["stored"]


def test_nothing_is_told_of_what_was_not_stored(database: Database) -> None:
    told: list[str] = []
    with pytest.raises(RecordsError), database.writing() as session:
        once_committed(session, lambda: told.append("stored"))
        session.execute(text("SELECT nothing FROM nowhere"))
    with pytest.raises(ValueError, match="broke"), database.writing() as session:
        once_committed(session, lambda: told.append("stored"))
        raise ValueError("it broke")
    assert told == []
