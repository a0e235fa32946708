"""The service: each event once, whoever delivers it, however often, in whatever process."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from dialogue_path import say
from fakes.checks import CountingChecks
from service_rig import KEY, SID, Build, Telephone, rows, verified_transfer
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.dialogue.actions import End, Transfer
from ivr.dialogue.events import Heard, Pressed, Silence, TransferEnded
from ivr.dialogue.service import DialogueService
from ivr.dialogue.worker import CheckWorker
from ivr.errors import NotFound
from ivr.flow.flow import Flow
from ivr.identity.result import ResultSigner, verify
from ivr.records import results
from ivr.records.database import Database


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


def test_lines_that_were_heard_are_known_as_long_as_their_turn_lasts(
    served: tuple[DialogueService, CountingChecks], clock: ManualClock
) -> None:
    service, _ = served
    reply = verified_transfer(Telephone(service), clock)
    assert not reply.spoken
    for turn in (reply.turn - 1, reply.turn + 1):
        service.spoken(call_sid=SID, turn=turn)
        assert not service.current(call_sid=SID).spoken
    for _ in range(2):
        service.spoken(call_sid=SID, turn=reply.turn)
        again = service.current(call_sid=SID)
        assert again == replace(reply, spoken=True)
    service.spoken(call_sid="CA of nobody", turn=0)
    nobody = TransferEnded(clock.now(), "no_answer")
    assert not service.take(call_sid=SID, turn=reply.turn, event=nobody).spoken


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
