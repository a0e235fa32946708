"""CRMs are told of results and of how transfers ended, or of nothing that did not happen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fakes.checks import CountingChecks
from service_rig import KEY, SID, Telephone, rows, verified_transfer

from ivr.clock import ManualClock
from ivr.dialogue.announcements import Announcements
from ivr.dialogue.events import Event, Pressed, TransferEnded
from ivr.dialogue.service import DialogueService
from ivr.dialogue.shelf import FlowShelf
from ivr.dialogue.worker import CheckWorker
from ivr.flow.flow import Flow
from ivr.identity.result import ResultSigner
from ivr.records import outbox, results
from ivr.records.database import Database
from ivr.records.outbox import EventRecord
from ivr.settings import Settings

Serve = Callable[..., DialogueService]


@pytest.fixture
def announcing(
    database: Database, verify_flow: Flow, clock: ManualClock, workers: list[CheckWorker]
) -> Serve:
    """A service that announces to these CRMs."""

    def make(*crms: str) -> DialogueService:
        signer = ResultSigner(KEY, "https://example.test", "agents", clock, timedelta(minutes=30))
        service = DialogueService(
            database,
            FlowShelf(verify_flow, database, clock, Settings().words()),
            signer,
            clock,
            check_deadline_s=12,
            result_minutes=30,
            announcements=Announcements(crms),
        )
        workers.append(CheckWorker(service, database, CountingChecks(), clock, threads=2))
        return service

    return make


def announced(database: Database) -> list[EventRecord]:
    with database.reading() as session:
        return outbox.listing(session, ["waiting", "delivered", "dead"], 100)[::-1]


def body(event: EventRecord) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(event.body or "")
    return told


def test_a_transfer_and_its_end_are_announced_in_order(
    announcing: Serve, database: Database, clock: ManualClock
) -> None:
    phone = Telephone(announcing("crm"))
    reply = verified_transfer(phone, clock)
    (event,) = announced(database)
    with database.reading() as session:
        result = results.get(session, reply.reference or "")
    assert result is not None
    assert (event.webhook, event.kind, event.call_id) == ("crm", "result.issued", result.call_id)
    assert event.give_up_at - event.due_at == timedelta(hours=24)
    assert body(event) == {
        "type": "result.issued",
        "timestamp": clock.now().isoformat(timespec="milliseconds"),
        "data": {
            "call": result.call_id,
            "reference": result.reference,
            "level": "verified",
            "amr": ["kba", "otp", "sms"],
            "flags": [],
            "language": "ja",
            "destination": "agents",
            "token": result.token,
        },
    }
    clock.advance(7)
    phone.does(TransferEnded(clock.now(), "busy"))
    # The flow tries the overflow: a result of its own.
    first, ended, again = announced(database)
    assert first == event
    assert body(ended)["data"] == {
        "call": result.call_id,
        "reference": result.reference,
        "destination": "agents",
        "outcome": "busy",
    }
    assert body(again)["type"] == "result.issued"
    assert body(again)["data"]["destination"] == "overflow"
    assert body(again)["data"]["reference"] != result.reference


def test_a_webhook_that_comes_twice_is_announced_once(
    announcing: Serve, database: Database, clock: ManualClock
) -> None:
    phone = Telephone(announcing("crm"))
    transfer = verified_transfer(phone, clock)
    ended = TransferEnded(clock.now(), "bridged")
    phone.does(ended)
    phone.service.take(call_sid=SID, turn=transfer.turn, event=ended)
    assert [event.kind for event in announced(database)] == ["result.issued", "transfer.ended"]


def test_every_crm_gets_an_event_of_its_own(
    announcing: Serve, database: Database, clock: ManualClock
) -> None:
    verified_transfer(Telephone(announcing("crm", "archive")), clock)
    first, second = announced(database)
    assert [first.webhook, second.webhook] == ["crm", "archive"]
    assert first.id != second.id
    assert first.body == second.body


def test_without_crms_nothing_is_written(
    announcing: Serve, database: Database, clock: ManualClock
) -> None:
    phone = Telephone(announcing())
    verified_transfer(phone, clock)
    phone.does(TransferEnded(clock.now(), "bridged"))
    assert rows(database, "outbox") == 0


def test_result_and_event_are_there_together_or_not_at_all(
    announcing: Serve, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = Telephone(announcing("crm"))

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(outbox, "put", full)
    with pytest.raises(OSError, match="no space"):
        phone.does(phone_asks_for_a_person(clock))
    assert (rows(database, "results"), rows(database, "outbox")) == (0, 0)
    monkeypatch.undo()
    phone.does(phone_asks_for_a_person(clock))
    assert (rows(database, "results"), rows(database, "outbox")) == (1, 1)


def phone_asks_for_a_person(clock: ManualClock) -> Event:
    return Pressed(clock.now(), "0")


def test_no_event_holds_what_a_caller_said(
    announcing: Serve, database: Database, clock: ManualClock
) -> None:
    phone = Telephone(announcing("crm"))
    verified_transfer(phone, clock)
    phone.does(TransferEnded(clock.now(), "bridged"))
    told = "".join(str(event.body) for event in announced(database))
    for said in ("山田", "ヤマダ", "1985", "9012345678", "123456"):
        assert said not in told
