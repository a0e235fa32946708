"""Code senders that behave like providers in the ways that hurt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast, get_args

from ivr.errors import SendFailed
from ivr.identity.ports import CodeMessage, Verdict


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


class FakeVerifier(FakeSender):
    """Makes and checks codes itself. ``answers`` are given first, one a check: a verdict, a kind of
    SendFailed, or any other exception. ``before_check`` runs at the start of every check."""

    def __init__(
        self, *answers: str | Exception, before_check: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__()
        self.answers = list(answers)
        self.checked: list[tuple[str, str]] = []
        self._before_check = before_check
        self._used = 0

    @property
    def own_code(self) -> str:
        """The code of the newest message, which only this provider knows."""
        return f"{len(self.messages) * 7919 % 10**6:06d}"

    def check(self, destination: str, code: str) -> Verdict:
        self._before_check()
        with self._lock:
            self.checked.append((destination, code))
            answer = self.answers.pop(0) if self.answers else None
            if answer is None:
                right = code == self.own_code and self._used < len(self.messages)
                self._used = len(self.messages) if right else self._used
                return "right" if right else "wrong"
        if isinstance(answer, Exception):
            raise answer
        if answer in get_args(Verdict):
            return cast(Verdict, answer)
        raise SendFailed("the provider does not say", kind=answer)


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
