"""A clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
