"""Processes that race or crash, checks and databases that fail: each event once, and it goes on."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from dialogue_path import say
from fakes.checks import RIGHT, CountingChecks
from fixtures_databases import new_database
from service_rig import SID, Build, Telephone, rows, verified_transfer
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.dialogue.actions import Ask, Check, End
from ivr.dialogue.events import Pressed, Silence
from ivr.dialogue.worker import CheckWorker
from ivr.errors import RecordsUnavailable
from ivr.identity.ports import CheckRequest, CheckResult
from ivr.records import intents
from ivr.records.database import Database


def test_two_processes_with_the_same_event_step_once(
    database: Database, build: Build, clock: ManualClock
) -> None:
    """Eight deliveries of one event, by two processes at once."""
    services = [build(database), build(database)]
    turn = services[0].begin(call_sid=SID, caller="", called="").turn
    event = Silence(clock.now())
    with ThreadPoolExecutor(8) as pool:
        replies = list(
            pool.map(lambda n: services[n % 2].take(call_sid=SID, turn=turn, event=event), range(8))
        )
    assert len({(reply.turn, repr(reply.action)) for reply in replies}) == 1
    assert rows(database, "turns") == 1
    assert rows(database, "check_intents") == 1


def test_different_events_for_one_turn_race_and_one_wins(
    database: Database, build: Build, clock: ManualClock, workers: list[CheckWorker]
) -> None:
    service = build(database)
    workers.append(CheckWorker(service, database, CountingChecks(), clock, threads=1))
    phone = Telephone(service)
    phone.does(Silence(clock.now()))
    phone.waits()
    turn = phone.reply.turn
    racing = [say("はい"), say("いいえ"), Silence(clock.now()), Pressed(clock.now(), "0")] * 2
    others = [build(database) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(
            pool.map(
                lambda pair: others[pair[0] % 4].take(call_sid=SID, turn=turn, event=pair[1]),
                enumerate(racing),
            )
        )
    assert len({repr(r.action) for r in replies}) == 1
    with database.reading() as session:
        numbers = session.execute(text("SELECT number FROM turns")).scalars().all()
    assert max(Counter(numbers).values()) == 1


def test_a_code_is_sent_once_though_two_processes_wake_up(
    database: Database, build: Build, clock: ManualClock, workers: list[CheckWorker]
) -> None:
    checks = CountingChecks()
    services = [build(database) for _ in range(3)]
    workers += [CheckWorker(s, database, checks, clock, threads=2) for s in services]
    verified_transfer(Telephone(services[0]), clock)
    for worker in workers:
        worker.recover()
    with database.reading() as session:
        ids = session.execute(text("SELECT id FROM check_intents")).scalars().all()
    for intent_id in ids:
        for worker in workers:
            worker.wake(intent_id)
            worker.wait(intent_id, 5000)
    assert Counter(request.check for request in checks.asked)["send_code"] == 1
    assert len(checks.asked) == 4


def test_after_a_crash_in_the_middle_of_a_send_the_call_goes_on_and_nothing_is_sent_again(
    database: Database, build: Build, clock: ManualClock, workers: list[CheckWorker]
) -> None:
    service = build(database)
    checks = CountingChecks()
    worker = CheckWorker(service, database, checks, clock, threads=1)
    workers.append(worker)
    phone = Telephone(service)
    phone.does(Silence(clock.now()))
    phone.waits()
    for words in ("はい", "昭和六十年三月五日です", "山田太郎です"):
        phone.does(say(words))
    phone.waits()
    # The process dies: it has claimed the send and never comes back.
    crashed = build(database)
    turn = phone.reply.turn
    crashed.take(call_sid=SID, turn=turn, event=say("はい"))
    with database.writing() as session:
        intent = intents.find(session, phone.reply.call_id, turn + 1)
        assert intent is not None
        assert intents.claim(session, intent.id, clock.now()) is not None
    asked = len(checks.asked)
    phone.waits()
    assert isinstance(phone.reply.action, Check), "a claimed check is waited for"
    clock.advance(13)
    phone.waits()
    assert isinstance(phone.reply.action, Ask)
    assert phone.reply.action.lines[0].key == "code_entry"
    assert len(checks.asked) == asked
    # It comes back after all: too late to change anything.
    before = phone.reply
    crashed.finish_check(intent, CheckResult("limit", {}))
    assert phone.waits() == before


def test_a_check_left_pending_by_a_stopped_process_is_taken_up(
    database: Database, build: Build, clock: ManualClock, workers: list[CheckWorker]
) -> None:
    phone = Telephone(build(database))
    phone.does(Silence(clock.now()))
    revived = build(database)
    workers.append(CheckWorker(revived, database, CountingChecks(), clock, threads=1))
    assert workers[0].recover() == 1
    reply = revived.current(call_sid=SID, wait_ms=5000)
    assert isinstance(reply.action, Ask)
    assert reply.action.lines[-1].key == "consent"


def test_a_check_that_raises_sounds_like_one_that_worked(
    database: Database, build: Build, clock: ManualClock, workers: list[CheckWorker]
) -> None:
    def broken(request: CheckRequest) -> None:
        if request.check in {"identify", "send_code"}:
            raise RecordsUnavailable("gone")

    replies = {}
    for name, before in (("whole", lambda request: None), ("broken", broken)):
        sid = f"CA{name:0<32}"
        service = build(database)
        workers.append(
            CheckWorker(service, database, CountingChecks(RIGHT, before), clock, threads=1)
        )
        reply = service.begin(call_sid=sid, caller="", called="")
        for event in (
            Silence(clock.now()), None, say("はい"), say("昭和六十年三月五日です"),
            say("山田太郎です"), None, say("はい"), None,
        ):  # fmt: skip
            if event is None:
                reply = service.current(call_sid=sid, wait_ms=5000)
            else:
                reply = service.take(call_sid=sid, turn=reply.turn, event=event)
        replies[name] = reply
    assert replies["broken"].action == replies["whole"].action


def test_hanging_up_while_a_check_runs_ends_the_call(
    database: Database, build: Build, clock: ManualClock, workers: list[CheckWorker]
) -> None:
    hung_up = threading.Event()
    checks = CountingChecks(RIGHT, lambda request: bool(hung_up.wait(10)) and None)
    service = build(database)
    workers.append(CheckWorker(service, database, checks, clock, threads=1))
    phone = Telephone(service)
    phone.does(Silence(clock.now()))
    service.hung_up(call_sid=SID)
    hung_up.set()
    reply = phone.waits()
    assert isinstance(reply.action, End)
    workers[0].close()
    assert service.current(call_sid=SID) == reply


def test_an_absent_database_is_said_and_nothing_collected_is_lost(
    sqlite_database: Database, sqlite_url: str, build: Build, clock: ManualClock
) -> None:
    service = build(sqlite_database)
    reply = service.begin(call_sid=SID, caller="", called="")
    impatient = new_database(sqlite_url, clock, wait_s=0.1)
    stuck = build(impatient)
    with sqlite_database.writing(), pytest.raises(RecordsUnavailable):
        stuck.take(call_sid=SID, turn=reply.turn, event=Silence(clock.now()))
    assert service.current(call_sid=SID) == reply
    assert stuck.take(call_sid=SID, turn=reply.turn, event=Silence(clock.now())).turn > reply.turn
    impatient.dispose()
