"""Two processes over one database, for tests of answers that come after the caller was told.

In one, checks are given up at once, so that their answers are late; in the other they are
waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from desk import Desk
from fakes.directories import ListedDirectory
from fakes.held_verifier import Held, HeldVerifier
from people import customer, register

from ivr.clock import ManualClock
from ivr.identity.assurance import Assurance, assess
from ivr.identity.findings import Findings
from ivr.identity.lockout import day_of
from ivr.identity.ports import CheckResult
from ivr.records import counters, failure_runs, verifications
from ivr.records.database import Database
from ivr.records.verifications import VerificationRecord


class Office:
    """花子 was sent a code by ``verifier``; nothing is answered late but what ``late`` began."""

    def __init__(self, db: Database, clock: ManualClock, **policy: Any) -> None:
        self.db, self.clock, self.verifier = db, clock, HeldVerifier()
        self.directory = ListedDirectory(customer())
        desks = [
            Desk(
                db,
                clock,
                directory=self.directory,
                senders={"sms": self.verifier, "voice": self.verifier},
                check_seconds=seconds,
                **policy,
            )
            for seconds in (60.0, 0.0)
        ]
        self.desk, self._hasty = desks
        # Each desk counts for itself, and no intent may be used twice.
        self._hasty.new_intent = lambda: f"hasty-{self.desk.new_intent()}"  # type: ignore[method-assign]
        self._running: dict[Held, Future[Any]] = {}
        pool = self._hasty.checks._entry._pool
        submit = pool.submit

        def noted(*work: Any) -> Future[Any]:
            self._newest = submit(*work)
            return self._newest

        pool.submit = noted  # type: ignore[assignment,method-assign]

    def late(self, code: str = "123456", **changes: Any) -> Held:
        """Somebody enters digits and is told that they are wrong, before the provider answers."""
        held = Held()
        self.verifier.held.append(held)
        self._hasty.verification = self.desk.verification
        result = self._hasty.enter(code, **changes)
        held.wait_until_asked()
        assert result.outcome in ("wrong", "exhausted")
        assert result.evidence["code"] != "ok" or changes.get("second")
        self._running[held] = self._newest
        return held

    def answers(self, held: Held, verdict: str) -> None:
        """The provider answers at last, and what it said is noted."""
        held.answer(verdict)
        self._running.pop(held).result(timeout=60)

    def enter(self, verdict: str = "wrong", **changes: Any) -> CheckResult:
        """Somebody enters digits, and the provider answers at once."""
        self.verifier.says = verdict
        return self.desk.enter("654321", **changes)

    @property
    def record(self) -> VerificationRecord:
        with self.db.reading() as session:
            found = verifications.get(session, self.desk.verification or "")
        assert found is not None
        return found

    def evidence(self, call_id: str = "call") -> Mapping[str, str]:
        """What the next check in this call would give it."""
        return Findings.from_json(self.record.evidence).for_call(call_id)

    def sure(self, call_id: str = "call") -> Assurance:
        return assess(
            said_birthdate=True, said_name=True, evidence=self.evidence(call_id), flags=()
        )

    @property
    def failures(self) -> tuple[int, int]:
        """Wrong codes of the customer: today, and in a row."""
        key = self.db.index.of("customer", "c1")
        today = day_of(self.clock.now())
        with self.db.reading() as session:
            return (
                counters.value(session, "failures_customer", key, today),
                failure_runs.value(session, key),
            )

    def close(self) -> None:
        for held in self._running:
            held.answer("wrong")
        self._hasty.checks.close()
        self.desk.checks.close()


def begun(db: Database, clock: ManualClock, **policy: Any) -> Office:
    office = Office(db, clock, **policy)
    register(db, customer())
    office.desk.identify()
    office.desk.ask("send_code")
    return office
