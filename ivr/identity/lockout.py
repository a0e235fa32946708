"""Counters of wrong codes, by day and in a row, which turn checks into decoys.

All silent (DESIGN.md "Lockout is no weapon"). Decoys count too, under keys of their own, so
that every caller costs the same queries.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from sqlalchemy.orm import Session

from ivr.identity.codes import CodePolicy
from ivr.records import counters, failure_runs
from ivr.records.cipher import BlindIndex

#: Days begin at midnight in Japan, which has had no summer time since 1952 (昭和27年).
_JAPAN = timezone(timedelta(hours=9), "JST")

_CLAIM_FAILURES = "failures_claim"
_CUSTOMER_FAILURES = "failures_customer"
#: Flags of a lock that ends with the day, and of one that somebody has to end.
_OF_TODAY, _UNTIL_RELEASED = ("locked",), ("locked", "locked_until_released")


def day_of(instant: datetime) -> date:
    """The Japanese calendar day of an aware instant, which daily limits count by."""
    return instant.astimezone(_JAPAN).date()


class Limits:
    """Limits of one claimed identity and its customer, if it has one: by day, and for the customer
    of wrong codes in a row (NIST SP 800-63B-4 section 3.2.2: 100 at most)."""

    def __init__(
        self, policy: CodePolicy, index: BlindIndex, *, claim_index: str, customer_id: str | None
    ) -> None:
        self._policy = policy
        self._index = index
        self._claim = claim_index
        self._customer = index.of("customer", customer_id or f"nobody {claim_index}")
        self._is_customer = customer_id is not None

    def locked(self, session: Session, now: datetime) -> tuple[str, ...]:
        """Flags where too many wrong codes were entered; none where not. Three queries."""
        day = day_of(now)
        of_claim = counters.value(session, _CLAIM_FAILURES, self._claim, day)
        of_customer = counters.value(session, _CUSTOMER_FAILURES, self._customer, day)
        return self._flags(of_claim, of_customer, failure_runs.value(session, self._customer))

    def locked_for_a_guess(self, session: Session, now: datetime) -> tuple[str, ...]:
        """As :meth:`locked`, and alone with these counters until the transaction ends: guesses in
        many calls at once are looked at one after the other. Three queries."""
        # Adding nothing locks the row and tells its newest value; SQLite is alone anyway.
        return self._flags(*self._bump(session, now, 0))

    def count_failure(self, session: Session, now: datetime) -> None:
        """Count a wrong code, atomically. Three queries."""
        self._bump(session, now, 1)

    def take_back_failure(self, session: Session, at: datetime) -> None:
        """Undo :meth:`count_failure` of the same instant: it was none after all. Three queries."""
        self._bump(session, at, -1)

    def end_run(self, session: Session) -> None:
        """The right code was entered: the next wrong one is the first in a row. One query."""
        failure_runs.end(session, self._customer)

    def _bump(self, session: Session, now: datetime, by: int) -> tuple[int, int, int]:
        day = day_of(now)
        return (
            counters.bump(session, _CLAIM_FAILURES, self._claim, day, by=by),
            counters.bump(session, _CUSTOMER_FAILURES, self._customer, day, by=by),
            failure_runs.bump(session, self._customer, None if self._is_customer else day, by=by),
        )

    def _flags(self, of_claim: int, of_customer: int, in_a_row: int) -> tuple[str, ...]:
        if in_a_row >= self._policy.lockout_in_a_row:
            return _UNTIL_RELEASED
        return _OF_TODAY if max(of_claim, of_customer) >= self._policy.lockout_failures else ()


def failures_this_week(session: Session, index: BlindIndex, claim: str, day: date) -> int:
    """Wrong codes for a claimed identity (:func:`ivr.identity.matching.claim_of`) on ``day`` and
    the six days before it, from whatever number. One query."""
    since = day - timedelta(days=6)
    return counters.total(session, _CLAIM_FAILURES, index.of("claim", claim), since)
