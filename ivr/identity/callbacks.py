"""Checks for callers who want to be called back: whether that can be promised, and keeping it.

A promise is made only after what it needs is stored: these are checks like the others, performed
outside the call's transactions and known by their intent.
"""

from __future__ import annotations

from datetime import timedelta

from ivr.clock import Clock
from ivr.identity.ports import CheckRequest, CheckResult, Checks
from ivr.records import audit, callbacks
from ivr.records.audit import Detail, Entry
from ivr.records.audit_chain import lock
from ivr.records.callbacks import CallbackRecord
from ivr.records.database import Database
from ivr.records.phone_numbers import to_e164

_JAPAN = "+81"


class CallBacks:
    """Performs ``callback_number``, ``callback_here`` and ``callback_there``, and has ``checks``
    perform the others. Implements :class:`ivr.identity.ports.Checks`."""

    def __init__(
        self, checks: Checks, db: Database, clock: Clock, *, most: int, kept_for: timedelta
    ) -> None:
        """``most``: callers who may wait to be called back at once; 0: nobody is promised it.
        ``kept_for``: how long their number is kept at most."""
        self._checks = checks
        self._db = db
        self._clock = clock
        self._most = most
        self._kept_for = kept_for

    def perform(self, request: CheckRequest) -> CheckResult:
        """See :class:`ivr.identity.ports.Checks`."""
        match request.check:
            case "callback_number":
                return CheckResult(self._number(request), {})
            case "callback_here":
                return CheckResult(self._kept(request, request.caller), {})
            case "callback_there":
                return CheckResult(self._kept(request, request.phone or ""), {})
            case _:
                return self._checks.perform(request)

    def _number(self, request: CheckRequest) -> str:
        """Whether a call-back can be promised, and whether the number is known that it would go
        to. Says nothing of who has that number."""
        if self._most == 0:
            return "not_offered"
        with self._db.writing() as session:
            callbacks.expire(session, self._clock.now())
            waiting = callbacks.waiting(session)
        if waiting >= self._most:
            return "not_offered"
        return "known" if _callable(request.caller) else "unknown"

    def _kept(self, request: CheckRequest, number: str) -> str:
        if self._most == 0 or not _callable(number):
            return "failed"
        now = self._clock.now()
        wish = CallbackRecord(
            request.intent_id,
            request.call_id,
            number,
            request.language,
            now,
            now + self._kept_for,
        )
        with self._db.writing() as session:
            lock(session)  # several may ask for the last place at once
            callbacks.expire(session, now)
            waiting = callbacks.of_status(session, "open")
            if any(each.id == wish.id for each in waiting):  # this very check, performed again
                return "kept"
            again = any(each.number == number for each in waiting)
            if not again and len(waiting) >= self._most:
                return "failed"
            # Whoever asks twice is called once.
            if again or callbacks.put(session, wish):
                details: dict[str, Detail] = {"again": again}
                asked = Entry("caller", "callback.requested", request.call_id, "call", details)
                audit.note(session, asked, now)
        return "kept"


def _callable(number: str) -> bool:
    """Whether we call this number: one in Japan that somebody has for themselves. Who could name
    any number could have us call the other end of the world, or one that costs the caller."""
    try:
        return number.startswith(_JAPAN) and to_e164(number) == number
    except ValueError:
        return False
