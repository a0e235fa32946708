"""An outbox with events, a CRM on loopback that fails on order, and who delivers."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from ivr.clock import ManualClock, SystemClock
from ivr.records import calls, outbox
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.outbox import EventRecord, Status
from ivr.rehearsal.crm import CrmAct, RehearsedCrm, answering
from ivr.telephony.crm.addresses import AddressPolicy
from ivr.telephony.crm.deliveries import Deliveries
from ivr.telephony.crm.post import HttpPost, Post
from ivr.telephony.crm.signing import CrmWebhook
from ivr.telephony.metrics import Metrics

ALL: tuple[Status, ...] = ("waiting", "delivered", "dead")
#: Seconds; enough for loopback on a slow machine, short for those who never answer.
TIMEOUT_S = 10.0
LEASE = timedelta(seconds=35)
#: Trusts nobody; loading those whom the system trusts takes a while.
_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Office:
    """``deliver`` makes attempts until nothing is due."""

    database: Database
    clock: ManualClock
    crm: RehearsedCrm
    metrics: Metrics = field(default_factory=Metrics)

    def deliveries(self, timeout_s: float = TIMEOUT_S) -> Deliveries:
        post = HttpPost(AddressPolicy(loopback=True), timeout_s=timeout_s, tls=_NOBODY)
        return self.delivering_by(post)

    def delivering_by(self, post: Post) -> Deliveries:
        webhooks = [self.webhook]
        return Deliveries(self.database, webhooks, post, self.clock, self.metrics, lease=LEASE)

    @property
    def webhook(self) -> CrmWebhook:
        return CrmWebhook("crm", self.crm.url, (self.crm.secret,))

    def deliver(self, timeout_s: float = TIMEOUT_S) -> int:
        """How many attempts were made."""
        deliveries, attempts = self.deliveries(timeout_s), 0
        while deliveries.deliver_next(self.webhook):
            attempts += 1
        return attempts

    def arrived(self, attempts: int) -> list[str]:
        """The paths of so many attempts, once the CRM has seen them: a busy machine may show it a
        request that we gave up already."""
        for _ in range(600):
            if len(self.crm.attempts) >= attempts:
                break
            SystemClock().sleep(0.05)
        return [attempt.path for attempt in self.crm.attempts]

    def events(self) -> list[EventRecord]:
        """All of them, oldest first."""
        with self.database.reading() as session:
            return outbox.listing(session, ALL, 100)[::-1]

    def put(self, *kinds: str, call: str = "call-1") -> list[str]:
        """Events of a call, as the dialogue writes them; their ids."""
        now, ids = self.clock.now(), []
        with self.database.writing() as session:
            if calls.get(session, call) is None:
                calls.insert(session, _call(call, self.clock))
            for kind in kinds:
                ids.append(f"evt_{call}_{kind}")
                body = f'{{"type":"{kind}","data":{{"call":"{call}"}}}}'
                due = now + timedelta(hours=24)
                outbox.put(session, EventRecord(ids[-1], call, "crm", kind, body, now, now, due))
        return ids


@contextmanager
def open_office(database: Database, clock: ManualClock, *acts: CrmAct) -> Iterator[Office]:
    """``acts``: what the CRM does to each attempt."""
    with answering(RehearsedCrm(acts or ("takes",), clock)) as crm:
        yield Office(database, clock, crm)
        assert crm.problems == []


def _call(call: str, clock: ManualClock) -> CallRecord:
    return CallRecord(
        id=call,
        call_sid=f"CA-{call}",
        flow_name="verify",
        flow_digest="sha256-1",
        language="ja",
        caller="+819087654321",
        called="+81300001111",
        turn=1,
        status="active",
        state="{}",
        started_at=clock.now(),
    )
