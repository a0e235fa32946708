"""Two processes under one command: who is started again, and who ends first."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
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
from pathlib import Path
from time import monotonic
from ivr.commands import supervisor
from ivr.commands.supervisor import Kept, Supervisor
from ivr.telephony.logging import configure_logging
configure_logging("info")
web, media = (part.split("|") for part in sys.argv[1:3])
web_started, media_started, leaps = sys.argv[3:]
supervisor.monotonic = lambda: monotonic() + 1000 * Path(leaps).stat().st_size
sys.exit(
    Supervisor(
        web=Kept("web", web, web_started, "ivr serve --no-media"),
        media=Kept("media", media, media_started, "ivr media"),
        limit_s=900.0,
    ).run()
)
"""
#: A process that starts and then does nothing, not even answer.
HANGS = """
import os, signal
with open({notes!r}, "a") as file:
    file.write(f"{name} starts {{os.getpid()}}\\n")
signal.pause()
"""


class Pair:
    """A supervisor with its two processes, and what they noted."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "notes"
        self.log = folder / "log"
        self.notes.touch()
        self._leaps = folder / "leaps"
        self._leaps.touch()
        self._script = folder / "child.py"
        self._script.write_text(CHILD)
        self.web, self.media = free_address(), free_address()
        self.process: subprocess.Popen[bytes] | None = None

    def child(self, name: str, address: str) -> str:
        port = address.rpartition(":")[2]
        return f"{sys.executable}|{self._script}|{name}|{self.notes}|{port}"

    def hangs(self, name: str) -> str:
        return f"{sys.executable}|-c|{HANGS.format(notes=str(self.notes), name=name)}"

    def leap(self) -> None:
        """A quarter of an hour passes."""
        with self._leaps.open("ab") as file:
            file.write(b".")

    def start(self, *, web: str = "", media: str = "") -> subprocess.Popen[bytes]:
        """``web``, ``media``: what to run in place of those that note what happens to them."""
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-c", SUPERVISOR),
                    web or self.child("web", self.web),
                    media or self.child("media", self.media),
                    *(f"http://{each}/" for each in (self.web, self.media)),
                    str(self._leaps),
                ],
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


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


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
    broken = f"{sys.executable}|-c|import sys; sys.exit('no model')"
    assert pair.start(media=broken).wait(30) == 1
    assert pair.log.read_text() == "no model\n"
    assert pair.noted() == []


def test_a_signal_while_the_media_process_starts_ends_it(pair: Pair) -> None:
    process = pair.start(media=pair.hangs("media"))
    until(lambda: pair.noted() == ["media starts"])
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert pair.noted() == ["media starts"]


def test_a_media_process_that_hangs_while_it_starts_is_told(pair: Pair) -> None:
    process = pair.start(media=pair.hangs("media"))
    until(lambda: pair.noted() == ["media starts"])
    pair.leap()
    assert process.wait(30) == 1
    said = pair.log.read_text()
    assert said.startswith("the media process was not ready 900 seconds after its start")
    assert "`ivr media`" in said
    assert "IVR_START_LIMIT_S" in said
    assert pair.noted() == ["media starts"], "nobody answers calls that nobody can hear"
    assert not any(map(is_alive, pair.pids("media")))


def test_a_web_process_that_hangs_while_it_starts_is_told(pair: Pair) -> None:
    process = pair.start(web=pair.hangs("web"))
    until(lambda: "web starts" in pair.noted())
    pair.leap()
    assert process.wait(30) == 1
    said = pair.log.read_text()
    assert said.startswith("the web process was not ready 900 seconds after its start")
    assert "`ivr serve --no-media`" in said
    assert "media ends" in pair.noted()
    assert not any(map(is_alive, pair.pids("web")))


def test_a_media_process_that_hangs_when_it_is_started_again_is_ended_and_tried_again(
    pair: Pair, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    script = tmp_path / "once.py"
    script.write_text(
        f"import pathlib, sys\n"
        f"first = pathlib.Path({str(first)!r})\n"
        f"if first.exists():\n"
        f"{textwrap.indent(HANGS.format(notes=str(pair.notes), name='hanging'), '    ')}\n"
        f"first.touch()\n"
        f"{CHILD}"
    )
    _, _, *rest = pair.child("media", pair.media).split("|")
    process = pair.start(media="|".join((sys.executable, str(script), *rest)))
    until(lambda: "web starts" in pair.noted())
    os.kill(pair.pids("media")[0], signal.SIGKILL)
    for hanging in (1, 2):
        until(lambda: len(pair.pids("hanging")) == hanging)  # noqa: B023 - called at once
        pair.leap()
    until(lambda: len(pair.pids("hanging")) == 3)
    assert not any(map(is_alive, pair.pids("hanging")[:2]))
    assert "web ends" not in pair.noted(), "calls go on by the next way"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    told = [json.loads(line)["event"] for line in pair.log.read_text().splitlines()]
    assert told == ["media_process_died", *(["media_process_hangs", "media_process_died"] * 2)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent")
def test_a_supervisor_that_is_killed_leaves_nobody_behind(pair: Pair) -> None:
    process = pair.start()
    until(lambda: len(pair.noted()) == 2)
    process.kill()
    process.wait(30)
    until(lambda: {"media ends", "web ends"} <= set(pair.noted()))
