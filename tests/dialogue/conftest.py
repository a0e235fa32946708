"""The shipped flow, calls walked to a state of it, and services that walk calls."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dialogue_path import PATH, START
from fakes.checks import CountingChecks
from service_rig import KEY, Build

from ivr.clock import ManualClock
from ivr.dialogue.call import Call
from ivr.dialogue.machine import new_call, step
from ivr.dialogue.service import DialogueService
from ivr.dialogue.shelf import FlowShelf
from ivr.dialogue.worker import CheckWorker
from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow
from ivr.identity.result import ResultSigner
from ivr.records.database import Database
from ivr.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def verify_flow() -> Flow:
    return load_flow(
        ROOT / "flows" / "verify", grammars_dir=ROOT / "grammars", words=Settings().words()
    )


@pytest.fixture
def at_state(verify_flow: Flow) -> Callable[[str], Call]:
    """Walk the way through the shipped flow until a state is reached."""

    def walk(state: str) -> Call:
        call = new_call(verify_flow, START)
        for event, reached in PATH:
            call, _ = step(verify_flow, call, event)
            assert call.state == reached
            if reached == state:
                return call
        raise AssertionError(f"{state} is not on the way")

    return walk


@pytest.fixture(scope="session")
def other_flow(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """The shipped flow after somebody changed its greeting."""
    root = tmp_path_factory.mktemp("flows")
    folder = root / "verify"
    shutil.copytree(ROOT / "flows" / "verify", folder)
    shutil.copytree(ROOT / "flows" / "policies", root / "policies")
    prompts = folder / "prompts.ja.yaml"
    lines = prompts.read_text(encoding="utf-8").splitlines()
    changed = ["  greeting: 新しい挨拶でございます。" if "greeting:" in x else x for x in lines]
    prompts.write_text("\n".join(changed), encoding="utf-8")
    return load_flow(folder, grammars_dir=ROOT / "grammars", words=Settings().words())


@pytest.fixture
def build(verify_flow: Flow, clock: ManualClock) -> Build:
    """Another process on the same database."""

    def make(db: Database, flow: Flow = verify_flow) -> DialogueService:
        signer = ResultSigner(KEY, "https://example.test", "agents", clock, timedelta(minutes=30))
        shelf = FlowShelf(flow, db, clock, Settings().words())
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
