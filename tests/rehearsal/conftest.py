"""A telephone, and a small server to call with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bot_server import AGENT, GOODBYE, PUBLIC, TOKEN, BotServer, ask, bot_app, call_of, small_flow
from small_stage import SmallStage

from ivr.clock import ManualClock
from ivr.flow.flow import Flow
from ivr.rehearsal.callfile import DEFAULT_NOW
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.telephone import Surroundings, Telephone
from ivr.rehearsal.web_server import serving
from ivr.rehearsal.webhooks import Server
from ivr.rehearsal.world import Worlds


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[BotServer]:
    """A running server; every webhook it got must have been signed."""
    server = BotServer(outbox=tmp_path / "outbox.jsonl")
    with serving(bot_app(server)) as address:
        server.address = address
        yield server
    assert server.unsigned == 0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(DEFAULT_NOW)


@pytest.fixture
def flow() -> Flow:
    return small_flow()


@pytest.fixture
def moments() -> list[Moment]:
    """What happened in the call that ``place`` placed."""
    return []


@pytest.fixture
def place(
    bot: BotServer, clock: ManualClock, flow: Flow, moments: list[Moment]
) -> Callable[..., Outcome]:
    """``place(*turns, around={...}, **call file)`` calls the small server."""

    def place(
        *turns: Mapping[str, Any], around: Mapping[str, Any] | None = None, **more: Any
    ) -> Outcome:
        usual = Surroundings(
            server=Server(bot.address, PUBLIC, TOKEN),
            clock=clock,
            outbox=bot.outbox,
            destinations={AGENT: "agents"},
        )
        surroundings = replace(usual, **(around or {}))
        return Telephone(call_of(*turns, **more), flow, surroundings, moments.append).place()

    return place


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStage:
    monkeypatch.setenv("IVR_FLOWS_DIR", str(tmp_path))
    stage = SmallStage()
    stage.bot.pages = {"/voice/incoming": ask("ご本人様ですか。"), "/next": GOODBYE}
    return stage


@pytest.fixture
def worlds(stage: SmallStage) -> Iterator[Worlds]:
    with Worlds(stage, fast=True) as worlds:
        yield worlds
