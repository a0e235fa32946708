"""``ivr media``, and ``ivr serve`` with a media process beside it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.request import urlopen

import pytest
from command_line import Ivr

from ivr.commands import media
from ivr.commands.addresses import host_and_port, url_of
from ivr.commands.web_process import environment, free_address, running
from ivr.settings import load_settings
from ivr.speaking.prompt_texts import PromptText
from ivr.wiring.media import Media

HEARING = {"IVR_HEARING": "vosk,twilio,keys"}


@pytest.mark.parametrize("command", ["media", "serve"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"IVR_SPEECH_MODELS": '{"ja": "/no/such/folder"}'}, "there is no folder /no/such/folder"),
        ({"IVR_RENDERED_VOICE": "nobody"}, "IVR_RENDERED_VOICE"),
        ({"IVR_MEDIA_BIND": "8081"}, "must be an address and a port"),
        ({"IVR_MEDIA_BIND": "no.such.host.invalid:8081"}, "cannot listen on IVR_MEDIA_BIND"),
        ({"IVR_MEDIA_CALLS": "0"}, "IVR_MEDIA_CALLS"),
        ({"IVR_FIELD_KEY": "c2hvcnQ="}, "IVR_FIELD_KEY must be 32 bytes in base64"),
    ],
)
def test_wrong_settings_refuse_to_start(
    ivr: Ivr,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    changes: dict[str, str],
    words: str,
) -> None:
    addresses = {"IVR_BIND": free_address(), "IVR_MEDIA_BIND": free_address()}
    for name, value in {**HEARING, **addresses, **changes}.items():
        monkeypatch.setenv(name, value)
    ran = ivr(command)
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert "Honnin" not in ran.err


def test_a_media_process_that_nobody_is_led_to_refuses_to_start(ivr: Ivr) -> None:
    ran = ivr("media")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "ivr: IVR_HEARING=twilio,keys leads no call to the media process"
        " (IVR_HEARING=vosk,twilio,keys)\n"
    )


@pytest.mark.parametrize("command", ["media", "serve"])
def test_a_taken_port_refuses_to_start(
    ivr: Ivr, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        chosen = {**HEARING, "IVR_BIND": free_address(), "IVR_MEDIA_BIND": address}
        for name, value in chosen.items():
            monkeypatch.setenv(name, value)
        ran = ivr(command)
    assert (ran.code, ran.out) == (1, "")
    assert f"cannot listen on IVR_MEDIA_BIND={address}: " in ran.err


@dataclass
class Sounds:
    """``there``: the texts with a sound on the disk; none is rendered in slow mode."""

    texts: list[PromptText]
    there: set[str]

    def source(self, language: str, text: str) -> str:
        return "said" if language == "en" else "rendered"

    def ready(self, language: str, text: str, *, slow: bool) -> bytes | None:
        return b"..." if text in self.there and not slow else None


def test_prompts_that_callers_would_wait_for_are_counted() -> None:
    texts = [
        PromptText("ja", "one", "一", open=False),
        PromptText("ja", "two", "二", open=False),
        PromptText("ja", "back", "三ですね", open=True),
        PromptText("en", "one", "One", open=False),
    ]
    assert media._without_sound(cast(Any, Sounds(texts, {"一"}))) == 3


class Told:
    """A server that is told to end as soon as it listens, and so often."""

    def __init__(self, signals: int) -> None:
        self._signals = signals
        self.drained: list[float] = []
        self._over = asyncio.Event()

    async def start(self, host: str, port: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    async def drain(self, limit_s: float) -> None:
        self.drained.append(limit_s)
        if limit_s and self._signals > 1:
            os.kill(os.getpid(), signal.SIGINT)
            await self._over.wait()
        self._over.set()


@pytest.mark.parametrize(("signals", "drained"), [(1, [20.0]), (2, [20.0, 0])])
def test_a_second_signal_does_not_wait_for_running_turns(
    home: Path, signals: int, drained: list[float]
) -> None:
    async def serve() -> list[float]:
        server = Told(signals)
        sounds = Sounds([], set())
        running = Media(cast(Any, server), cast(Any, None), {}, cast(Any, sounds), lambda: None)
        await media._serve(running, load_settings())
        return server.drained

    assert asyncio.run(serve()) == drained


def test_one_command_starts_both_processes_and_ends_them(home: Path) -> None:
    settings = load_settings(
        hearing="vosk,twilio,keys", bind=free_address(), media_bind=free_address()
    )
    command = (sys.executable, "-m", "ivr.cli", "serve")
    log = home / "server.log"
    ready = f"http://{settings.bind}/readyz"
    with running(command, environment(settings), log, ready) as process:
        with urlopen(f"http://{settings.media_bind}/readyz", timeout=5) as answer:
            assert json.load(answer) == {"status": "ready"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    said = log.read_text()
    assert said.index("Honnin hears callers on") < said.index("Honnin answers at")
    assert "Traceback" not in said
    for bind in (settings.bind, settings.media_bind):
        socket.create_server(host_and_port(bind)).close()


@pytest.mark.parametrize(
    ("bind", "place", "url"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80), "http://127.0.0.1:80"),
        (":8081", ("", 8081), "http://127.0.0.1:8081"),
        ("0.0.0.0:8081", ("0.0.0.0", 8081), "http://127.0.0.1:8081"),  # noqa: S104
        ("[::1]:8081", ("::1", 8081), "http://[::1]:8081"),
        ("[::]:8081", ("::", 8081), "http://[::1]:8081"),
        ("media.internal:8081", ("media.internal", 8081), "http://media.internal:8081"),
    ],
)
def test_addresses_are_read(bind: str, place: tuple[str, int], url: str) -> None:
    assert host_and_port(bind) == place
    assert url_of(bind) == url
