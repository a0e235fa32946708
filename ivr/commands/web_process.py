"""A web process of our own beside the command that needs it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from pydantic import BaseModel, SecretStr

from ivr.clock import SystemClock
from ivr.errors import RehearsalError
from ivr.settings import Settings

#: Seconds for a web process to start on a slow laptop, and to finish what it does.
_START_S = 30
_STOP_S = 30


def free_address() -> str:
    """``127.0.0.1:PORT`` with a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def environment(settings: Settings) -> dict[str, str]:
    """An environment in which a process finds exactly these settings."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("IVR_")}
    default = Settings.model_fields
    given = {
        f"IVR_{name.upper()}": _text(value)
        for name, value in settings
        if value != default[name].default
    }
    return others | given


def _text(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, dict):
        return json.dumps(value, default=_text)
    return str(value)


@contextmanager
def serving(settings: Settings, log: Path, *, media: bool = True) -> Iterator[None]:
    """``ivr serve`` as a process of its own, with these settings, until the block ends. ``media``:
    the media process with it, where the settings want one.

    Raises:
        RehearsalError: it did not start; ``log`` holds what it wrote.
    """
    command = [sys.executable, "-m", "ivr.cli", "serve", *([] if media else ["--no-media"])]
    with running(command, environment(settings), log, f"http://{settings.bind}/readyz"):
        yield


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], log: Path, probe: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` until the block ends. The block begins once ``probe``, a URL on this
    machine, answers with status 200.

    Raises:
        RehearsalError: it stopped before that, or took too long.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            command, env=dict(environ), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _await(probe, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(probe: str, process: subprocess.Popen[bytes], log: Path) -> None:
    clock = SystemClock()
    for _ in range(_START_S * 20):
        if process.poll() is not None:
            break
        try:
            with urlopen(probe, timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except (URLError, OSError):
            pass
        clock.sleep(0.05)
    raise RehearsalError("the web process did not start", hint=f"see {log}")
