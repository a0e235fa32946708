"""A stage for worlds that puts a small bot on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot_server import BotServer, bot_app, call_of, small_flow
from stream_bot import Script, stream_bot

from ivr.clock import Clock
from ivr.errors import FilesError, Problem
from ivr.flow.flow import Flow
from ivr.identity.ports import CodeMessage, CodeSender
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.stage import RunningApp, SenderWrap
from ivr.rehearsal.world import Worlds
from ivr.settings import Settings


class KeepingSender:
    """Remembers what it sent."""

    def __init__(self) -> None:
        self.sent: list[CodeMessage] = []

    def send(self, message: CodeMessage) -> None:
        self.sent.append(message)


@dataclass
class SmallStage:
    """Puts a small bot on. ``customers`` are the CSV texts that were stored, one a prepare."""

    bot: BotServer = field(default_factory=BotServer)
    customers: list[str | None] = field(default_factory=list)
    settings: list[Settings] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    sender: KeepingSender = field(default_factory=KeepingSender)
    wrapped: CodeSender | None = None
    refuse: Problem | None = None
    closed: int = 0
    #: What a media server says on each stream, and the settings of those that were started.
    streams: list[Script] = field(default_factory=list)
    media_settings: list[Settings] = field(default_factory=list)

    def prepare(self, settings: Settings, clock: Clock, customers: Path | None) -> None:
        self.customers.append(None if customers is None else customers.read_text("utf-8"))
        if customers is not None and self.refuse is not None:
            raise FilesError([self.refuse])
        settings.var_dir.mkdir(exist_ok=True)
        connection = sqlite3.connect(settings.var_dir / "honnin.sqlite3")
        connection.execute("CREATE TABLE IF NOT EXISTS notes (note)")
        connection.close()

    def build(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> RunningApp:
        self.settings.append(settings)
        self.clocks.append(clock)
        self.wrapped = wrap_sender(self.sender)
        app = bot_app(self.bot, settings.twilio_auth_token.get_secret_value(), settings.public_url)
        return RunningApp(app, self.close)

    @contextmanager
    def media(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> Iterator[str]:
        with stream_bot(*self.streams) as (_, address):
            self.media_settings.append(settings)
            yield address.removeprefix("http://")

    def close(self) -> None:
        self.closed += 1

    @property
    def database(self) -> Path:
        return self.settings[-1].var_dir / "honnin.sqlite3"


def rehearse(worlds: Worlds, *turns: Mapping[str, Any], **more: Any) -> Outcome:
    return worlds.rehearse(call_of(*turns, **more), small_flow())
