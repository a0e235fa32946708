"""A directory in somebody else's system: it may be slow, hang or fail, and no caller may notice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Generic

import structlog

from ivr.clock import Clock
from ivr.errors import HonninError, RecordsError, RecordsUnavailable
from ivr.identity.circuit_breaker import CircuitBreaker
from ivr.identity.ports import Candidate, Customer, Directory, T

_log = structlog.get_logger(__name__)

#: Look-ups that may run at once; more are refused, so that a hanging system holds no more threads.
AT_ONCE = 16
#: Seconds of real time between two looks at the clock while an answer is waited for.
_LOOK_S = 0.05


class PacedDirectory:
    """Asks another directory, and takes the same time for everybody.

    Every look-up, or several :meth:`together`, takes ``seconds``: an answer that comes sooner
    waits, one that comes later does not count. So neither a slow system nor who is in it can be
    heard, and no call hangs. After several failures in a row to answer at all it is left alone for
    a while, which takes callers as long.
    """

    def __init__(
        self,
        inner: Directory,
        clock: Clock,
        *,
        seconds: float,
        at_once: int = AT_ONCE,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._seconds = seconds
        self._slots = threading.BoundedSemaphore(at_once)
        self._breaker = breaker or CircuitBreaker(clock)

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        """See :meth:`Directory.born_on`."""
        return self.together(lambda inner: inner.born_on(birthdate))

    def by_ids(self, ids: Collection[str]) -> Sequence[Customer]:
        """See :meth:`Directory.by_ids`."""
        return self.together(lambda inner: inner.by_ids(ids))

    def by_id(self, customer_id: str) -> Customer | None:
        """See :meth:`Directory.by_id`."""
        return self.together(lambda inner: inner.by_id(customer_id))

    def with_phones(self, phones: Collection[str]) -> Collection[str]:
        """See :meth:`Directory.with_phones`."""
        return self.together(lambda inner: inner.with_phones(phones))

    def together(self, look_up: Callable[[Directory], T]) -> T:
        """See :meth:`Directory.together`.

        Raises:
            RecordsUnavailable: no answer in time, too many look-ups at once, or it is left alone.
            RecordsError: what the directory raised.
        """
        ends = self._clock.now() + timedelta(seconds=self._seconds)
        try:
            return self._asked(look_up, ends)
        finally:
            left = (ends - self._clock.now()).total_seconds()
            if left > 0:
                self._clock.sleep(left)

    def _asked(self, look_up: Callable[[Directory], T], ends: datetime) -> T:
        if not self._breaker.may_ask():
            raise RecordsUnavailable("the directory is not asked for a while: it failed before")
        if not self._slots.acquire(blocking=False):
            raise RecordsUnavailable("the directory is still busy with earlier look-ups")
        running = _Running(self._inner, look_up, self._slots.release)
        try:
            found = running.result(self._clock, ends, self._seconds)
        except RecordsUnavailable:
            if self._breaker.failed():
                _log.warning("directory_left_alone")
            raise
        except HonninError:
            # It is there, and cannot answer this: whoever asks must not shut it for all others.
            self._answered()
            raise
        self._answered()
        return found

    def _answered(self) -> None:
        if self._breaker.succeeded():
            _log.info("directory_answers_again")


class _Running(Generic[T]):
    """A look-up in a thread of its own, which ends with the process whatever it waits for."""

    def __init__(
        self, inner: Directory, look_up: Callable[[Directory], T], ended: Callable[[], None]
    ) -> None:
        self._found: list[T] = []
        self._error: HonninError | None = None
        self._done = threading.Event()
        arguments = (inner, look_up, ended)
        threading.Thread(target=self._run, args=arguments, daemon=True, name="directory").start()

    def result(self, clock: Clock, ends: datetime, seconds: float) -> T:
        """What was found before ``ends`` on the clock, and within ``seconds`` of real time: a
        rehearsal's clock stands still, or is moved on while this waits."""
        for _ in range(ceil(seconds / _LOOK_S)):
            left = (ends - clock.now()).total_seconds()
            if left <= 0 or self._done.wait(min(left, _LOOK_S)):
                break
        if not self._done.is_set() or clock.now() >= ends:
            raise RecordsUnavailable("the directory did not answer in time")
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _run(
        self, inner: Directory, look_up: Callable[[Directory], T], ended: Callable[[], None]
    ) -> None:
        try:
            self._found.append(look_up(inner))
        except HonninError as error:
            self._error = error
        except Exception as error:
            # Its text may hold what was looked for.
            self._error = RecordsError(f"the directory failed [{type(error).__name__}]")
            _log.error("directory_failed", error=type(error).__name__)
        finally:
            ended()
            self._done.set()
