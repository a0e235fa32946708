"""How many codes may go out: caps by day, and a breaker where codes go out and nobody enters them.

Text messages cost money, and some who ask for them earn it (SMS pumping). All of it is silent, and
kept in the database, so that every process counts with the others. Decoys cost the same queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.identity.codes import CodePolicy
from ivr.identity.contacts import Contact
from ivr.identity.lockout import day_of
from ivr.records import codes, counters
from ivr.records.cipher import BlindIndex
from ivr.records.codes import Entered

#: How far back the breaker looks. What it cuts off comes back when the codes that made it do so
#: are older than this.
LOOKS_BACK = timedelta(hours=1)
#: The name of everybody, as a counter's key.
_EVERYBODY = "everybody"


class SendLimits:
    """Caps of one claimed identity and its customer, if it has one, and the breaker of all."""

    def __init__(
        self, policy: CodePolicy, index: BlindIndex, *, claim_index: str, customer_id: str | None
    ) -> None:
        self._policy = policy
        self._index = index
        self._nobody = f"nobody {claim_index}"
        self._customer = customer_id or self._nobody

    def take(self, session: Session, contact: Contact | None, now: datetime) -> str | None:
        """Count a code about to be sent, unless a cap is reached: ``customer``, ``prefix`` or
        ``day`` where it is, None where the code may go out. Each cap is one statement, and three
        are asked, also where there is nobody to send to."""
        day = day_of(now)
        prefix = self._nobody if contact is None else contact.prefix
        everybody = self._nobody if contact is None else _EVERYBODY
        refused: str | None = None
        for scope, whose, most in (
            ("customer", self._customer, self._policy.customer_sends_per_day),
            ("prefix", prefix, self._policy.prefix_sends_per_day),
            ("day", everybody, self._policy.sends_per_day),
        ):
            # What is refused by one cap does not use up the next.
            key = self._index.of(scope, whose if refused is None else self._nobody)
            if not counters.take(session, f"sends_{scope}", key, day, most):
                refused = refused or scope
        return refused

    def cut_off(self, session: Session, now: datetime) -> Mapping[str, Entered]:
        """The channels by which too few codes are entered to send more now, with the figures.

        Counted are codes of the last hour that are too old to be entered still. One query.
        """
        told = codes.entered(session, since=now - LOOKS_BACK, until=now - self._policy.lifetime)
        share = self._policy.breaker_percent
        return {
            channel: of
            for channel, of in told.items()
            if of.sent >= self._policy.breaker_sends and of.entered * 100 < of.sent * share
        }
