"""``ivr lint``: what a path stands for, what is printed, and the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from small_flow import Workshop, complaints, small_files

from ivr.cli import cli

FLOW = "flows/small/flow.yaml"
CALL = "flows/small/calls/hang_up.yaml"
GOOD_CALL = """\
call: hangs up at once
flow: small
language: ja
caller: "+819012345678"
turns:
  - caller: {hangup: true}
expect: {ended: hangup}
"""


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IVR_ENV_FILE", "IVR_FLOWS_DIR", "IVR_GRAMMARS_DIR", "IVR_DESTINATIONS"):
        monkeypatch.delenv(name, raising=False)


EVERY_PATH = (
    "flows/small",
    "flows/small/",
    "flows",
    ".",
    FLOW,
    "flows/small/prompts.ja.yaml",
    "grammars",
    "grammars/ja",
    "grammars/ja/consent.yaml",
    "grammars/ja/consent.samples.yaml",
    "flows/small/calls",
    CALL,
)


@pytest.mark.parametrize("path", EVERY_PATH)
def test_sound_files_of_every_sort(workshop: Workshop, path: str) -> None:
    workshop.write(CALL, GOOD_CALL)
    assert complaints(path) == []


BROKEN = {
    FLOW: ("start: hello", "start: helo"),
    "flows/small/prompts.en.yaml": ("why: To", "why : {} To"),
    "grammars/ja/consent.yaml": ("[いいえ]", "[(いいえ]"),
    CALL: ("ended: hangup", "ended: hangpu"),
}


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        ("flows", {FLOW, "flows/small/prompts.en.yaml", "grammars/ja/consent.yaml"}),
        (FLOW, {FLOW, "flows/small/prompts.en.yaml", "grammars/ja/consent.yaml"}),
        ("grammars", {"grammars/ja/consent.yaml"}),
        ("grammars/ja/consent.samples.yaml", {"grammars/ja/consent.yaml"}),
        ("grammars/en", set()),
        (".", {FLOW, "flows/small/prompts.en.yaml", "grammars/ja/consent.yaml"}),
        (CALL, {FLOW, "flows/small/prompts.en.yaml", "grammars/ja/consent.yaml"}),
    ],
)
def test_which_files_a_path_covers(workshop: Workshop, path: str, broken: set[str]) -> None:
    workshop.write(CALL, GOOD_CALL)
    for name, edit in BROKEN.items():
        workshop.edit(name, edit)
    assert {line.split(":")[0] for line in complaints(path)} == broken


def test_a_broken_call_file(workshop: Workshop) -> None:
    workshop.write(CALL, GOOD_CALL.replace("ended: hangup", "ended: hangpu"))
    expected = [f"{CALL}:7:17: unknown value 'hangpu' (did you mean 'hangup'?)"]
    for path in (CALL, "flows/small/calls", "flows", "."):
        assert complaints(path) == expected
    assert complaints() == expected
    assert complaints(FLOW) == []


def test_a_call_file_that_stands_beside_no_flow(workshop: Workshop) -> None:
    workshop.write("calls/one.yaml", GOOD_CALL.replace("flow: small", "flow: smal"))
    assert complaints("calls/one.yaml") == [
        "calls/one.yaml:2:7: unknown flow 'smal' (did you mean 'small'?)"
    ]
    workshop.write("calls/one.yaml", GOOD_CALL)
    assert complaints("calls/one.yaml") == []


def test_paths_that_are_nothing_of_ours(workshop: Workshop) -> None:
    workshop.write("empty/notes.txt", "x")
    workshop.write("other/compose.yaml", "a: 1")
    workshop.write("flows/small/extra.yaml", "a: 1")
    assert complaints("none.yaml", "empty", "other", "other/compose.yaml", "empty/notes.txt") == [
        "empty: holds no flow, grammar or call file",
        "empty/notes.txt: is no flow.yaml, prompts file, grammar or call file",
        "none.yaml: no such file or folder",
        "other: holds no flow, grammar or call file",
        "other/compose.yaml: is no flow.yaml, prompts file, grammar or call file",
    ]
    assert complaints("flows/small/extra.yaml") == [
        "flows/small/extra.yaml: is no part of this flow (its files are destinations.yaml,"
        " flow.yaml, prompts.en.yaml, prompts.ja.yaml)"
    ]


def test_hidden_folders_are_left_alone(workshop: Workshop) -> None:
    workshop.write(".venv/flows/broken/flow.yaml", "x: 1")
    assert complaints(".") == []


def test_the_command_prints_problems_and_fails(workshop: Workshop) -> None:
    workshop.edit(FLOW, ("start: hello", "start: helo"), ("last: bye", "last: by"))
    result = CliRunner().invoke(cli, ["lint", FLOW])
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{FLOW}:3:8: unknown state 'helo' (did you mean 'hello'?)",
        f"{FLOW}:12:9: unknown state 'by' (did you mean 'bye'?)",
    ]
    assert result.stderr == "2 problems\n"


def test_the_command_checks_everything_without_a_path(workshop: Workshop) -> None:
    workshop.write(CALL, GOOD_CALL)
    result = CliRunner().invoke(cli, ["lint"])
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        f"no problems in {len(small_files()) + 1} files\n",
        "",
    )


def test_the_command_needs_its_folders(workshop: Workshop) -> None:
    for path in small_files():
        workshop.remove(path)
    Path("grammars").rename("elsewhere")
    result = CliRunner().invoke(cli, ["lint"])
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "flows: holds no flow, grammar or call file",
        "grammars: no such file or folder",
    ]


def test_the_command_knows_the_settings(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_DESTINATIONS", '{"others": ["+815012345678"]}')
    result = CliRunner().invoke(cli, ["lint", FLOW])
    assert result.stdout == (
        f"{FLOW}:4:16: destination 'agents' is not in the settings (IVR_DESTINATIONS)\n"
    )
    assert result.stderr == "1 problem\n"
