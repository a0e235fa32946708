"""Code senders that behave like providers in the ways that hurt."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ivr.errors import SendFailed
from ivr.identity.ports import CodeMessage


class FakeSender:
    """Accepts every message and keeps it. ``failures`` are met first, one a send: a kind of
    SendFailed, or any other exception. ``before`` runs at the start of every send."""

    def __init__(
        self,
        *failures: str | Exception,
        before: Callable[[CodeMessage], None] | None = None,
    ) -> None:
        self.messages: list[CodeMessage] = []
        self.asked = 0
        self._failures = list(failures)
        self._before = before
        self._lock = threading.Lock()

    def send(self, message: CodeMessage) -> None:
        with self._lock:
            self.asked += 1
            failure = self._failures.pop(0) if self._failures else None
        if self._before is not None:
            self._before(message)
        if isinstance(failure, Exception):
            raise failure
        if failure is not None:
            raise SendFailed("the provider said no", kind=failure)
        with self._lock:
            self.messages.append(message)

    @property
    def last_code(self) -> str:
        """The code of the newest message."""
        return self.messages[-1].code


class HangingSender:
    """Answers nobody until ``release`` is called; then accepts."""

    def __init__(self) -> None:
        self.messages: list[CodeMessage] = []
        self.asked = threading.Event()
        self._released = threading.Event()

    def send(self, message: CodeMessage) -> None:
        self.asked.set()
        if not self._released.wait(timeout=30):
            raise SendFailed("nobody released the fake", kind="retry_later")
        self.messages.append(message)

    def release(self) -> None:
        """Let every send, present and future, be accepted."""
        self._released.set()
