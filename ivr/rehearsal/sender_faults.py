"""Ways to send codes that fail as providers do."""

from __future__ import annotations

import threading
from datetime import timedelta

from ivr.clock import Clock
from ivr.errors import SendFailed
from ivr.identity.ports import CodeMessage, CodeSender

#: Seconds that a slow provider takes.
SLOW_S = 4.0
_LOOK_S = 0.005


class SenderDown:
    """Refuses at once: the provider is down."""

    def send(self, message: CodeMessage) -> None:
        raise SendFailed("the provider is down (rehearsed)", kind="retry_later")


class SenderHangs:
    """Says nothing until the call is over."""

    def __init__(self, call_over: threading.Event) -> None:
        self._call_over = call_over

    def send(self, message: CodeMessage) -> None:
        self._call_over.wait()
        raise SendFailed("the provider never answered (rehearsed)", kind="retry_later")


class SlowSender:
    """Sends after :data:`SLOW_S` seconds on the call's clock, whoever moves it."""

    def __init__(self, inner: CodeSender, clock: Clock, call_over: threading.Event) -> None:
        self._inner = inner
        self._clock = clock
        self._call_over = call_over

    def send(self, message: CodeMessage) -> None:
        until = self._clock.now() + timedelta(seconds=SLOW_S)
        while self._clock.now() < until and not self._call_over.wait(_LOOK_S):
            pass
        self._inner.send(message)


def faulty(
    kind: str | None, inner: CodeSender, clock: Clock, call_over: threading.Event
) -> CodeSender:
    """``inner`` with the fault that a world names (``down``, ``hangs``, ``slow`` or None)."""
    if kind == "down":
        return SenderDown()
    if kind == "hangs":
        return SenderHangs(call_over)
    if kind == "slow":
        return SlowSender(inner, clock, call_over)
    return inner
