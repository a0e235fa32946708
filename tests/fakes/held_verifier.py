"""A provider that checks codes, and answers when a test wants it to."""

from __future__ import annotations

import threading
from typing import Any, cast

from fakes.senders import FakeSender

from ivr.errors import SendFailed
from ivr.identity.ports import Verdict


class Held:
    """A check that has no answer until ``answer`` is called."""

    def __init__(self) -> None:
        self._asked, self._answered = threading.Event(), threading.Event()
        self._verdict = ""

    def wait_until_asked(self) -> None:
        assert self._asked.wait(timeout=60)

    def answer(self, verdict: str) -> None:
        """A verdict, or a kind of SendFailed."""
        self._verdict = verdict
        self._answered.set()

    def take(self) -> str:
        """What was answered, once it is."""
        self._asked.set()
        assert self._answered.wait(timeout=60)
        return self._verdict


class HeldVerifier(FakeSender):
    """Makes and checks codes itself: the next check answers ``says`` at once, or what the oldest
    of ``held`` is told to, where there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.says = "wrong"
        self.held: list[Held] = []
        self.checked: list[tuple[str, str]] = []

    def check(self, destination: str, code: str) -> Verdict:
        self.checked.append((destination, code))
        said = self.held.pop(0).take() if self.held else self.says
        if said in ("right", "wrong", "expired", "exhausted"):
            return cast(Verdict, said)
        raise SendFailed("the provider does not say", kind=cast(Any, said))
