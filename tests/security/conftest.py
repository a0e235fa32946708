"""A web process with the shipped flow, ready to be attacked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from phone_rig import (
    ACCOUNT,
    AUTH_TOKEN,
    NUMBER,
    PEOPLE,
    PUBLIC_URL,
    RESULT_KEY,
    Office,
    OpenOffice,
)

from ivr.clock import ManualClock
from ivr.flow.flow import Flow
from ivr.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def open_office(
    shipped: Flow, sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> Iterator[OpenOffice]:
    """Start web processes on one database: ``open_office(senders=…, **settings)``."""
    opened: list[Office] = []

    def start(**changes: Any) -> Office:
        senders = changes.pop("senders", None)
        values: dict[str, Any] = {
            "var_dir": tmp_path / "var",
            "database_url": sqlite_url,
            "public_url": PUBLIC_URL,
            "twilio_auth_token": AUTH_TOKEN,
            "twilio_account_sid": ACCOUNT,
            "twilio_number": NUMBER,
            "destinations": {
                "agents": ("+81312345678",),
                "overflow": ("+81312345679",),
                "urgent": ("+81312345670",),
            },
            "fallback_number": "+81398765432",
            "result_keys": {"crm": RESULT_KEY},
            "log_level": "error",
            # A busy machine must not add fillers to what is compared.
            "check_wait_ms": 8000,
        }
        settings = Settings(**{**values, **changes})
        office = Office(settings, changes.get("clock", clock), shipped, senders)
        opened.append(office)
        return office

    yield start
    for office in opened:
        office.running.close()


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """A web process that knows a few customers."""
    opened = open_office()
    opened.register(*PEOPLE)
    return opened
