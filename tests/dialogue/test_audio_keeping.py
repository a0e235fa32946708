"""What callers say is kept as sound only after they have allowed it, and no longer than that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from audio_consent import asking_for_audio
from dialogue_path import say
from fakes.checks import CountingChecks
from service_rig import SID, Build, Telephone, rows
from sqlalchemy import text

from ivr.clock import ManualClock
from ivr.commands.purge import periods_of
from ivr.dialogue.audio_keeping import AudioKeeper
from ivr.dialogue.events import Silence
from ivr.dialogue.expectation import Expectations
from ivr.dialogue.shelf import FlowShelf
from ivr.dialogue.worker import CheckWorker
from ivr.flow.flow import Flow
from ivr.flow.model import Choice, ChooseState
from ivr.records import kept_audio
from ivr.records.database import Database
from ivr.records.retention import new_run, purge
from ivr.settings import Settings

SOUND = bytes(range(256)) * 20


@pytest.fixture
def keeper(database: Database, clock: ManualClock) -> AudioKeeper:
    return AudioKeeper(database, clock)


Ring = Callable[[Flow], Telephone]


@pytest.fixture
def ring(database: Database, build: Build, clock: ManualClock, workers: list[CheckWorker]) -> Ring:
    """A call that has come to the consent."""

    def rung(flow: Flow) -> Telephone:
        service = build(database, flow=flow)
        workers.append(CheckWorker(service, database, CountingChecks(), clock, threads=1))
        phone = Telephone(service)
        phone.does(Silence(clock.now()))
        phone.waits()
        return phone

    return rung


def kept(database: Database) -> list[kept_audio.Listed]:
    with database.reading() as session:
        return kept_audio.every(session)


def test_nothing_is_kept_of_a_caller_who_was_not_asked(
    ring: Ring, keeper: AudioKeeper, database: Database, verify_flow: Flow
) -> None:
    call = ring(verify_flow)
    call.does(say("はい"))
    keeper.keep(call_sid=SID, turn=1, state="consent", sound=SOUND)
    keeper.keep(call_sid="CA of nobody", turn=1, state="consent", sound=SOUND)
    assert kept(database) == []


def test_what_is_said_after_yes_is_kept_encrypted_once_a_turn(
    ring: Ring, keeper: AudioKeeper, database: Database, clock: ManualClock, verify_flow: Flow
) -> None:
    call = ring(asking_for_audio(verify_flow))
    keeper.keep(call_sid=SID, turn=0, state="consent", sound=SOUND)
    assert kept(database) == [], "not before the answer"
    reply = call.does(say("はい"))
    for sound in (SOUND, b"again"):
        keeper.keep(call_sid=SID, turn=reply.turn, state="birthdate", sound=sound)
    (listed,) = kept(database)
    assert (listed.turn, listed.state_name, listed.language) == (reply.turn, "birthdate", "ja")
    assert (listed.call_id, listed.created_at) == (reply.call_id, clock.now())
    with database.reading() as session:
        opened = kept_audio.get(session, listed.id)
        stored = session.execute(text("SELECT sound FROM kept_audio")).scalar_one()
        assert kept_audio.get(session, "another") is None
    assert opened is not None
    assert opened.sound == SOUND
    assert stored.startswith("v2.")
    assert "sound" not in repr(opened)


def test_who_allows_it_no_more_has_nothing_left(
    ring: Ring, verify_flow: Flow, keeper: AudioKeeper, database: Database
) -> None:
    flow = asking_for_audio(verify_flow)
    consent = flow.file.states["consent"]
    assert isinstance(consent, ChooseState)
    # Whoever says yes is asked again.
    again = {**consent.choices, "yes": Choice(go="consent", keep_audio=True)}
    states = {**flow.file.states, "consent": consent.model_copy(update={"choices": again})}
    flow = replace(flow, file=flow.file.model_copy(update={"states": states}))
    phone = ring(flow)
    reply = phone.does(say("はい"))
    keeper.keep(call_sid=SID, turn=reply.turn, state="consent", sound=SOUND)
    assert len(kept(database)) == 1
    phone.does(say("いいえ"))
    assert kept(database) == []
    keeper.keep(call_sid=SID, turn=reply.turn, state="consent", sound=SOUND)
    assert kept(database) == []


@pytest.mark.parametrize("asks", [True, False])
def test_whoever_listens_is_told_whether_to_remember(
    ring: Ring, database: Database, clock: ManualClock, verify_flow: Flow, asks: bool
) -> None:
    flow = asking_for_audio(verify_flow) if asks else verify_flow
    call = ring(flow)
    shelf = FlowShelf(flow, database, clock, Settings().words())
    expectations = Expectations(database, shelf, clock)

    def remembers(turn: int) -> bool:
        expected = expectations.of(call_sid=SID, turn=turn)
        assert expected is not None
        return expected.keep_audio

    assert not remembers(call.reply.turn), "the answer to the question itself is not kept"
    call.does(say("はい"))
    assert remembers(call.reply.turn) == asks


def test_sound_is_purged_before_its_call(
    ring: Ring, keeper: AudioKeeper, database: Database, clock: ManualClock, verify_flow: Flow
) -> None:
    reply = ring(asking_for_audio(verify_flow)).does(say("はい"))
    keeper.keep(call_sid=SID, turn=reply.turn, state="birthdate", sound=SOUND)
    periods = periods_of(Settings())
    clock.advance(timedelta(days=30).total_seconds())
    purge(database, periods, run=new_run())
    assert len(kept(database)) == 1
    clock.advance(1)
    purge(database, periods, run=new_run())
    assert kept(database) == []
    assert rows(database, "calls") == 1
