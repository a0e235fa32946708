"""Counters that turn checks into decoys: wrong codes, and codes sent.

All silent (DESIGN.md "Lockout is no weapon"). Decoys count too, under keys of their own, so
that every caller costs the same queries.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from sqlalchemy.orm import Session

from ivr.identity.codes import CodePolicy
from ivr.identity.contacts import Contact
from ivr.records import counters
from ivr.records.cipher import BlindIndex

#: Days begin at midnight in Japan, which has had no summer time since 1952 (昭和27年).
_JAPAN = timezone(timedelta(hours=9), "JST")

_CLAIM_FAILURES = "failures_claim"
_CUSTOMER_FAILURES = "failures_customer"
_CUSTOMER_SENDS = "sends_customer"
_PREFIX_SENDS = "sends_prefix"


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

    def count_send(self, session: Session, contact: Contact | None, now: datetime) -> bool:
        """Count a code about to be sent, atomically: whether it is within the daily limits of
        customer and prefix. Two queries, also where there is nobody to send to."""
        day = day_of(now)
        prefix = f"nobody {self._claim}" if contact is None else contact.prefix
        to_customer = counters.bump(session, _CUSTOMER_SENDS, self._customer, day)
        to_prefix = counters.bump(session, _PREFIX_SENDS, self._index.of("prefix", prefix), day)
        return (
            to_customer <= self._policy.customer_sends_per_day
            and to_prefix <= self._policy.prefix_sends_per_day
        )
