"""Performs check intents outside any transaction, each once.

A step commits an intent; whoever claims it (one atomic update) performs it and commits what
it found as the call's next event. After a crash the claim stays, so nothing is sent twice
unasked; the call goes on when the intent's deadline has passed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from ivr.clock import Clock
from ivr.dialogue import request as requests
from ivr.dialogue.service import DialogueService
from ivr.errors import HonninError, RecordsUnavailable
from ivr.identity.ports import CheckResult, Checks
from ivr.records import intents
from ivr.records.database import Database
from ivr.records.intents import IntentRecord

T = TypeVar("T")

#: Seconds between two attempts while the database is away.
_AGAIN_S = 0.5
_log = structlog.get_logger(__name__)


class CheckWorker:
    """A few threads that perform checks for a :class:`DialogueService`."""

    def __init__(
        self, service: DialogueService, db: Database, checks: Checks, clock: Clock, *, threads: int
    ) -> None:
        self._service = service
        self._db = db
        self._checks = checks
        self._clock = clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="check")
        self._ended: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        service.watched_by(self)

    def wake(self, intent_id: str) -> None:
        """Have the intent performed soon; one that is being performed is left alone."""
        with self._lock:
            if intent_id in self._ended:
                return
            self._ended[intent_id] = threading.Event()
        try:
            self._pool.submit(self._run, intent_id)
        except RuntimeError:  # shutting down: another process or the deadline takes over
            self._done(intent_id)

    def recover(self) -> int:
        """Take up intents that nobody claimed, left by a process that stopped; how many."""
        with self._db.reading() as session:
            waiting = intents.pending(session)
        for intent in waiting:
            self.wake(intent.id)
        return len(waiting)

    def wait(self, intent_id: str, wait_ms: int) -> None:
        """Wait until the check has ended here, at most ``wait_ms`` of real time."""
        with self._lock:
            ended = self._ended.get(intent_id)
        if ended is not None:
            ended.wait(wait_ms / 1000)

    def close(self) -> None:
        """Finish what runs; take up nothing new."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, intent_id: str) -> None:
        try:
            self._perform(intent_id)
        except HonninError as error:
            # The deadline lets the call go on; the type says enough and holds no caller's data.
            _log.warning("check not finished", error=type(error).__name__)
        except Exception as error:
            _log.error("check broke", error=type(error).__name__)
        finally:
            self._done(intent_id)

    def _perform(self, intent_id: str) -> None:
        with self._db.writing() as session:
            intent = intents.claim(session, intent_id, self._clock.now())
        if intent is None or self._clock.now() >= intent.deadline_at:
            return  # someone else has it, or the call has gone on without it
        request = requests.from_json(intent.payload)
        try:
            result = self._persistently(intent, lambda: self._checks.perform(request))
        except Exception as error:
            _log.warning("check failed", check=intent.check, error=type(error).__name__)
            outcome, evidence, flags = requests.GIVEN_UP[intent.check]
            result = CheckResult(outcome, evidence, flags)
        self._persistently(intent, lambda: self._service.finish_check(intent, result))

    def _persistently(self, intent: IntentRecord, attempt: Callable[[], T]) -> T:
        """``attempt``, again and again until the intent's deadline while the database is away:
        a code that was accepted must not be lost to a moment's lock. Checks are known by their
        intent, so nothing counts or is sent twice.

        Raises:
            RecordsUnavailable: the database was away until the deadline.
        """
        while True:
            try:
                return attempt()
            except RecordsUnavailable as error:
                if self._clock.now() >= intent.deadline_at:
                    raise
                _log.warning("check delayed", check=intent.check, error=type(error).__name__)
                self._clock.sleep(_AGAIN_S)

    def _done(self, intent_id: str) -> None:
        with self._lock:
            ended = self._ended.pop(intent_id, None)
        if ended is not None:
            ended.set()
