"""Events for CRMs: taken by one at a time, in order, kept until delivered; who fetched; rates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from at_once import at_once
from full_records import every_cell

from ivr.clock import ManualClock
from ivr.errors import RecordsError
from ivr.records import calls, outbox, request_rates, results
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.outbox import Backlog, EventRecord
from ivr.records.results import ResultRecord

MANY = 12
LEASE = timedelta(minutes=2)


def event(clock: ManualClock, number: int, call: str = "call-1", crm: str = "crm") -> EventRecord:
    now = clock.now()
    return EventRecord(
        id=f"evt_{number}",
        call_id=call,
        webhook=crm,
        kind="result.issued",
        body='{"token": "token-secret"}',
        created_at=now,
        due_at=now,
        give_up_at=now + timedelta(hours=24),
    )


def put(database: Database, *events: EventRecord) -> None:
    with database.writing() as session:
        for each in events:
            outbox.put(session, each)


def taken(
    database: Database, clock: ManualClock, crm: str = "crm", by: str = "a"
) -> EventRecord | None:
    now = clock.now()
    with database.writing() as session:
        due = outbox.is_due(session, crm, now)
        found = outbox.claim(session, crm, by=by, now=now, until=now + LEASE)
    assert due == (found is not None)
    return found


def deliver(database: Database, clock: ManualClock, found: EventRecord | None) -> bool:
    assert found is not None
    with database.writing() as session:
        return outbox.delivered(session, found, clock.now())


@pytest.fixture
def two_calls(database: Database, stored_call: CallRecord) -> None:
    with database.writing() as session:
        calls.insert(session, replace(stored_call, id="call-2", call_sid="CA0002"))


def test_an_event_is_taken_once_and_delivered_once(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    put(database, event(clock, 1))
    found = taken(database, clock)
    assert found is not None
    assert (found.id, found.attempts, found.claim) == ("evt_1", 1, "a")
    assert found.body == '{"token": "token-secret"}'
    assert taken(database, clock, by="b") is None
    assert deliver(database, clock, found)
    assert not deliver(database, clock, found)
    assert taken(database, clock) is None
    with database.reading() as session:
        (kept,) = outbox.listing(session, ["delivered"], 10)
        assert outbox.backlogs(session) == {}
    assert (kept.body, kept.ended_at) == (None, clock.now())


def test_the_body_is_stored_encrypted(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    put(database, event(clock, 1))
    cells = "\n".join(every_cell(database))
    assert "evt_1" in cells
    assert "token-secret" not in cells


def test_an_event_needs_its_call(database: Database, clock: ManualClock) -> None:
    with pytest.raises(RecordsError):
        put(database, event(clock, 1))


def test_a_lease_that_is_over_lets_the_next_one_in_and_the_first_one_out(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    put(database, event(clock, 1))
    lost = taken(database, clock, by="died")
    clock.advance(LEASE.total_seconds() - 1)
    assert taken(database, clock, by="next") is None
    clock.advance(1)
    found = taken(database, clock, by="next")
    assert found is not None
    assert (found.claim, found.attempts) == ("next", 2)
    # The first one was not dead but slow: what it says does not count any more.
    assert not deliver(database, clock, lost)
    assert deliver(database, clock, found)


def test_events_of_a_call_are_taken_in_order_and_other_calls_do_not_wait(
    database: Database, two_calls: None, clock: ManualClock
) -> None:
    put(database, event(clock, 1), event(clock, 2), event(clock, 3, "call-2"))
    first = taken(database, clock)
    other = taken(database, clock)
    assert first is not None
    assert other is not None
    assert (first.id, other.id) == ("evt_1", "evt_3")
    assert taken(database, clock) is None
    with database.writing() as session:
        assert outbox.postpone(session, first, "500", clock.now() + timedelta(seconds=30))
    assert taken(database, clock) is None
    clock.advance(30)
    again = taken(database, clock)
    assert again is not None
    assert (again.id, again.last_failure) == ("evt_1", "500")
    assert deliver(database, clock, again)
    second = taken(database, clock)
    assert second is not None
    assert second.id == "evt_2"


def test_a_dead_event_holds_nobody_up_and_can_be_revived(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    put(database, event(clock, 1), event(clock, 2))
    first = taken(database, clock)
    assert first is not None
    with database.writing() as session:
        assert outbox.bury(session, first, "410", clock.now())
    second = taken(database, clock)
    assert second is not None
    assert second.id == "evt_2"
    later = clock.now() + timedelta(hours=1)
    with database.writing() as session:
        assert outbox.backlogs(session) == {"crm": Backlog(1, 1, clock.now())}
        assert outbox.revive(session, ["no-such"], now=clock.now(), give_up_at=later) == []
        (revived,) = outbox.revive(session, None, now=clock.now(), give_up_at=later)
    assert (revived.id, revived.status, revived.give_up_at) == ("evt_1", "waiting", later)
    found = taken(database, clock)
    assert found is not None
    assert found.id == "evt_1"


def test_what_was_delivered_is_not_revived(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    put(database, event(clock, 1))
    deliver(database, clock, taken(database, clock))
    with database.writing() as session:
        assert not outbox.revive(session, ["evt_1"], now=clock.now(), give_up_at=clock.now())


def test_each_crm_has_events_of_its_own(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    put(database, event(clock, 1, crm="crm"), event(clock, 2, crm="archive"))
    found = taken(database, clock, "archive")
    assert found is not None
    assert found.id == "evt_2"
    assert taken(database, clock, "nobody") is None


def test_many_at_once_take_each_event_once(
    database: Database, two_calls: None, clock: ManualClock
) -> None:
    put(database, *(event(clock, n, f"call-{1 + n % 2}") for n in range(MANY)))
    got: list[str] = []

    def run(number: int) -> None:
        # Whoever finds nothing because others hold the first ones looks again.
        while len(got) < MANY:
            found = taken_quietly(number)
            if found is not None:
                got.append(found.id)
                deliver(database, clock, found)

    def taken_quietly(number: int) -> EventRecord | None:
        now = clock.now()
        with database.writing() as session:
            return outbox.claim(session, "crm", by=f"w{number}", now=now, until=now + LEASE)

    at_once([partial(run, number) for number in range(MANY)])
    assert sorted(got) == sorted(f"evt_{n}" for n in range(MANY))
    for half in (0, 1):
        mine = [int(each.removeprefix("evt_")) for each in got]
        assert [n for n in mine if n % 2 == half] == [n for n in range(MANY) if n % 2 == half]


# --- who fetched, and how often -------------------------------------------------------------


def test_the_first_fetch_of_each_system_is_known(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    began = clock.now()
    with database.writing() as session:
        results.insert(session, ResultRecord("ref", "call-1", "token", began, began, 3))
        assert results.fetched_before(session, "ref", "crm", began) is None
        assert results.fetched_before(session, "ref", "crm", began) == began
    clock.advance(60)
    with database.writing() as session:
        assert results.fetched_before(session, "ref", "crm", clock.now()) == began
        assert results.fetched_before(session, "ref", "desk", clock.now()) is None


def test_of_many_fetches_at_once_one_is_the_first(
    database: Database, stored_call: CallRecord, clock: ManualClock
) -> None:
    began = clock.now()
    with database.writing() as session:
        results.insert(session, ResultRecord("ref", "call-1", "token", began, began, 3))

    def fetch() -> datetime | None:
        with database.writing() as session:
            return results.fetched_before(session, "ref", "crm", began)

    before = at_once([fetch] * MANY)
    assert (before.count(None), before.count(began)) == (1, MANY - 1)


def test_requests_are_counted_by_minute_and_asker(database: Database, clock: ManualClock) -> None:
    def count(asker: str, at: datetime) -> int:
        with database.writing() as session:
            return request_rates.count(session, asker, at)

    at = clock.now()
    assert [count("crm", at), count("crm", at + timedelta(seconds=59))] == [1, 2]
    assert count("desk", at) == 1
    assert count("crm", at + timedelta(seconds=60)) == 1
