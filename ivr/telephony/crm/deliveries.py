"""Delivers what is in the outbox, at least once and in order for each call.

Any number of processes may do so: an event is taken with a lease that is longer than an attempt
can last. A process that is killed leaves the lease behind, and after it another one delivers; the
CRM knows by the event's id what it has already.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random

import structlog

from ivr.clock import Clock
from ivr.errors import RecordsUnavailable
from ivr.records import audit, outbox
from ivr.records.audit import Detail, Entry
from ivr.records.database import Database
from ivr.records.outbox import Backlog, EventRecord
from ivr.telephony.crm.post import Answer, Post
from ivr.telephony.crm.schedule import next_attempt
from ivr.telephony.crm.signing import CrmWebhook, headers_of
from ivr.telephony.logging import crash
from ivr.telephony.metrics import Metrics

#: Seconds between two looks for events that are due, and while the database is away.
_LOOK_S, _AWAY_S = 1.0, 5.0
#: Looks between two counts of what is not delivered.
_COUNT_EVERY = 15
_log = structlog.get_logger(__name__)


class Deliveries:
    """Delivers the events of each CRM, one after the other; CRMs do not wait for each other."""

    def __init__(
        self,
        db: Database,
        webhooks: Sequence[CrmWebhook],
        post: Post,
        clock: Clock,
        metrics: Metrics,
        *,
        lease: timedelta,
    ) -> None:
        """``lease``: how long an event is one process's; longer than an attempt lasts."""
        self._db, self._post, self._clock, self._metrics = db, post, clock, metrics
        self._lease = lease
        self._webhooks = list(webhooks)
        self._chance = Random(secrets.randbits(64))  # noqa: S311 - spreads, guards nothing
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Deliver from now on, in a thread for each CRM."""
        for webhook in self._webhooks:
            thread = threading.Thread(
                target=self._run, args=(webhook,), name=f"crm-{webhook.name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Finish what is being sent; take up nothing new."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def backlogs(self) -> Mapping[str, Backlog]:
        """What is not delivered, by CRM, also of those that settings no longer name.

        Raises:
            RecordsUnavailable: the database cannot answer now.
        """
        with self._db.reading() as session:
            found = outbox.backlogs(session)
        return {webhook.name: Backlog() for webhook in self._webhooks} | found

    def deliver_next(self, webhook: CrmWebhook) -> bool:
        """Deliver the event that has been due longest, if one is; whether one was.

        Raises:
            RecordsUnavailable: the database cannot answer now. An event may then be delivered
                once more.
        """
        now, by = self._clock.now(), secrets.token_hex(16)
        with self._db.reading() as session:
            if not outbox.is_due(session, webhook.name, now):
                return False
        with self._db.writing() as session:
            event = outbox.claim(session, webhook.name, by=by, now=now, until=now + self._lease)
        if event is None:
            return False  # another process was first
        body = (event.body or "").encode()
        headers = headers_of(webhook, event.id, body, self._clock.now())
        try:
            answer = self._post(webhook.url, headers, body)
        except Exception as error:
            # A mistake of ours must not be made again and again without a pause.
            _log.error("crm_delivery_broke", crm=webhook.name, **crash(error))
            answer = Answer(0, "broken")
        self._finish(event, answer)
        return True

    def _finish(self, event: EventRecord, answer: Answer) -> None:
        now = self._clock.now()
        failure = answer.failure or str(answer.status)
        with self._db.writing() as session:
            if 200 <= answer.status < 300:
                outcome = "delivered"
                mine = outbox.delivered(session, event, now)
            elif (again := next_attempt(event, answer, now, self._chance)) is not None:
                outcome = "failed"
                mine = outbox.postpone(session, event, failure, again)
            else:
                outcome = "given_up"
                mine = outbox.bury(session, event, failure, now)
            if mine and outcome != "failed":
                told: dict[str, Detail] = {
                    "crm": event.webhook,
                    "event": event.id,
                    "kind": event.kind,
                    "attempts": event.attempts,
                    "answer": failure,
                }
                entry = Entry("process", f"event.{outcome}", event.call_id, "transfer", told)
                audit.note(session, entry, now)
        self._metrics.crm_deliveries.labels(event.webhook, outcome).inc()
        if outcome != "delivered":
            level = _log.error if outcome == "given_up" else _log.warning
            level(f"crm_delivery_{outcome}", crm=event.webhook, event_id=event.id, why=failure)

    def _run(self, webhook: CrmWebhook) -> None:
        looks = 0
        while not self._stopped.is_set():
            pause = _LOOK_S
            try:
                if looks % _COUNT_EVERY == 0:
                    self._count(webhook)
                looks += 1
                if self.deliver_next(webhook):
                    pause = 0.0
            except RecordsUnavailable as error:
                _log.warning("crm_delivery_delayed", crm=webhook.name, **crash(error))
                pause = _AWAY_S
            except Exception as error:
                _log.error("crm_delivery_broke", crm=webhook.name, **crash(error))
                pause = _AWAY_S
            self._stopped.wait(pause)

    def _count(self, webhook: CrmWebhook) -> None:
        backlog = self.backlogs()[webhook.name]
        age = timedelta(0) if backlog.oldest is None else self._clock.now() - backlog.oldest
        self._metrics.crm_waiting.labels(webhook.name).set(backlog.waiting)
        self._metrics.crm_dead.labels(webhook.name).set(backlog.dead)
        self._metrics.crm_oldest_s.labels(webhook.name).set(max(0.0, age.total_seconds()))
