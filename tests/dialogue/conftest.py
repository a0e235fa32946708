"""The shipped flow and calls walked to a state of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from dialogue_path import PATH, START

from ivr.dialogue.call import Call
from ivr.dialogue.machine import new_call, step
from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow
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
    prompts = folder / "prompts.ja.yaml"
    lines = prompts.read_text(encoding="utf-8").splitlines()
    changed = ["  greeting: 新しい挨拶でございます。" if "greeting:" in x else x for x in lines]
    prompts.write_text("\n".join(changed), encoding="utf-8")
    return load_flow(folder, grammars_dir=ROOT / "grammars", words=Settings().words())
