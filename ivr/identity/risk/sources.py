"""Signals from other systems: an anomaly model, a fraud service, voice biometrics.

A source adds signals; it can neither raise a level nor decide alone: the rules of a policy give
points for what it says, and lint refuses a policy in which those alone come to anything. It is
asked on a thread of its own for a limited time, the same for every caller; late or broken, it is as
if it had said nothing. It is not told whether a customer was found.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Protocol

import structlog

from ivr.flow.signals import FLAGS, SIGNALS

#: Questions to one source that may be open at once; while so many hang, it is not asked.
MOST_AT_ONCE = 16
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HIGHEST = 1_000_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a source is asked: after ``check`` (``identify`` or ``check_code``) of a call.

    ``call_id`` is ours, ``call_sid`` the provider's name of the call; ``caller`` is the number in
    E.164 or empty, personal data that must not be logged or kept. ``signals`` are those seen so
    far in this check.
    """

    call_id: str
    call_sid: str
    check: str
    language: str
    caller: str
    signals: Mapping[str, int]


class SignalSource(Protocol):
    """One other system."""

    name: str

    def signals(self, occasion: Occasion) -> Mapping[str, int]:
        """Signals by name, whole numbers from 0 to 1,000,000; names of our own are ignored.

        May raise and may take its time: neither reaches the caller.
        """
        ...


class Sources:
    """Asks several sources at once."""

    def __init__(self, sources: Sequence[SignalSource] = (), *, limit_s: float = 0.3) -> None:
        """``limit_s``: seconds of real time for all of them together."""
        self._sources = tuple(sources)
        self._limit_s = limit_s
        self._free = {id(source): threading.Semaphore(MOST_AT_ONCE) for source in self._sources}

    def __bool__(self) -> bool:
        return bool(self._sources)

    def ask(self, occasion: Occasion) -> Mapping[str, int]:
        """What the sources say in time. Never raises for what a source does."""
        asked = [self._begin(source, occasion) for source in self._sources]
        answers = {answer: name for name, answer in asked if answer is not None}
        in_time, late = wait(answers, timeout=self._limit_s)
        for answer in late:
            _log.warning("signal_source_late", source=answers[answer])
        found: dict[str, int] = {}
        for answer in answers:
            if answer in in_time:
                found.update(answer.result())
        return found

    def _begin(
        self, source: SignalSource, occasion: Occasion
    ) -> tuple[str, Future[Mapping[str, int]] | None]:
        free = self._free[id(source)]
        if not free.acquire(blocking=False):
            _log.warning("signal_source_busy", source=source.name)
            return source.name, None
        answer: Future[Mapping[str, int]] = Future()

        def run() -> None:
            try:
                answer.set_result(_usable(source.signals(occasion)))
            except Exception as error:  # the type says enough and holds no caller's data
                _log.warning("signal_source_broke", source=source.name, error=type(error).__name__)
                answer.set_result({})
            finally:
                free.release()

        # A daemon: a source that hangs must not keep the process from stopping.
        threading.Thread(target=run, name=f"signals-{source.name}", daemon=True).start()
        return source.name, answer


def _usable(said: Mapping[str, int]) -> Mapping[str, int]:
    """What is a signal, and none of our own."""
    return {
        name: value
        for name, value in said.items()
        if isinstance(value, int)
        and 0 <= value <= _HIGHEST
        and _NAME.fullmatch(name)
        and name not in SIGNALS
        and name not in FLAGS
    }
