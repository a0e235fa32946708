"""What the web process keeps in the database beside the calls: answers given, results issued."""

from __future__ import annotations

import itertools
from datetime import timedelta

from ivr.clock import Clock
from ivr.records import audit, results, webhook_answers
from ivr.records.audit import Entry
from ivr.records.database import Database

#: Twilio repeats a webhook within seconds; older answers are dropped now and then.
_KEPT = timedelta(days=1)
#: Answers stored between two looks for old ones.
_PURGE_EVERY = 500


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

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def fetch(self, reference: str, *, by: str) -> str | None:
        """See :class:`ivr.telephony.ports.Results`."""
        now = self._clock.now()
        with self._db.writing() as session:
            found = results.get(session, reference)
            there = found is not None and found.expires_at > now
            call_id = "" if found is None else found.call_id
            what = "result.fetched" if there else "result.refused"
            audit.note(session, Entry(f"system {by}", what, call_id, "transfer"), now)
            if found is None or not there:
                return None
            results.mark_fetched(session, reference, by, now)
            return found.token
