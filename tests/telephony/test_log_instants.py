"""Instants in the log are UTC, whatever time the machine keeps."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from ivr.telephony.logging import configure_logging


@pytest.fixture
def in_japan(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that keeps Japan's time; logging as it was afterwards."""
    before, level = logging.root.handlers[:], logging.root.level
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()
    structlog.reset_defaults()
    logging.root.handlers[:] = before
    logging.root.setLevel(level)


def test_an_instant_in_the_log_is_utc_and_says_so(in_japan: None) -> None:
    written = io.StringIO()
    configure_logging("info", written)
    structlog.get_logger("some.room").info("event")
    at = datetime.fromisoformat(json.loads(written.getvalue())["timestamp"])
    assert at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - at) < timedelta(hours=1)
