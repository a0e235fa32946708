"""The calls of the example flow, which spares a code or asks for two, go as their files expect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from witness import ROOT, Rehearsals, rehearsing

from ivr.commands.lint import lint_paths
from ivr.settings import Settings

FLOWS = ROOT / "examples" / "flows"
PATHS = sorted((FLOWS / "step_up" / "calls").glob("*.yaml"))


@pytest.fixture(scope="module")
def rehearsals(request: pytest.FixtureRequest) -> Iterator[Rehearsals]:
    with rehearsing(flows=FLOWS, flow_name="step_up") as rehearsals:
        for item in request.session.items:
            if isinstance(item, pytest.Function) and item.originalname == "test_an_example_call":
                path = item.callspec.params["path"]
                assert isinstance(path, Path)
                rehearsals.begin(path)
        yield rehearsals


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_example_call(rehearsals: Rehearsals, path: Path) -> None:
    assert rehearsals.begin(path).result().outcome.problems == ()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_example_says_what_it_shows(path: Path) -> None:
    first = path.read_text("utf-8").partition("\n")[0]
    assert re.match(r"# V[57](, [VO][0-9]+)*: \S", first)


def test_there_are_calls_of_both_and_no_two_have_one_name(rehearsals: Rehearsals) -> None:
    placed = [rehearsals.begin(path).result() for path in PATHS]
    assert len({each.call.call for each in placed}) == len(PATHS)
    assert sum(path.stem.startswith("known-") for path in PATHS) >= 10
    assert sum(path.stem.startswith("second-") for path in PATHS) >= 10
    # Both languages, and how sure the agent may be, in each.
    assert {each.call.language for each in placed} == {"ja", "en"}
    assert all(each.call.expect.level and each.call.expect.may for each in placed)


def test_lint_finds_nothing_wrong() -> None:
    found = lint_paths(
        [FLOWS],
        flows_dir=FLOWS,
        grammars_dir=ROOT / "grammars",
        words=Settings().words(),
        destinations={"agents": ("+81312345678",)},
    )
    assert found == []
