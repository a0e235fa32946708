"""Counters of wrong codes, which turn checks into decoys.

All silent (DESIGN.md "Lockout is no weapon"). Decoys count too, under keys of their own, so
that every caller costs the same queries.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from sqlalchemy.orm import Session

from ivr.identity.codes import CodePolicy
from ivr.records import counters
from ivr.records.cipher import BlindIndex

#: Days begin at midnight in Japan, which has had no summer time since 1952 (昭和27年).
_JAPAN = timezone(timedelta(hours=9), "JST")

_CLAIM_FAILURES = "failures_claim"
_CUSTOMER_FAILURES = "failures_customer"


def day_of(instant: datetime) -> date:
    """The Japanese calendar day of an aware instant, which daily limits count by."""
    return instant.astimezone(_JAPAN).date()


class Limits:
    """Daily limits of one claimed identity and its customer, if it has one."""

    def __init__(
        self, policy: CodePolicy, index: BlindIndex, *, claim_index: str, customer_id: str | None
    ) -> None:
        self._policy = policy
        self._index = index
        self._claim = claim_index
        self._customer = index.of("customer", customer_id or f"nobody {claim_index}")

    def locked(self, session: Session, now: datetime) -> bool:
        """Whether too many wrong codes were entered today. Two queries."""
        day = day_of(now)
        of_claim = counters.value(session, _CLAIM_FAILURES, self._claim, day)
        of_customer = counters.value(session, _CUSTOMER_FAILURES, self._customer, day)
        return max(of_claim, of_customer) >= self._policy.lockout_failures

    def locked_for_a_guess(self, session: Session, now: datetime) -> bool:
        """As :meth:`locked`, and alone with these counters until the transaction ends: guesses in
        many calls at once are looked at one after the other. Two queries."""
        day = day_of(now)
        # Adding nothing locks the row and tells its newest value; SQLite is alone anyway.
        of_claim = counters.bump(session, _CLAIM_FAILURES, self._claim, day, by=0)
        of_customer = counters.bump(session, _CUSTOMER_FAILURES, self._customer, day, by=0)
        return max(of_claim, of_customer) >= self._policy.lockout_failures

    def count_failure(self, session: Session, now: datetime) -> None:
        """Count a wrong code, atomically. Two queries."""
        day = day_of(now)
        counters.bump(session, _CLAIM_FAILURES, self._claim, day)
        counters.bump(session, _CUSTOMER_FAILURES, self._customer, day)

    def take_back_failure(self, session: Session, at: datetime) -> None:
        """Undo :meth:`count_failure` of the same instant: it was none after all. Two queries."""
        day = day_of(at)
        counters.bump(session, _CLAIM_FAILURES, self._claim, day, by=-1)
        counters.bump(session, _CUSTOMER_FAILURES, self._customer, day, by=-1)


def failures_this_week(session: Session, index: BlindIndex, claim: str, day: date) -> int:
    """Wrong codes for a claimed identity (:func:`ivr.identity.matching.claim_of`) on ``day`` and
    the six days before it, from whatever number. One query."""
    since = day - timedelta(days=6)
    return counters.total(session, _CLAIM_FAILURES, index.of("claim", claim), since)
