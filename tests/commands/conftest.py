"""The ``ivr`` command as somebody types it, in a place of its own."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from command_line import ROOT, Ivr, Ran

from ivr import cli


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command may send this process's logs somewhere; the next test's go where they went."""
    configured, handlers, level = (
        structlog.get_config(),
        logging.root.handlers[:],
        logging.root.level,
    )
    yield
    structlog.configure(**configured)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with no settings but the folders, which are the shipped ones."""
    for name in [name for name in os.environ if name.startswith("IVR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IVR_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("IVR_FLOWS_DIR", str(ROOT / "flows"))
    monkeypatch.setenv("IVR_GRAMMARS_DIR", str(ROOT / "grammars"))
    monkeypatch.setenv("IVR_DATABASE_WAIT_S", "0.2")
    # Commands that start others run them from here.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.fixture
def ivr(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ivr:
    """``ivr("database", "check")`` runs it: exit status and both outputs."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["ivr", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        code = caught.value.code
        assert isinstance(code, int)
        return Ran(code, *capsys.readouterr())

    return run
