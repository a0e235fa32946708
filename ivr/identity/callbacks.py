"""Checks for callers who want to be called back: whether that can be promised, and keeping it.

A promise is made only after what it needs is stored: these are checks like the others, performed
outside the call's transactions and known by their intent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.clock import Clock
from ivr.identity.callers import usable_number
from ivr.identity.lockout import day_of
from ivr.identity.ports import CheckRequest, CheckResult, Checks
from ivr.records import audit, callbacks, counters
from ivr.records.audit import Detail, Entry
from ivr.records.audit_chain import lock
from ivr.records.callbacks import CallbackRecord
from ivr.records.database import Database
from ivr.records.phone_numbers import to_e164

_JAPAN = "+81"
#: What is counted by day: call-backs promised to callers from a number, or from a withheld one.
_PROMISED = "callbacks"
_WITHHELD = "withheld"


class CallBacks:
    """Performs ``callback_number``, ``callback_here`` and ``callback_there``, and has ``checks``
    perform the others. Implements :class:`ivr.identity.ports.Checks`."""

    def __init__(
        self,
        checks: Checks,
        db: Database,
        clock: Clock,
        *,
        most: int,
        per_caller: int,
        withheld: int,
        kept_for: timedelta,
    ) -> None:
        """``most``: callers who may wait to be called back at once; 0: nobody is promised it.
        ``per_caller``: promises a day to callers from one number, whatever numbers they name;
        ``withheld``: those to all who withhold theirs, together. ``kept_for``: how long a number
        that is to be called is kept at most."""
        self._checks = checks
        self._db = db
        self._clock = clock
        self._most = most
        self._per_caller = per_caller
        self._withheld = withheld
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
        now = self._clock.now()
        with self._db.writing() as session:
            callbacks.expire(session, now)
            full = callbacks.waiting(session) >= self._most
            had_enough = self._had_enough(session, request.caller, now)
        if full or had_enough:
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
            full = len(waiting) >= self._most
            if not again and (full or self._had_enough(session, request.caller, now)):
                return "failed"
            # Whoever asks twice is called once.
            new = not again and callbacks.put(session, wish)
            if new:
                counters.bump(session, _PROMISED, self._asker(request.caller), day_of(now))
            if again or new:
                details: dict[str, Detail] = {"again": again}
                asked = Entry("caller", "callback.requested", request.call_id, "call", details)
                audit.note(session, asked, now)
        return "kept"

    def _had_enough(self, session: Session, caller: str, now: datetime) -> bool:
        """Whether who asks, by the number they call from, was promised all that a day allows."""
        most = self._withheld if usable_number(caller) is None else self._per_caller
        return counters.value(session, _PROMISED, self._asker(caller), day_of(now)) >= most

    def _asker(self, caller: str) -> str:
        return self._db.index.of(_PROMISED, usable_number(caller) or _WITHHELD)


def _callable(number: str) -> bool:
    """Whether we call this number: one in Japan that somebody has for themselves. Who could name
    any number could have us call the other end of the world, or one that costs the caller."""
    try:
        return number.startswith(_JAPAN) and to_e164(number) == number
    except ValueError:
        return False
