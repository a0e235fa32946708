"""Fixtures of identity; see ``desk.py``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk import Desk
from fixtures_databases import Database

from ivr.clock import ManualClock


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
