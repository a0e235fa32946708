"""Fixtures of identity; see ``desk.py``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from desk import Desk
from late_office import Office, begun

from ivr.clock import ManualClock
from ivr.records.database import Database


@pytest.fixture(autouse=True)
def different_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two random codes are alike once in a million: here, never."""
    codes = (f"{number:06d}" for number in count(90210, 7919))
    monkeypatch.setattr("ivr.identity.delivery.new_code", codes.__next__)


@pytest.fixture
def desk(sqlite_database: Database, clock: ManualClock) -> Iterator[Desk]:
    """Checks over an empty directory on SQLite."""
    with Desk(sqlite_database, clock) as made:
        yield made


@pytest.fixture
def any_desk(database: Database, clock: ManualClock) -> Iterator[Desk]:
    """The same on each kind of database."""
    with Desk(database, clock) as made:
        yield made


@pytest.fixture
def office(database: Database, clock: ManualClock) -> Iterator[Office]:
    """Answers of a provider come late, on each kind of database; see ``late_office.py``."""
    made = begun(database, clock, sends=5)
    yield made
    made.close()
