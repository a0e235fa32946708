"""The service: each event once, whoever delivers it, however often, in whatever process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from dialogue_path import say
from fakes.checks import RIGHT, CountingChecks
from fixtures_databases import new_database
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.dialogue.actions import Ask, Check, End, Transfer
from ivr.dialogue.events import Event, Heard, Pressed, Silence, TransferEnded
from ivr.dialogue.service import DialogueService, Reply
from ivr.dialogue.shelf import FlowShelf
from ivr.dialogue.worker import CheckWorker
from ivr.errors import NotFound, RecordsUnavailable
from ivr.flow.flow import Flow
from ivr.identity.ports import CheckRequest, CheckResult
from ivr.identity.result import ResultSigner, new_signing_key, verify
from ivr.records import intents, results
from ivr.records.database import Database
from ivr.settings import Settings

SID = "CA" + "0" * 32
WORDS = Settings().words()
KEY = new_signing_key()

Build = Callable[..., DialogueService]


class Telephone:
    """Drives a service as a caller would, performing no check by itself."""

    def __init__(self, service: DialogueService) -> None:
        self.service = service
        self.reply = service.begin(call_sid=SID, caller="+819012345678", called="+815000000000")

    def does(self, event: Event) -> Reply:
        self.reply = self.service.take(call_sid=SID, turn=self.reply.turn, event=event)
        return self.reply

    def waits(self) -> Reply:
        self.reply = self.service.current(call_sid=SID, wait_ms=5000)
        return self.reply


@pytest.fixture
def build(verify_flow: Flow, clock: ManualClock) -> Build:
    """Another process on the same database."""

    def make(db: Database, flow: Flow = verify_flow) -> DialogueService:
        signer = ResultSigner(KEY, "https://example.test", "agents", clock, timedelta(minutes=30))
        shelf = FlowShelf(flow, db, clock, WORDS)
        return DialogueService(db, shelf, signer, clock, check_deadline_s=12, result_minutes=30)

    return make


@pytest.fixture
def workers() -> Iterator[list[CheckWorker]]:
    made: list[CheckWorker] = []
    yield made
    for worker in made:
        worker.close()


@pytest.fixture
def served(
    database: Database, build: Build, clock: ManualClock, workers: list[CheckWorker]
) -> tuple[DialogueService, CountingChecks]:
    service, checks = build(database), CountingChecks()
    workers.append(CheckWorker(service, database, checks, clock, threads=2))
    return service, checks


def rows(db: Database, table: str) -> int:
    with db.reading() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def verified_transfer(phone: Telephone, clock: ManualClock) -> Reply:
    """Walk the shipped flow to the agent."""
    now = clock.now
    phone.does(Silence(now()))
    phone.waits()
    phone.does(say("はい"))
    phone.does(say("昭和六十年三月五日です"))
    phone.does(say("山田太郎です"))
    phone.waits()
    phone.does(say("はい"))
    phone.waits()
    phone.does(Pressed(now(), "123456"))
    return phone.waits()


def test_a_whole_call_is_stored_after_every_turn_and_hands_over_a_signed_result(
    served: tuple[DialogueService, CountingChecks], clock: ManualClock
) -> None:
    service, checks = served
    reply = verified_transfer(Telephone(service), clock)
    assert isinstance(reply.action, Transfer)
    assert [request.check for request in checks.asked] == [
        "resume", "identify", "send_code", "check_code",
    ]  # fmt: skip
    identify, check_code = checks.asked[1], checks.asked[3]
    assert identify.birthdate == "1985-03-05"
    assert identify.name is not None
    assert check_code.code == "123456"
    assert check_code.verification_id == "verification-1"
    assert reply.reference
    view = service.agent_view(reference=reply.reference)
    assert (view.level, view.language) == ("verified", "ja")
    assert view.amr == ("kba", "otp", "sms")


def test_the_result_is_signed_and_says_what_was_found(
    served: tuple[DialogueService, CountingChecks], clock: ManualClock, database: Database
) -> None:
    service, _ = served
    reply = verified_transfer(Telephone(service), clock)
    signer = ResultSigner(KEY, "https://example.test", "agents", clock, timedelta(minutes=30))
    with database.reading() as session:
        stored = session.execute(text("SELECT token FROM results")).scalar_one()
    with database.reading() as session:
        found = results.get(session, reply.reference or "")
    assert found is not None
    assert service.agent_view(reference=reply.reference or "").token == found.token
    assert not set(found.token.split(".")) & set(stored.split(".")), "stored encrypted"
    claims = verify(found.token, signer.jwks(), audience="agents", issuer=None, now=clock.now())
    assert claims["acr"] == "verified"
    assert claims["amr"] == ["kba", "otp", "sms"]
    assert claims["sub"] == reply.reference


def test_the_first_webhook_may_come_twice(database: Database, build: Build) -> None:
    service = build(database)
    first = service.begin(call_sid=SID, caller="", called="")
    again = build(database).begin(call_sid=SID, caller="", called="")
    assert again == first
    assert rows(database, "calls") == 1


def test_a_turn_already_taken_gets_its_stored_answer(
    served: tuple[DialogueService, CountingChecks], clock: ManualClock
) -> None:
    service, _ = served
    phone = Telephone(service)
    phone.does(Silence(clock.now()))
    phone.waits()
    consent = phone.reply
    birthdate = phone.does(say("はい"))
    late = service.take(call_sid=SID, turn=consent.turn, event=say("いいえ"))
    assert late == birthdate, "the retry says something else, and still nothing is stepped twice"
    phone.does(say("昭和六十年三月五日です"))
    much_later = service.take(call_sid=SID, turn=consent.turn, event=say("はい"))
    assert much_later.action == birthdate.action
    assert much_later.turn == birthdate.turn


def test_turns_from_the_future_and_unknown_calls_are_refused(
    database: Database, build: Build, clock: ManualClock
) -> None:
    service = build(database)
    reply = service.begin(call_sid=SID, caller="", called="")
    with pytest.raises(NotFound):
        service.take(call_sid=SID, turn=reply.turn + 1, event=Silence(clock.now()))
    with pytest.raises(NotFound):
        service.take(call_sid="CA" + "1" * 32, turn=1, event=Silence(clock.now()))
    with pytest.raises(NotFound):
        service.current(call_sid="CA" + "1" * 32)
    service.hung_up(call_sid="CA" + "1" * 32)


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


def test_a_running_call_keeps_the_flow_it_began_with(
    database: Database,
    build: Build,
    verify_flow: Flow,
    clock: ManualClock,
    other_flow: Flow,
) -> None:
    reply = build(database).begin(call_sid=SID, caller="", called="")
    deployed = build(database, other_flow)
    after = deployed.take(call_sid=SID, turn=reply.turn, event=Pressed(clock.now(), "0"))
    assert isinstance(after.action, Transfer)
    assert after.action.lines[0].text == verify_flow.prompts["ja"]["to_urgent"][0]
    new = deployed.begin(call_sid="CA" + "2" * 32, caller="", called="")
    assert new.action.lines[0].text == "新しい挨拶でございます。"


def test_an_agents_answer_is_kept_and_the_call_goes_on(
    served: tuple[DialogueService, CountingChecks], clock: ManualClock
) -> None:
    service, _ = served
    phone = Telephone(service)
    reply = verified_transfer(phone, clock)
    assert service.agent_accepted(call_sid=SID, turn=reply.turn) is None
    service.record_agent_answer(reference=reply.reference or "", accepted=False)
    assert service.agent_accepted(call_sid=SID, turn=reply.turn) is False
    overflow = phone.does(TransferEnded(clock.now(), "declined"))
    assert isinstance(overflow.action, Transfer)
    assert overflow.reference not in {None, reply.reference}
    service.record_agent_answer(reference=overflow.reference or "", accepted=True)
    assert service.agent_accepted(call_sid=SID, turn=overflow.turn) is True
    ended = phone.does(TransferEnded(clock.now(), "bridged"))
    assert isinstance(ended.action, End)
    with pytest.raises(NotFound):
        service.agent_view(reference="unknown")
    with pytest.raises(NotFound):
        service.record_agent_answer(reference="unknown", accepted=True)


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


def test_nothing_a_caller_said_is_readable_in_the_database_file(
    sqlite_database: Database,
    sqlite_url: str,
    build: Build,
    clock: ManualClock,
    workers: list[CheckWorker],
) -> None:
    service = build(sqlite_database)
    workers.append(CheckWorker(service, sqlite_database, CountingChecks(), clock, threads=1))
    phone = Telephone(service)
    phone.does(Silence(clock.now()))
    phone.waits()
    phone.does(say("はい"))
    phone.does(Heard(clock.now(), say("昭和六十二年三月五日です", 0.1).hypotheses))
    phone.does(say("はい"))
    phone.does(say("小野寺隆です"))
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    stored = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    assert stored
    for secret in ("1987-03-05", "昭和六十二年", "小野寺", "オノデラ", "9012345678"):
        assert secret.encode() not in stored
