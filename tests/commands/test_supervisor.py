"""Two processes under one command: who is started again, and who ends first."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_line import ROOT

from ivr.clock import SystemClock
from ivr.commands.web_process import free_address

#: A process that notes what happens to it, and answers HTTP where it has a port.
CHILD = """
import http.server, os, signal, sys
name, log, port = sys.argv[1], sys.argv[2], int(sys.argv[3])

def note(what):
    with open(log, "a") as file:
        file.write(f"{name} {what} {os.getpid()}\\n")

def end(*_):
    note("ends")
    sys.exit(0)

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass

signal.signal(signal.SIGTERM, end)
note("starts")
if port:
    http.server.HTTPServer(("127.0.0.1", port), Page).serve_forever()
while True:
    signal.pause()
"""
SUPERVISOR = """
import sys
from ivr.commands.supervisor import Supervisor
from ivr.telephony.logging import configure_logging
configure_logging("info")
web, media, url = (part.split("|") for part in sys.argv[1:])
sys.exit(Supervisor(web=web, media=media, media_ready=url[0]).run())
"""


class Pair:
    """A supervisor with its two processes, and what they noted."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "notes"
        self.log = folder / "log"
        self.notes.touch()
        self._script = folder / "child.py"
        self._script.write_text(CHILD)
        self._address = free_address()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, media: str = "") -> subprocess.Popen[bytes]:
        """``media`` is Python to run in place of the media process."""
        child = f"{sys.executable}|{self._script}"
        port = self._address.rpartition(":")[2]
        web = f"{child}|web|{self.notes}|0"
        command = f"{sys.executable}|-c|{media}" if media else f"{child}|media|{self.notes}|{port}"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISOR, web, command, f"http://{self._address}/"],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stderr=output,
            )
        return self.process

    def noted(self) -> list[str]:
        return [line.rpartition(" ")[0] for line in self.notes.read_text().splitlines()]

    def pids(self, name: str) -> list[int]:
        lines = self.notes.read_text().splitlines()
        return [int(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} starts")]


def until(happened: Callable[[], bool]) -> None:
    clock = SystemClock()
    for _ in range(600):
        if happened():
            return
        clock.sleep(0.05)
    raise AssertionError("it did not happen in half a minute")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    pair = Pair(tmp_path)
    yield pair
    if pair.process is not None and pair.process.poll() is None:
        pair.process.terminate()
        pair.process.wait(30)


def test_the_media_process_is_there_first_and_ends_first(pair: Pair) -> None:
    process = pair.start()
    until(lambda: len(pair.noted()) == 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert pair.noted() == ["media starts", "web starts", "media ends", "web ends"]


def test_a_media_process_that_dies_is_started_again(pair: Pair) -> None:
    process = pair.start()
    until(lambda: "web starts" in pair.noted())
    for died in (1, 2):
        os.kill(pair.pids("media")[-1], signal.SIGKILL)
        until(lambda: len(pair.pids("media")) == died + 1)  # noqa: B023 - called at once
    assert len(pair.pids("web")) == 1
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    told = [json.loads(line) for line in pair.log.read_text().splitlines()]
    assert [(line["event"], line["status"], line["again_s"]) for line in told] == [
        ("media_process_died", 137, 0.5),
        ("media_process_died", 137, 1.0),
    ]


def test_when_the_web_process_ends_all_does(pair: Pair) -> None:
    process = pair.start()
    until(lambda: "web starts" in pair.noted())
    os.kill(pair.pids("web")[0], signal.SIGKILL)
    assert process.wait(30) == 137
    assert pair.noted()[-1] == "media ends"


def test_a_media_process_that_cannot_start_keeps_the_web_process_from_starting(pair: Pair) -> None:
    assert pair.start(media="import sys; sys.exit('no model')").wait(30) == 1
    assert pair.log.read_text() == "no model\n"
    assert pair.noted() == []


def test_a_signal_while_the_media_process_starts_ends_it(pair: Pair) -> None:
    slow = f"import signal; open({str(pair.notes)!r}, 'a').write('slow 0\\n'); signal.pause()"
    process = pair.start(media=slow)
    until(lambda: pair.noted() == ["slow"])
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert pair.noted() == ["slow"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent")
def test_a_supervisor_that_is_killed_leaves_nobody_behind(pair: Pair) -> None:
    process = pair.start()
    until(lambda: len(pair.noted()) == 2)
    process.kill()
    process.wait(30)
    until(lambda: {"media ends", "web ends"} <= set(pair.noted()))
