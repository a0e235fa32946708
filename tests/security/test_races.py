"""Ends that meet: a check, its deadline, a hang-up and a database that is away for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from at_once import at_once
from fakes.checks import RIGHT, CountingChecks
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.dialogue.actions import Ask, Check, Transfer
from ivr.dialogue.events import Event, Failed, Heard, Pressed, Silence
from ivr.dialogue.replies import Reply
from ivr.dialogue.service import DialogueService
from ivr.dialogue.shelf import FlowShelf
from ivr.dialogue.worker import CheckWorker
from ivr.errors import RecordsUnavailable
from ivr.flow.flow import Flow
from ivr.identity.ports import CheckRequest, CheckResult
from ivr.identity.result import ResultSigner, new_signing_key
from ivr.records import calls, intents
from ivr.records.database import Database
from ivr.records.intents import IntentRecord
from ivr.settings import Settings
from ivr.understanding.value import Hypothesis

KEY = new_signing_key()

Wired = tuple[DialogueService, CountingChecks]


class Desk:
    """A service whose checks somebody else performs, and one call at it."""

    def __init__(self, service: DialogueService, db: Database, clock: ManualClock) -> None:
        self.service, self.db, self.clock = service, db, clock
        self.sid = "CA1"

    def begin(self, sid: str = "CA1") -> Reply:
        self.sid = sid
        return self.service.begin(call_sid=sid, caller="+819012345678", called="")

    def now(self) -> Reply:
        return self.service.current(call_sid=self.sid)

    def does(self, event: Event) -> Reply:
        return self.service.take(call_sid=self.sid, turn=self.now().turn, event=event)

    def says(self, words: str) -> Reply:
        return self.does(Heard(self.clock.now(), (Hypothesis(words, 0.9),)))

    def intent(self) -> IntentRecord:
        reply = self.now()
        with self.db.reading() as session:
            found = intents.find(session, reply.call_id, reply.turn)
        assert found is not None
        return found

    def ends(self, intent: IntentRecord, result: CheckResult | None = None) -> None:
        self.service.finish_check(intent, result or RIGHT[intent.check])

    def turns(self) -> list[int]:
        with self.db.reading() as session:
            rows = session.execute(
                text(
                    "SELECT number FROM turns JOIN calls ON calls.id = turns.call_id"
                    " WHERE call_sid = :sid ORDER BY number"
                ),
                {"sid": self.sid},
            )
            return [number for (number,) in rows]

    def verification(self) -> str | None:
        with self.db.reading() as session:
            record = calls.find(session, self.sid)
        assert record is not None
        return record.verification_id


@pytest.fixture
def service(database: Database, shipped: Flow, clock: ManualClock) -> DialogueService:
    signer = ResultSigner(KEY, "https://example.test", "agents", clock, timedelta(minutes=30))
    shelf = FlowShelf(shipped, database, clock, Settings().words())
    return DialogueService(database, shelf, signer, clock, check_deadline_s=12, result_minutes=30)


@pytest.fixture
def desk(service: DialogueService, database: Database, clock: ManualClock) -> Desk:
    return Desk(service, database, clock)


def test_a_check_its_deadline_and_a_hang_up_at_one_moment_are_one_turn_each(
    desk: Desk, clock: ManualClock
) -> None:
    for call in range(8):
        desk.begin(f"CA{call}")
        desk.does(Silence(clock.now()))
        assert isinstance(desk.now().action, Check)
        intent = desk.intent()
        clock.advance(12)
        ends = partial(desk.ends, intent)
        hung_up = partial(desk.service.hung_up, call_sid=desk.sid)
        at_once([ends, desk.now, desk.now, ends, *([hung_up] if call % 2 else [])])
        taken = desk.turns()
        assert taken == list(range(taken[0], taken[0] + len(taken)))
        # The silence, the check once, and the hang-up where there was one.
        assert len(taken) <= 2 + call % 2
        desk.ends(intent)
        assert desk.turns() == taken


def _to_identify(desk: Desk, clock: ManualClock) -> None:
    desk.begin()
    desk.does(Silence(clock.now()))
    desk.ends(desk.intent())
    desk.says("はい")
    desk.says("昭和六十年三月五日です")
    desk.says("山田太郎です")


def test_what_is_found_too_late_is_not_bound_to_the_call(desk: Desk, clock: ManualClock) -> None:
    _to_identify(desk, clock)
    late = desk.intent()
    clock.advance(13)
    assert isinstance(desk.now().action, Ask)  # given up; the call went on
    desk.ends(late)
    assert desk.verification() is None


def test_a_late_answer_to_resume_does_not_replace_the_claim(desk: Desk, clock: ManualClock) -> None:
    """Somebody else's verification from the same number must not slip under this caller."""
    desk.begin()
    desk.does(Silence(clock.now()))
    resume = desk.intent()
    clock.advance(13)
    desk.now()
    desk.says("はい")
    desk.says("昭和六十年三月五日です")
    desk.says("山田太郎です")
    desk.ends(desk.intent(), CheckResult("done", {"match": "one"}, (), "mine"))
    desk.ends(resume, CheckResult("resumed", {}, (), "somebody-elses"))
    assert desk.verification() == "mine"


def test_a_failed_identification_keeps_nothing_of_an_earlier_one(
    desk: Desk, clock: ManualClock
) -> None:
    desk.begin()
    desk.does(Silence(clock.now()))
    desk.ends(desk.intent(), CheckResult("resumed", {}, (), "somebody-elses"))
    assert desk.verification() == "somebody-elses"
    desk.says("はじめから")
    desk.says("はい")
    desk.says("昭和六十年三月五日です")
    desk.says("山田太郎です")
    clock.advance(13)
    assert isinstance(desk.now().action, Ask)
    assert desk.verification() is None


def test_trouble_in_the_middle_of_a_resumed_call_gives_no_level(
    desk: Desk, clock: ManualClock
) -> None:
    desk.begin()
    desk.does(Silence(clock.now()))
    desk.ends(desk.intent(), CheckResult("resumed", {}, (), "somebody-elses"))
    reply = desk.does(Failed(clock.now(), "webhook"))
    assert isinstance(reply.action, Transfer)
    assert desk.service.agent_view(reference=reply.reference or "").level == "none"


class Absent:
    """Raises RecordsUnavailable a number of times, then lets through."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, *_: object) -> None:
        if self.left:
            self.left -= 1
            raise RecordsUnavailable("the database is locked")


@pytest.fixture
def workers() -> Iterator[list[CheckWorker]]:
    made: list[CheckWorker] = []
    yield made
    for worker in made:
        worker.close()


def _verified(desk: Desk, clock: ManualClock) -> str:
    def waits() -> Reply:
        return desk.service.current(call_sid=desk.sid, wait_ms=8000)

    desk.begin()
    desk.does(Silence(clock.now()))
    waits()
    for words in ("はい", "昭和六十年三月五日です", "山田太郎です"):
        desk.says(words)
    waits()
    desk.says("はい")
    waits()
    desk.does(Pressed(clock.now(), "123456"))
    reply = waits()
    assert isinstance(reply.action, Transfer)
    return desk.service.agent_view(reference=reply.reference or "").level


def test_a_database_that_is_away_while_a_check_runs_costs_nobody_their_proof(
    desk: Desk, database: Database, clock: ManualClock, workers: list[CheckWorker]
) -> None:
    away = Absent(5)

    def before(request: CheckRequest) -> None:
        if request.check == "check_code":
            away()

    checks = CountingChecks(before=before)
    workers.append(CheckWorker(desk.service, database, checks, clock, threads=1))
    assert _verified(desk, clock) == "verified"
    assert away.left == 0


def test_a_finding_that_cannot_be_stored_at_once_is_stored_later(
    desk: Desk,
    database: Database,
    clock: ManualClock,
    workers: list[CheckWorker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away, finish = Absent(5), desk.service.finish_check

    def finishing(intent: IntentRecord, result: CheckResult) -> None:
        if intent.check == "check_code":
            away()
        finish(intent, result)

    monkeypatch.setattr(desk.service, "finish_check", finishing)
    checks = CountingChecks()
    workers.append(CheckWorker(desk.service, database, checks, clock, threads=1))
    assert _verified(desk, clock) == "verified"
    assert away.left == 0
    assert [request.check for request in checks.asked].count("check_code") == 1


def test_a_database_that_stays_away_does_not_hold_a_worker_for_ever(
    desk: Desk, database: Database, clock: ManualClock, workers: list[CheckWorker]
) -> None:
    checks = CountingChecks(before=lambda request: Absent(10**9)())
    worker = CheckWorker(desk.service, database, checks, clock, threads=1)
    workers.append(worker)
    desk.begin()
    desk.does(Silence(clock.now()))
    assert isinstance(desk.service.current(call_sid=desk.sid, wait_ms=8000).action, Ask)
    assert len(checks.asked) <= 30
