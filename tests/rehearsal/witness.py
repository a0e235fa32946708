"""The rehearsed shipped flow with a witness: what is logged, what is answered, what is secret."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fakes.voices import HummingVoice

from ivr.clock import Clock
from ivr.commands.rehearse import WiredStage, load_flows
from ivr.flow.flow import Flow
from ivr.rehearsal.callfile import CallFile, load_call
from ivr.rehearsal.conversation import Moment
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.stage import RunningApp, SenderWrap, WsgiApp
from ivr.rehearsal.world import Worlds
from ivr.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
CUSTOMERS = ROOT / "flows" / "verify" / "customers.csv"
#: Calls placed at the same time.
JOBS = 3


@dataclass(frozen=True)
class Placed:
    """A call file that was placed, how it went, and all that happened."""

    call: CallFile
    outcome: Outcome
    moments: list[Moment]


class WitnessedStage(WiredStage):
    """The real application. Keeps what it logs, and the documents it answers webhooks with."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.documents: list[tuple[str, str]] = []
        super().__init__(self.log, "debug")

    def build(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> RunningApp:
        running = super().build(settings, clock, flow, wrap_sender)
        return RunningApp(self._witnessed(running.app), running.close)

    def _witnessed(self, app: WsgiApp) -> WsgiApp:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            answered = app(environ, start_response)
            body = b"".join(answered)
            getattr(answered, "close", lambda: None)()
            if body.startswith(b"<?xml"):
                self.documents.append((environ["PATH_INFO"], body.decode()))
            return [body]

        return answer


@dataclass
class Rehearsals:
    """Places calls, a few at a time."""

    worlds: Worlds
    stage: WitnessedStage
    flow: Flow
    pool: ThreadPoolExecutor
    _placed: dict[Path, Future[Placed]] = field(default_factory=dict)

    def begin(self, path: Path) -> Future[Placed]:
        """Have the call file placed, unless it was already."""
        if path not in self._placed:
            self._placed[path] = self.pool.submit(self._place, path)
        return self._placed[path]

    def _place(self, path: Path) -> Placed:
        moments: list[Moment] = []
        call = load_call(path, flows={self.flow.name: self.flow})
        return Placed(call, self.worlds.rehearse(call, self.flow, moments.append), moments)


@contextmanager
def rehearsing(
    *, voice: bool = False, flows: Path = ROOT / "flows", flow_name: str = "verify"
) -> Iterator[Rehearsals]:
    """The shipped flow, or that of this name in ``flows``, ready to be called; nothing of the
    environment's settings counts.
    ``voice``: by media stream; prompts are hummed, for callers who know them by their marks."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("IVR_"):
                patch.delenv(name)
        patch.setenv("IVR_FLOWS_DIR", str(flows))
        patch.setenv("IVR_GRAMMARS_DIR", str(ROOT / "grammars"))
        # Real time: on a busy machine a check may take long, which callers would hear.
        patch.setenv("IVR_CHECK_WAIT_MS", "8000")
        # One log for all calls: what wiring sets up first would swallow the others' lines.
        patch.setattr("ivr.wiring.application.configure_logging", lambda level: None)
        if voice:
            patch.setattr(
                "ivr.speaking.prompt_sounds.open_voice", lambda settings, folder: HummingVoice()
            )
        stage = WitnessedStage()
        flow = load_flows(load_settings())[flow_name]
        with (
            TemporaryDirectory() as prompts,
            Worlds(stage, fast=True, voice=voice) as worlds,
            ThreadPoolExecutor(JOBS) as pool,
        ):
            patch.setenv("IVR_RENDERED_PROMPTS", prompts)
            yield Rehearsals(worlds, stage, flow, pool)
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Secrets:
    """What must not be logged: ``words`` as words of their own, ``digits`` as numbers of their
    own, ``parts`` anywhere. Japanese does not belong into a log at all."""

    words: frozenset[str]
    digits: frozenset[str]
    parts: frozenset[str]

    def in_line(self, line: str) -> list[str]:
        """What of all this stands in a line of the log (a JSON object)."""
        fields = json.loads(line)
        fields.pop("timestamp", None)  # its fractions of a second would pass for a code
        text = json.dumps(fields, ensure_ascii=False).casefold()
        words = set(re.findall(r"[a-z]+", text))
        numbers = set(re.findall(r"(?<![0-9a-z])[0-9]+(?![0-9a-z])", text))
        found = [*(self.words & words), *(self.digits & numbers)]
        found += [part for part in self.parts if part in text]
        return found + re.findall(r"[\u3040-\u30ff\u3400-\u9fff]+", text)


def secrets_of(placed: Iterable[Placed]) -> Secrets:
    """Everything personal in the calls, and of the customers who could have been named."""
    words: set[str] = set()
    digits: set[str] = set()
    parts: set[str] = set()
    with CUSTOMERS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words |= {row[name].casefold() for name in ("surname", "given")}
            digits.add(row["birthdate"].replace("-", ""))
            parts |= {row["birthdate"], row["email"], row["mobile"], row["landline"]}
    for one in placed:
        parts.add(one.call.caller)
        for turn in one.call.turns:
            if turn.caller is not None:
                parts.add((turn.caller.say or "").casefold())
        for moment in one.moments:
            if moment.who == "message":
                digits |= set(re.findall("[0-9]{6}", moment.text))
            elif moment.who == "caller":
                digits.add("".join(re.findall(r"\[(.)\]", moment.text)))
    # Shorter ones are no secrets, or stand in any log by chance.
    long = {part.removeprefix("+81") for part in parts if len(part) > 9}
    return Secrets(
        frozenset(words),
        frozenset(keys for keys in digits if len(keys) > 5),
        frozenset(long),
    )
