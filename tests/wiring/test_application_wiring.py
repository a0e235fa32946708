"""Composition: settings in, an application out."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from application_rig import ROOT, Call, by_client, settings_for
from fakes.senders import FakeSender
from sqlalchemy import func, select

from ivr.clock import ManualClock
from ivr.errors import FilesError
from ivr.flow.flow import Flow
from ivr.identity.contacts import Contact
from ivr.identity.send_limits import SendLimits
from ivr.records.customer_csv import store_file
from ivr.records.models import WebhookAnswer
from ivr.settings import Settings
from ivr.wiring.application import RunningApp, build_app
from ivr.wiring.backstage import code_policy, load_shipped_flow


def test_production_needs_numbers_for_every_destination() -> None:
    folders = {"flows_dir": ROOT / "flows", "grammars_dir": ROOT / "grammars"}
    settings = Settings(
        mode="production",
        destinations={"agents": ("+81312345678",)},
        **folders,  # type: ignore[arg-type]
    )
    with pytest.raises(FilesError) as caught:
        load_shipped_flow(settings)
    told = str(caught.value)
    assert "overflow" in told and "urgent" in told
    assert load_shipped_flow(Settings(**folders)).name == "verify"  # type: ignore[arg-type]


class Wired:
    """One application, its settings and a sender."""

    def __init__(self, settings: Settings, clock: ManualClock, flow: Flow) -> None:
        self.settings, self.clock = settings, clock
        self.sms = FakeSender("blocked")
        self.app: RunningApp = build_app(settings, clock, senders={"sms": self.sms}, flow=flow)

    def call(self) -> Call:
        return Call([by_client(self.app.app)])

    def metrics(self) -> str:
        return self.app.app.test_client().get("/metrics").text


@pytest.fixture
def wired(sqlite_url: str, tmp_path: Path, clock: ManualClock, shipped: Flow) -> Iterator[Wired]:
    wired = Wired(settings_for(tmp_path / "var", sqlite_url), clock, shipped)
    store_file(wired.app.db, ROOT / "flows/verify/customers.csv", lambda done, total: None)
    yield wired
    wired.app.close()


def test_the_recogniser_is_hinted_what_the_question_is_about(wired: Wired) -> None:
    call = wired.call().rings().press("")
    consent = hints(call)
    call.say("はい")
    birthdate = hints(call)
    assert {"はい", "係"} <= set(consent)
    assert "昭和" in " ".join(birthdate)
    assert set(birthdate) != set(consent)
    for found in (consent, birthdate):
        assert len(found) <= 200
        assert len(set(found)) == len(found)
        assert all(0 < len(words) <= 100 for words in found)


def hints(call: Call) -> list[str]:
    (gather,) = ET.fromstring(call.document).iter("Gather")  # noqa: S314 (our own output)
    return gather.attrib["hints"].split(",")


def test_what_a_provider_refuses_is_counted(wired: Wired) -> None:
    assert "ivr_provider_failures_total{" not in wired.metrics()
    wired.call().until_code()
    assert 'ivr_provider_failures_total{channel="sms",kind="blocked"} 1.0' in wired.metrics()


def test_what_a_limit_keeps_back_is_counted(
    sqlite_url: str, tmp_path: Path, clock: ManualClock, shipped: Flow
) -> None:
    settings = settings_for(tmp_path / "var", sqlite_url).model_copy(update={"sends_per_day": 1})
    wired = Wired(settings, clock, shipped)
    try:
        store_file(wired.app.db, ROOT / "flows/verify/customers.csv", lambda done, total: None)
        assert "ivr_sends_withheld_total{" not in wired.metrics()
        db = wired.app.db
        limits = SendLimits(code_policy(settings), db.index, claim_index="c", customer_id="c9")
        with db.writing() as session:
            assert limits.take(session, Contact("sms", "+818011112222"), clock.now()) is None
        wired.call().until_code()
        line = 'ivr_sends_withheld_total{channel="sms",limit="day"} 1.0'
        assert line in wired.metrics()
    finally:
        wired.app.close()


def test_readiness_asks_the_database(wired: Wired) -> None:
    client = wired.app.app.test_client()
    assert client.get("/readyz").status_code == 200
    with wired.app.db.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    answer = client.get("/readyz")
    assert (answer.status_code, "database" in answer.text) == (503, True)


def test_old_webhook_answers_are_dropped_now_and_then(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.telephony.stored._PURGE_EVERY", 5)
    wired.call().rings().press("").say("はい")  # three answers are kept
    wired.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    call = wired.call().rings()
    assert answers(wired) == 4
    call.press("")  # the fifth: what is older than a day goes
    assert answers(wired) == 2


def answers(wired: Wired) -> int:
    with wired.app.db.reading() as session:
        return session.execute(select(func.count()).select_from(WebhookAnswer)).scalar_one()


def test_trying_it_out_asks_nobody_anything(
    tmp_path: Path, clock: ManualClock, shipped: Flow
) -> None:
    """As ``ivr serve`` does before it forks: no database, no threads, nothing sent."""
    settings = settings_for(tmp_path / "var", f"sqlite:///{tmp_path}/none/none.sqlite3")
    build_app(settings, clock, flow=shipped, recover=False).close()
    assert [path.name for path in tmp_path.iterdir()] == ["var"]
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["keys.env"]
