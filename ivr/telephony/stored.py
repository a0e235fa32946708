"""What the web process keeps in the database beside the calls: answers given, results issued."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.clock import JAPAN, Clock
from ivr.errors import KeyExpired, TooOften
from ivr.identity.result import unchecked_claims
from ivr.records import audit, request_rates, results, webhook_answers
from ivr.records.audit import Entry
from ivr.records.database import Database
from ivr.records.results import ResultRecord
from ivr.setting_values import ResultReader

#: Twilio repeats a webhook within seconds; older answers are dropped now and then.
_KEPT = timedelta(days=1)
#: Answers stored between two looks for old ones.
_PURGE_EVERY = 500
#: What a system that settings say nothing about may do.
_ANYTHING = ResultReader()
_WHY = "transfer"


class StoredAnswers:
    """Answers to webhooks, shared through the database. Implements
    :class:`ivr.telephony.ports.Answers`."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._puts = itertools.count(1)

    def get(self, key: str) -> str | None:
        """See :class:`ivr.telephony.ports.Answers`."""
        with self._db.reading() as session:
            return webhook_answers.get(session, key)

    def put(self, key: str, answer: str) -> str:
        """See :class:`ivr.telephony.ports.Answers`."""
        now = self._clock.now()
        with self._db.writing() as session:
            if next(self._puts) % _PURGE_EVERY == 0:
                webhook_answers.purge_before(session, now - _KEPT)
            return webhook_answers.put(session, key, answer, now)


class StoredResults:
    """Results, for the systems of agents. Implements :class:`ivr.telephony.ports.Results`."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        readers: Mapping[str, ResultReader],
        most_a_minute: int,
    ) -> None:
        """``readers``: what systems may do, by name; who is not in it may read all.
        ``most_a_minute``: requests of one system, over all processes."""
        self._db, self._clock = db, clock
        self._readers, self._most = readers, most_a_minute

    def fetch(self, reference: str, *, by: str) -> str | None:
        """See :class:`ivr.telephony.ports.Results`. Every reading is a row of the audit, and so is
        every refusal with its reason; of too many in one minute only the first is."""
        now, reader = self._clock.now(), self._readers.get(by, _ANYTHING)
        with self._db.writing() as session:
            count = request_rates.count(session, f"system {by}", now)
            found = results.get(session, reference)
            call_id = "" if found is None else found.call_id
            if count > self._most:
                reason = "too_many"
            else:
                reason = self._refusal(session, found, by, reader, now)
            if reason == "":
                audit.note(session, Entry(f"system {by}", "result.fetched", call_id, _WHY), now)
                results.mark_fetched(session, reference, by, now)
            elif reason != "too_many" or count == self._most + 1:
                told = {"reason": reason}
                audit.note(
                    session, Entry(f"system {by}", "result.refused", call_id, _WHY, told), now
                )
        if reason == "too_many":
            raise TooOften(f"more than {self._most} results a minute", again_s=60 - now.second)
        if reason == "key_expired":
            raise KeyExpired(f"the key of {by} has expired")
        return None if found is None or reason else found.token

    def _refusal(
        self,
        session: Session,
        found: ResultRecord | None,
        by: str,
        reader: ResultReader,
        now: datetime,
    ) -> str:
        """Why the audit says that a system does not get a result now; empty where it does."""
        if reader.until is not None and now.astimezone(JAPAN).date() > reader.until:
            return "key_expired"
        if found is None:
            return "unknown"
        if found.expires_at <= now:
            return "expired"
        if reader.audience and audience_of(found.token) != reader.audience:
            return "audience"
        before = results.fetched_before(session, found.reference, by, now)
        if before is None or reader.again_s is None:
            return ""
        return "" if now < before + timedelta(seconds=reader.again_s) else "replayed"


def audience_of(token: str) -> str:
    """Who may rely on a result of ours, unchecked: it comes from our own database."""
    return str(unchecked_claims(token)["aud"])
