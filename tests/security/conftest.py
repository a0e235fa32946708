"""A web process with the shipped flow, ready to be attacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from phone_rig import ACCOUNT, AUTH_TOKEN, NUMBER, PUBLIC_URL, RESULT_KEY, Office

from ivr.clock import ManualClock
from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow
from ivr.records.customers import CustomerData
from ivr.settings import Settings

ROOT = Path(__file__).parents[2]

TARO = CustomerData(
    "taro", "T0001", "山田", "太郎", "ヤマダ", "タロウ", date(1985, 3, 5), mobile="+819012345678"
)  # fmt: skip
KIYO = CustomerData(
    "kiyo", "T0009", "鈴木", "キヨ", "スズキ", "キヨ", date(1926, 6, 20), landline="+81300000009"
)  # fmt: skip
SHIGERU = CustomerData(
    "shigeru", "T0012", "渡辺", "茂", "ワタナベ", "シゲル", date(1938, 2, 14)
)  # fmt: skip
MAKOTO = [
    CustomerData(
        f"makoto{n}", f"T000{n}", "伊藤", "誠", "イトウ", "マコト", date(1970, 1, 15),
        mobile=f"+81900000000{n}",
    )
    for n in (7, 8)
]  # fmt: skip
PEOPLE = (TARO, KIYO, SHIGERU, *MAKOTO)

OpenOffice = Callable[..., Office]


@pytest.fixture(scope="session")
def shipped() -> Flow:
    return load_flow(
        ROOT / "flows" / "verify", grammars_dir=ROOT / "grammars", words=Settings().words()
    )


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
