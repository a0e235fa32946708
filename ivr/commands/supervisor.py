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

from ivr.telephony.logging import configure_logging

_log = structlog.get_logger(__name__)

#: Seconds between two looks at the processes.
_LOOK_S = 0.1
#: Seconds until a process that died is started again; doubled each time, up to the second.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
#: A process that has lived so long had not died of how it was started.
_LIVED_S = 60.0
#: Seconds for a process to end; the media process gives its calls 20 of them.
_END_S = 28.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
#: ``PR_SET_PDEATHSIG`` of prctl(2).
_WHEN_PARENT_DIES = 1


@dataclass
class Supervisor:
    """Runs ``web`` and ``media`` (commands) until a signal comes or the web process ends.

    ``media_ready`` is the URL that answers 200 when the media process has started.
    """

    web: Sequence[str]
    media: Sequence[str]
    media_ready: str
    _signals: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)
    _pause_s: float = _FIRST_PAUSE_S

    def run(self) -> int:
        """The exit status: 0 after a signal, otherwise that of the process that ended first."""
        for number in _SIGNALS:
            signal.signal(number, lambda number, frame: self._signals.put(number))
        media = _started(self.media)
        while not _answers(self.media_ready):
            if media.poll() is not None:
                return _status(media)
            if self._signalled():
                self._end(media)
                return 0
        web = _started(self.web)
        try:
            return self._watch(web, media)
        finally:
            self._end(web)

    def _watch(self, web: subprocess.Popen[bytes], media: subprocess.Popen[bytes]) -> int:
        began, again_at = monotonic(), None
        try:
            while not self._signalled():
                if web.poll() is not None:
                    return _status(web)
                if media.poll() is None:
                    continue
                now = monotonic()
                if again_at is None:
                    again_at = now + self._pause(now - began)
                    _log.error("media_process_died", status=_status(media), again_s=again_at - now)
                if now >= again_at:
                    media, began, again_at = _started(self.media), now, None
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
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - a URL of ours
            return bool(answer.status == 200)
    except (URLError, OSError, HTTPException):
        return False


def main() -> None:
    """Keep the processes of ``ivr serve``. Arguments: the URL that answers when the media process
    has started, and the level of logs."""
    ready, level = sys.argv[1:]
    configure_logging(level)
    ivr = (sys.executable, "-m", "ivr.cli")
    web, media = (*ivr, "serve", "--no-upgrade", "--no-media"), (*ivr, "media")
    sys.exit(Supervisor(web, media, ready).run())


if __name__ == "__main__":
    main()
