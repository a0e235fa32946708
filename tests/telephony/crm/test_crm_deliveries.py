"""Events reach a CRM that fails in every way, once it works again, in order and each once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from crm_rig import LEASE, Office, open_office
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.records import audit_chain, outbox
from ivr.records.database import Database
from ivr.rehearsal.crm import CrmAct

DAY = timedelta(hours=24)


def audited(database: Database) -> list[str]:
    with database.reading() as session:
        return [row.what for row in audit_chain.rows(session)]


def test_an_event_is_delivered_with_its_body_and_an_audit_row(
    database: Database, clock: ManualClock
) -> None:
    with open_office(database, clock) as office:
        (event_id,) = office.put("result.issued")
        assert office.deliver() == 1
    (attempt,) = office.crm.attempts
    assert attempt.headers["webhook-id"] == event_id
    assert attempt.headers["content-type"] == "application/json"
    assert office.crm.taken == [{"type": "result.issued", "data": {"call": "call-1"}}]
    (event,) = office.events()
    assert (event.status, event.attempts, event.body) == ("delivered", 1, None)
    assert audited(database) == ["event.delivered"]


@pytest.mark.parametrize(
    ("act", "failure", "timeout_s"),
    [
        ("down", "500", 10.0),
        ("busy", "429", 10.0),
        ("redirects", "307", 10.0),
        ("closes", "closed", 10.0),
        ("hangs", "timeout", 0.3),
        ("drips", "timeout", 0.3),
    ],
)
def test_a_crm_that_fails_gets_the_event_when_it_works_again(
    database: Database, clock: ManualClock, act: CrmAct, failure: str, timeout_s: float
) -> None:
    with ThreadPoolExecutor(1) as pool, open_office(database, clock, act, "takes") as office:
        office.put("result.issued")
        assert pool.submit(office.deliver, timeout_s).result(timeout=60) == 1
        (event,) = office.events()
        assert (event.status, event.last_failure) == ("waiting", failure)
        assert event.due_at > clock.now()
        # A redirect is followed nowhere.
        assert office.arrived(1) == ["/events"]
        clock.advance((event.due_at - clock.now()).total_seconds())
        assert office.deliver() == 1
        assert office.crm.kinds == ("result.issued",)
    first, second = office.crm.attempts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_retry_after_is_waited_for(database: Database, clock: ManualClock) -> None:
    with open_office(database, clock, "busy") as office:
        office.put("result.issued")
        office.deliver()
        (event,) = office.events()
    assert event.due_at - clock.now() >= timedelta(seconds=60)


def test_gone_is_final(database: Database, clock: ManualClock) -> None:
    with open_office(database, clock, "gone") as office:
        office.put("result.issued", "transfer.ended")
        assert office.deliver() == 2
    assert [(event.status, event.last_failure) for event in office.events()] == [
        ("dead", "410"),
        ("dead", "410"),
    ]
    assert audited(database) == ["event.given_up"] * 2


def test_a_crm_that_never_works_is_given_up_after_a_day(
    database: Database, clock: ManualClock
) -> None:
    began = clock.now()
    with open_office(database, clock, "down") as office:
        office.put("result.issued")
        while (event := office.events()[0]).status == "waiting":
            clock.advance(max(0.0, (event.due_at - clock.now()).total_seconds()))
            assert office.deliver() == 1
        assert clock.now() - began == DAY
        assert 15 <= event.attempts <= 25
        # What is given up is tried again when an operator says so.
        office.crm.acts = ("takes",)
        with database.writing() as session:
            outbox.revive(session, None, now=clock.now(), give_up_at=clock.now() + DAY)
        assert office.deliver() == 1
        assert office.crm.kinds == ("result.issued",)


def test_events_of_a_call_come_in_order_and_other_calls_do_not_wait(
    database: Database, clock: ManualClock
) -> None:
    with open_office(database, clock, "down", "takes") as office:
        office.put("result.issued", "transfer.ended")
        office.put("result.issued", call="call-2")
        assert office.deliver() == 2
        assert [event["data"]["call"] for event in office.crm.taken] == ["call-2"]
        clock.advance(60)
        assert office.deliver() == 2
    assert office.crm.kinds == ("result.issued", "result.issued", "transfer.ended")


def test_a_process_that_died_with_an_event_leaves_it_to_the_next(
    database: Database, clock: ManualClock
) -> None:
    with open_office(database, clock) as office:
        office.put("result.issued")
        now = clock.now()
        with database.writing() as session:
            outbox.claim(session, "crm", by="died", now=now, until=now + LEASE)
        assert office.deliver() == 0
        clock.advance(LEASE.total_seconds())
        assert office.deliver() == 1
        assert office.crm.kinds == ("result.issued",)


class _Unplugged:
    """The database goes away while a CRM is being told."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.office, self.monkeypatch = office, monkeypatch
        self.inner = office.deliveries()._post

    def __call__(self, url: str, headers: Any, body: bytes) -> Any:
        answer = self.inner(url, headers, body)

        def away(*_: object, **__: object) -> Any:
            raise RecordsUnavailable("the database is away")

        self.monkeypatch.setattr(self.office.database, "writing", away)
        return answer


def test_what_cannot_be_noted_is_sent_again_under_the_same_id(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_office(database, clock) as office:
        office.put("result.issued")
        deliveries = office.delivering_by(_Unplugged(office, monkeypatch))
        with pytest.raises(RecordsUnavailable):
            deliveries.deliver_next(office.webhook)
        monkeypatch.undo()
        clock.advance(LEASE.total_seconds())
        assert office.deliver() == 1
        # Twice on the wire, once for the CRM.
        assert len(office.crm.attempts) == 2
        assert office.crm.kinds == ("result.issued",)


def test_a_mistake_of_ours_is_a_failure_like_any_other(
    database: Database, clock: ManualClock, log: Any
) -> None:
    def mistaken(url: str, headers: Any, body: bytes) -> Any:
        raise KeyError("https")

    with open_office(database, clock) as office:
        office.put("result.issued")
        assert office.delivering_by(mistaken).deliver_next(office.webhook)
        (event,) = office.events()
        assert (event.last_failure, event.due_at > clock.now()) == ("broken", True)
        clock.advance(5)
        assert office.deliver() == 1
    assert "KeyError" in log.getvalue()


def test_threads_deliver_what_comes_and_tell_metrics(
    database: Database, clock: ManualClock
) -> None:
    with open_office(database, clock) as office:
        office.put("result.issued")
        deliveries = office.deliveries()
        deliveries.start()
        try:
            assert office.crm.settle(["result.issued"]) == []
            office.put("transfer.ended")
            assert office.crm.settle(["result.issued", "transfer.ended"]) == []
        finally:
            deliveries.close()
        assert 'ivr_crm_deliveries_total{crm="crm",outcome="delivered"} 2.0' in (
            office.metrics.exposition().decode()
        )
        assert not [t for t in threading.enumerate() if t.name == "crm-crm"]


def test_threads_go_on_after_the_database_was_away_and_after_a_crash(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.telephony.crm.deliveries._AWAY_S", 0.01)
    with open_office(database, clock) as office:
        office.put("result.issued")
        deliveries = office.deliveries()
        troubles: list[Exception] = [RecordsUnavailable("away"), ValueError("a bug")]
        whole = deliveries.deliver_next

        def troubled(webhook: Any) -> bool:
            if troubles:
                raise troubles.pop()
            return whole(webhook)

        monkeypatch.setattr(deliveries, "deliver_next", troubled)
        deliveries.start()
        try:
            assert office.crm.settle(["result.issued"]) == []
        finally:
            deliveries.close()
    assert troubles == []


def test_what_is_not_delivered_is_counted(database: Database, clock: ManualClock) -> None:
    with open_office(database, clock, "gone", "down") as office:
        office.put("result.issued", "transfer.ended")
        office.deliver()
        deliveries = office.deliveries()
        backlog = deliveries.backlogs()["crm"]
        assert (backlog.waiting, backlog.dead) == (1, 1)
        clock.advance(90)
        deliveries._count(office.webhook)
        told = office.metrics.exposition().decode()
        for line in (
            'ivr_crm_events_waiting{crm="crm"} 1.0',
            'ivr_crm_events_dead{crm="crm"} 1.0',
            'ivr_crm_oldest_waiting_seconds{crm="crm"} 90.0',
            'ivr_crm_deliveries_total{crm="crm",outcome="given_up"} 1.0',
            'ivr_crm_deliveries_total{crm="crm",outcome="failed"} 1.0',
        ):
            assert line in told


def test_nothing_of_an_event_is_logged(database: Database, clock: ManualClock, log: Any) -> None:
    with open_office(database, clock, "down", "gone") as office:
        office.put("result.issued", "transfer.ended")
        office.deliver()
        clock.advance(60)
        office.deliver()
    told = log.getvalue()
    assert "crm_delivery_failed" in told
    assert "crm_delivery_given_up" in told
    assert "/events" not in told
    assert '"data"' not in told


def test_a_database_without_the_table_delays_and_loses_nothing(
    database: Database, clock: ManualClock
) -> None:
    with open_office(database, clock) as office:
        office.put("result.issued")
        with database.writing() as session:
            session.execute(text("ALTER TABLE outbox RENAME TO outbox_away"))
        with pytest.raises(RecordsUnavailable):
            office.deliver()
        with database.writing() as session:
            session.execute(text("ALTER TABLE outbox_away RENAME TO outbox"))
        assert office.deliver() == 1
