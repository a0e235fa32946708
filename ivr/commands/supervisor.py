"""Two processes under one command: the web process, and beside it the media process, which is
started again when it dies.

They end in the order that keeps calls: the media process first, while the web process still
answers the calls that leave it.
"""

from __future__ import annotations

import ctypes
import queue
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from time import monotonic
from urllib.error import URLError
from urllib.request import urlopen

import structlog

from ivr.telephony.logging import configure_logging, log_uncaught

_log = structlog.get_logger(__name__)

#: Seconds between two looks at the processes.
_LOOK_S = 0.1
#: Seconds until a process that died is started again; doubled each time, up to the second.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
#: A process that has lived so long had not died of how it was started.
_LIVED_S = 60.0
#: Seconds for a process that has started to say so.
_ANSWER_S = 5
#: Seconds for a process to end; the media process gives its calls 20 of them.
_END_S = 28.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
#: ``PR_SET_PDEATHSIG`` of prctl(2).
_WHEN_PARENT_DIES = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A process to keep: its ``command``, and the URL that answers 200 when it has ``started``.
    ``alone``: the command with which a person sees how far it comes."""

    name: str
    command: Sequence[str]
    started: str
    alone: str

    def too_late(self, limit_s: float) -> str:
        """What to tell whoever waits."""
        return (
            f"the {self.name} process was not ready {limit_s:g} seconds after its start and was"
            f" ended (`{self.alone}` shows how far it comes alone; often a disk, a database or a"
            " model does not answer, or memory is short; IVR_START_LIMIT_S gives it more time)"
        )


@dataclass
class Supervisor:
    """Runs ``web`` and ``media`` until a signal comes or the web process ends. Each has
    ``limit_s`` seconds to start."""

    web: Kept
    media: Kept
    limit_s: float
    _signals: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)
    _pause_s: float = _FIRST_PAUSE_S

    def run(self) -> int:
        """The exit status: 0 after a signal, 1 if a process did not start in time, otherwise that
        of the process that ended first."""
        for number in _SIGNALS:
            signal.signal(number, lambda number, frame: self._signals.put(number))
        media = _started(self.media.command)
        status = self._starting(self.media, media)
        if status is not None:
            self._end(media)
            return status
        web = _started(self.web.command)
        try:
            status = self._starting(self.web, web)
            if status is None:
                return self._watch(web, media)
            self._end(media)
            return status
        finally:
            self._end(web)

    def _starting(self, kept: Kept, process: subprocess.Popen[bytes]) -> int | None:
        """Wait until ``process`` has started. Returns None, or the exit status if it does not."""
        until = monotonic() + self.limit_s
        while not _answers(kept.started):
            if process.poll() is not None:
                return _status(process)
            if monotonic() > until:
                sys.stderr.write(f"{kept.too_late(self.limit_s)}\n")
                process.kill()
                return 1
            if self._signalled():
                return 0
        return None

    def _watch(self, web: subprocess.Popen[bytes], media: subprocess.Popen[bytes]) -> int:
        """Start the media process again whenever it dies, or does not start in time."""
        began, again_at, ready = monotonic(), None, True
        try:
            while not self._signalled():
                if web.poll() is not None:
                    return _status(web)
                now = monotonic()
                if media.poll() is None:
                    ready = ready or _answers(self.media.started)
                    if not ready and now - began > self.limit_s:
                        _log.error("media_process_hangs", limit_s=self.limit_s)
                        media.kill()
                        media.wait()
                    continue
                if again_at is None:
                    again_at = now + self._pause(now - began if ready else 0.0)
                    _log.error("media_process_died", status=_status(media), again_s=again_at - now)
                if now >= again_at:
                    media = _started(self.media.command)
                    began, again_at, ready = now, None, False
            return 0
        finally:
            self._end(media)

    def _pause(self, lived_s: float) -> float:
        """How long to wait before a process that lived for ``lived_s`` is started again."""
        if lived_s >= _LIVED_S:
            self._pause_s = _FIRST_PAUSE_S
        pause, self._pause_s = self._pause_s, min(2 * self._pause_s, _LONGEST_PAUSE_S)
        return pause

    def _signalled(self) -> bool:
        try:
            self._signals.get(timeout=_LOOK_S)
        except queue.Empty:
            return False
        return True

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Have ``process`` end; at once when another signal comes, or after a while."""
        process.terminate()
        until = monotonic() + _END_S
        while process.poll() is None:
            if self._signalled() or monotonic() > until:
                process.kill()
                process.wait()


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A process in a group of its own, so that Ctrl-C reaches us alone; it is told to end should
    we be killed (Linux)."""
    library = ctypes.CDLL(None)

    def before() -> None:
        if sys.platform == "linux":
            library.prctl(_WHEN_PARENT_DIES, signal.SIGTERM)

    return subprocess.Popen(  # noqa: S603 - our own modules
        command,
        process_group=0,
        preexec_fn=before,  # noqa: PLW1509 - this process has one thread
    )


def _status(process: subprocess.Popen[bytes]) -> int:
    """The exit status as a shell has it: 128 and the signal for a process that was killed."""
    code = process.returncode
    return code if code >= 0 else 128 - code


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=_ANSWER_S) as answer:  # noqa: S310 - a URL of ours
            return bool(answer.status == 200)
    except (URLError, OSError, HTTPException):
        return False


def main() -> None:
    """Keep the processes of ``ivr serve``. Arguments: the URLs that answer when the web and the
    media process have started, the seconds they have for it, and the level of logs."""
    web_started, media_started, limit_s, level = sys.argv[1:]
    configure_logging(level)
    log_uncaught()
    ivr = (sys.executable, "-m", "ivr.cli")
    web = (*ivr, "serve", "--no-upgrade", "--no-media")
    supervisor = Supervisor(
        web=Kept("web", web, web_started, "ivr serve --no-media"),
        media=Kept("media", (*ivr, "media"), media_started, "ivr media"),
        limit_s=float(limit_s),
    )
    sys.exit(supervisor.run())


if __name__ == "__main__":
    main()
