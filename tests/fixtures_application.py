"""Whole applications on one database: what the tests of the application stand on."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from application_rig import RESULT_KEY, ROOT, Call, Post, by_client, claims_of, settings_for
from fakes.senders import FakeSender
from sqlalchemy import select
from werkzeug.test import TestResponse

from ivr.clock import ManualClock
from ivr.flow.flow import Flow
from ivr.identity.ports import CodeSender
from ivr.records.customer_csv import store_file
from ivr.records.database import Database
from ivr.records.models import Call as CallRow
from ivr.records.models import Turn
from ivr.settings import Settings
from ivr.telephony.logging import configure_logging
from ivr.wiring.application import RunningApp, build_app
from ivr.wiring.backstage import load_shipped_flow, open_database


@pytest.fixture(scope="session")
def shipped() -> Flow:
    return load_shipped_flow(Settings(flows_dir=ROOT / "flows", grammars_dir=ROOT / "grammars"))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the applications log, at the most talkative level."""
    configured, level = structlog.get_config(), logging.root.level
    handlers = logging.root.handlers[:]
    stream = io.StringIO()
    configure_logging("debug", stream)
    yield stream
    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers
    structlog.configure(**configured)


class House:
    """Applications on one database, in this process."""

    def __init__(self, settings: Settings, clock: ManualClock, flow: Flow) -> None:
        self.settings, self.clock, self.flow = settings, clock, flow
        self.sending = threading.Event()
        self.sms = FakeSender(before=lambda message: self.sending.set())
        self.apps: list[RunningApp] = []
        self.posts: list[Post] = []

    def open(self, **changes: Any) -> RunningApp:
        """One more application."""
        senders: dict[Any, CodeSender] = {"sms": self.sms}
        settings = self.settings.model_copy(update=changes)
        app = build_app(settings, self.clock, senders=senders, flow=self.flow)
        self.apps.append(app)
        self.posts.append(by_client(app.app))
        return app

    @property
    def db(self) -> Database:
        return self.apps[0].db

    def call(self, **more: Any) -> Call:
        return Call(self.posts, **more)

    def turns(self, call: Call) -> list[str]:
        """The events of a call that were taken, in order."""
        return turns_of(self.db, call.sid)

    def fetched(self, reference: str) -> TestResponse:
        """What the agents' system gets."""
        key = {"Authorization": f"Bearer {RESULT_KEY}"}
        return self.apps[0].app.test_client().get(f"/results/{reference}", headers=key)

    def result(self, call: Call) -> dict[str, Any]:
        """What the agents' system learns of the transfer that is made now."""
        answer = self.fetched(call.reference)
        assert answer.status_code == 200
        return claims_of(answer.get_json()["token"])


def turns_of(db: Database, call_sid: str) -> list[str]:
    query = select(Turn.event).join(CallRow).where(CallRow.call_sid == call_sid)
    with db.reading() as session:
        return list(session.execute(query.order_by(Turn.number)).scalars())


def opened_house(
    url: str, folder: Path, clock: ManualClock, flow: Flow, *, database_wait_s: float
) -> Iterator[House]:
    """A house with the shipped customers and one application; closed when the test is over."""
    settings = settings_for(folder, url, database_wait_s=database_wait_s)
    db = open_database(settings, clock)
    store_file(db, ROOT / "flows/verify/customers.csv", lambda done, total: None)
    db.dispose()
    house = House(settings, clock, flow)
    house.open()
    yield house
    for app in house.apps:
        app.close()


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path, clock: ManualClock, shipped: Flow) -> Iterator[House]:
    # Patient: on a busy machine a writer may have to wait, and callers would be asked to hold.
    yield from opened_house(sqlite_url, tmp_path / "var", clock, shipped, database_wait_s=10)
