"""The ``ivr`` command itself: quick help, and errors in one line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ivr import __version__, cli
from ivr.errors import FilesError, HonninError, Problem

ROOT = Path(__file__).parent.parent
#: Takes long to import, and help needs none of it.
HEAVY = ("alembic", "cryptography", "flask", "gunicorn", "pydantic", "sqlalchemy", "sudachipy",
         "twilio", "yaml")  # fmt: skip
_HELP = f"""
import sys
from ivr.cli import main
sys.argv = ["ivr", "--help"]
try:
    main()
except SystemExit as ended:
    assert not ended.code
print(sorted(set({HEAVY!r}) & set(sys.modules)))
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_imports_nothing_that_takes_long() -> None:
    ran = python("-c", _HELP)
    assert (ran.returncode, ran.stderr) == (0, "")
    *shown, imported = ran.stdout.splitlines()
    assert imported == "[]"
    assert [
        line.split()[0] for line in shown[shown.index("Commands:") + 1 :] if line[2] != " "
    ] == [*cli.COMMANDS]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_table_of_commands_is_true(name: str) -> None:
    command = cli.cli.get_command(click.Context(cli.cli), name)
    assert command is not None
    assert command.name == name
    assert re.fullmatch(r"[A-Z].{10,90}\.", cli.COMMANDS[name][1])


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_of_its_own(name: str) -> None:
    ran = CliRunner().invoke(cli.cli, [name, "--help"])
    assert ran.exit_code == 0
    assert ran.output.startswith(f"Usage: cli {name} ")


def test_an_unknown_command_is_refused() -> None:
    ran = CliRunner().invoke(cli.cli, ["lnt"])
    assert ran.exit_code == 2
    assert "No such command 'lnt'" in ran.output


def test_the_version() -> None:
    ran = python("-m", "ivr.cli", "--version")
    assert (ran.returncode, ran.stdout) == (0, f"ivr, version {__version__}\n")


def failing(error: Exception) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


def run(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """``ivr`` with a command that raises ``error``."""
    monkeypatch.setattr(cli, "cli", failing(error))
    monkeypatch.setattr(sys, "argv", ["ivr"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code, *capsys.readouterr()


def test_our_own_errors_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = HonninError("the thing is broken", hint="mend it")
    assert run(error, monkeypatch, capsys) == (1, "", "ivr: the thing is broken (mend it)\n")


def test_problems_of_files_are_one_line_each_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = [Problem("b.yaml", 2, 1, "wrong"), Problem("a.yaml", 0, 0, "no such file")]
    assert run(FilesError(problems), monkeypatch, capsys) == (
        1,
        "",
        "a.yaml: no such file\nb.yaml:2:1: wrong\n",
    )


def test_other_errors_are_not_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "cli", failing(ZeroDivisionError()))
    monkeypatch.setattr(sys, "argv", ["ivr"])
    with pytest.raises(ZeroDivisionError):
        cli.main()
