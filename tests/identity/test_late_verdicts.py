"""Answers of a provider that come after the caller was told: attacks on their order.

Every test has two processes over one database: in one, checks are given up at once, so that their
answers are late; in the other they are waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from desk import Desk
from fakes.directories import ListedDirectory
from fakes.held_verifier import Held, HeldVerifier
from people import ELSEWHERE, LANDLINE, MOBILE, customer, register

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.identity.assurance import Assurance, assess
from ivr.identity.findings import Findings
from ivr.identity.lockout import Limits, day_of
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


@pytest.fixture
def office(database: Database, clock: ManualClock) -> Iterator[Office]:
    made = begun(database, clock, sends=5)
    yield made
    made.close()


NOT_RIGHT = ["wrong", "expired", "exhausted", "retry_later"]


# --- it takes nothing away -----------------------------------------------------------------------


@pytest.mark.parametrize("verdict", NOT_RIGHT)
def test_an_older_entry_does_not_undo_what_a_newer_one_proved(office: Office, verdict: str) -> None:
    """A provider forgets a code once it was right, so an answer that is still on its way says
    "expired"."""
    older = office.late()
    proof = office.enter("right")
    assert proof.outcome == "ok"
    office.answers(older, verdict)
    assert office.evidence() == proof.evidence
    assert office.sure().level == "verified"


@pytest.mark.parametrize("verdict", NOT_RIGHT)
def test_digits_in_one_call_do_not_undo_the_proof_of_another(office: Office, verdict: str) -> None:
    """Whoever forges the number shares the verification, and can enter anything."""
    older = office.late(call_id="forged")
    assert office.enter("right").outcome == "ok"
    office.answers(older, verdict)
    assert office.sure().level == "verified"
    assert office.sure("forged").level == "matched"
    # Nor do they keep the customer from proving a second contact.
    assert office.desk.ask("send_code_second").outcome == "sent"
    assert office.enter("right").evidence["second"] == "ok"


@pytest.mark.parametrize("verdict", ["expired", "exhausted"])
def test_an_entry_for_the_first_contact_says_nothing_of_the_second(
    office: Office, verdict: str
) -> None:
    older = office.late()
    office.enter("right")
    office.desk.ask("send_code_second")
    office.answers(older, verdict)
    assert office.evidence()["second"] == "sent"


def test_a_right_answer_takes_no_proof_from_a_call_that_has_one_by_now(office: Office) -> None:
    older = office.late(call_id="another")
    office.desk.ask("send_code_again")
    assert office.enter("right").outcome == "ok"
    office.answers(older, "right")
    assert office.sure().level == "verified"
    assert office.sure("another").level == "matched"
    assert office.failures == (0, 0)


def test_a_right_answer_brings_no_second_contact_of_another_call(office: Office) -> None:
    older = office.late(call_id="another")
    office.desk.ask("send_code_again")
    office.enter("right")
    office.desk.ask("send_code_second")
    assert office.enter("right").evidence["second"] == "ok"
    office.answers(older, "right")
    assert "second_contact" in office.sure().factors
    assert "second_contact" not in office.sure("another").factors


# --- it gives nothing twice ----------------------------------------------------------------------


def test_after_another_code_was_sent_no_other_digits_are_accepted_for_it(office: Office) -> None:
    older = office.late()
    office.desk.ask("send_code_again")
    office.answers(older, "right")
    # They proved it with the older one; for the newer one the provider is asked.
    asked = len(office.verifier.checked)
    assert office.enter("wrong").outcome == "wrong"
    assert len(office.verifier.checked) == asked + 1
    assert office.sure().level == "verified"


def test_late_for_the_first_contact_is_no_code_of_the_second(office: Office) -> None:
    older = office.late()
    office.answers(older, "right")
    assert office.desk.ask("send_code_second").outcome == "sent"
    assert office.enter("wrong").outcome == "wrong"
    assert office.evidence()["second"] == "wrong"
    assert "second_contact" not in office.sure().factors


def test_late_twice_is_right_once(office: Office) -> None:
    """Two calls at one moment, whose digits the provider calls right, both too late."""
    first, second = office.late(), office.late(call_id="another")
    office.answers(second, "right")
    office.answers(first, "right")
    assert office.sure("another").level == "verified"
    assert office.sure().level == "matched"
    assert office.enter("wrong").outcome == "exhausted"


def test_what_a_newer_entry_was_told_stays(office: Office) -> None:
    """A check whose end nobody noted is asked again after a crash."""
    older = office.late()
    assert office.enter("wrong", intent_id="newer").outcome == "wrong"
    office.answers(older, "right")
    asked, attempts = len(office.verifier.checked), office.record.attempts
    assert office.enter("wrong", intent_id="newer").outcome == "wrong"
    assert (len(office.verifier.checked), office.record.attempts) == (asked, attempts)
    assert office.enter("wrong").outcome == "ok"


# --- time ----------------------------------------------------------------------------------------


def test_it_counts_from_when_the_digits_were_entered(office: Office) -> None:
    entered_at = office.clock.now()
    older = office.late()
    office.clock.advance(601)
    office.answers(older, "right")
    assert office.sure().level == "verified"
    assert office.record.verified_at == entered_at
    # Whatever is keyed next, in that call; as an entry of its own it would be too late.
    assert office.enter("wrong", call_id="another").outcome == "expired"
    assert office.enter("wrong").outcome == "ok"


def test_digits_after_the_end_are_asked_of_nobody(office: Office) -> None:
    office.clock.advance(600)
    assert office.enter("right").outcome == "expired"
    assert office.verifier.checked == []


def test_after_a_hang_up_it_proves_nothing_to_whoever_calls_next(office: Office) -> None:
    older = office.late()
    office.answers(older, "right")
    assert office.desk.ask("resume", verification_id=None, call_id="next").outcome == "fresh"
    assert office.sure("next").level == "matched"


def test_before_the_answer_a_hang_up_leaves_a_verification_to_go_on_with(office: Office) -> None:
    older = office.late()
    assert office.desk.ask("resume", verification_id=None, call_id="next").outcome == "resumed"
    office.answers(older, "right")
    # The provider has used the code up: it is worth nothing in the call after, nor again in this.
    assert office.enter("expired", call_id="next").outcome == "wrong"
    assert office.sure("next").level == "matched"
    assert office.sure().level == "verified"


# --- limits --------------------------------------------------------------------------------------


def lock(office: Office) -> None:
    limits = Limits(office.desk.policy, office.db.index, claim_index="x", customer_id="c1")
    with office.db.writing() as session:
        for _ in range(office.desk.policy.lockout_failures):
            limits.count_failure(session, office.clock.now())


def test_a_lock_that_came_meanwhile_lets_nobody_else_in(office: Office) -> None:
    older = office.late()
    lock(office)
    office.answers(older, "right")
    # It was right before the lock; no other call has anything of it.
    assert office.sure().level == "verified"
    asked = len(office.verifier.checked)
    assert office.enter("right", call_id="another").outcome == "wrong"
    assert len(office.verifier.checked) == asked
    assert "locked" in office.desk.identify(call_id="another").flags


def test_no_more_are_asked_about_than_the_limit_while_none_is_answered(
    database: Database, clock: ManualClock
) -> None:
    office = begun(database, clock, lockout_failures=3, attempts=9)
    pending = [office.late() for _ in range(3)]
    assert office.enter("right").outcome == "wrong"
    assert len(office.verifier.checked) == 3
    for held in pending:
        office.answers(held, "wrong")
    assert office.failures == (4, 4)
    office.close()


@pytest.mark.parametrize("verdict", ["right", "retry_later"])
def test_no_failure_is_taken_back_that_was_forgotten_meanwhile(
    office: Office, verdict: str
) -> None:
    """Else every such answer would be worth a guess more."""
    older = office.late()
    office.desk.ask("send_code_again")
    assert office.enter("right").outcome == "ok"  # ends the row
    office.answers(older, verdict)
    assert office.failures == (0, 0)
    office.desk.identify(call_id="next")
    office.desk.ask("send_code", call_id="next")
    assert office.enter("wrong", call_id="next").outcome == "wrong"
    assert office.failures == (1, 1)


# --- whose it is ---------------------------------------------------------------------------------


def test_a_code_that_went_to_a_former_contact_is_asked_about_nowhere(office: Office) -> None:
    """Whoever has the new phone can be sent a code to it, in a call of their own."""
    office.directory.people = (replace(customer(), mobile=ELSEWHERE),)
    assert office.enter("right").outcome == "wrong"
    assert office.verifier.checked == []
    assert office.sure().level == "matched"


def test_one_phone_that_moved_to_the_other_way_is_no_second_contact(office: Office) -> None:
    caller = {"caller": ""}
    office.directory.people = (replace(customer(), landline="+819077778888"),)
    assert office.enter("right", **caller).outcome == "ok"
    assert office.desk.ask("send_code_second", caller=ELSEWHERE).outcome == "sent"
    # The phone that was proven becomes the one that is rung.
    office.directory.people = (replace(customer(), mobile="+819055556666", landline=MOBILE),)
    asked = len(office.verifier.checked)
    result = office.enter("right", caller=ELSEWHERE)
    assert (result.outcome, len(office.verifier.checked)) == ("wrong", asked)
    assert "second_contact" not in office.sure().factors


@pytest.mark.parametrize("gone", [(), (replace(customer(), mobile=None, landline=LANDLINE),)])
def test_who_is_gone_when_the_digits_are_entered_is_asked_about_nowhere(
    office: Office, gone: tuple[Any, ...]
) -> None:
    office.directory.people = gone
    assert office.enter("right").outcome == "wrong"
    assert office.verifier.checked == []


# --- in between ----------------------------------------------------------------------------------


def test_what_cannot_be_noted_gives_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies, or the database is away, when the provider has just said "right"."""
    older = office.late()

    def away(*given: object) -> None:
        raise RecordsUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(office._hasty.checks._entry, "_settle", away)
        office.answers(older, "right")
    assert office.sure().level == "matched"
    assert office.enter("expired").outcome == "wrong"
    assert office.sure().level == "matched"
    # It fails to the safe side: the entry stays counted.
    assert office.failures == (2, 2)


class _Hurried(ManualClock):
    """Does something while somebody waits for the rest of a time."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock.now())
        self.meanwhile = lambda: None

    def sleep(self, seconds: float) -> None:
        self.meanwhile()
        super().sleep(seconds)


def test_an_answer_at_the_very_moment_of_telling_is_not_lost(
    sqlite_database: Database, clock: ManualClock
) -> None:
    """It comes after it was given up, and before the caller is told."""
    hurried = _Hurried(clock)
    office = begun(sqlite_database, hurried)
    held = Held()
    office.verifier.held.append(held)

    def answer() -> None:
        hurried.meanwhile = lambda: None
        held.wait_until_asked()
        held.answer("right")
        office._newest.result(timeout=60)

    hurried.meanwhile = answer
    office._hasty.verification = office.desk.verification
    first = office._hasty.enter("123456")
    # Told that it was right, or accepted at the next entry: one of both.
    assert "ok" in (first.outcome, office.enter("wrong").outcome)
    office.close()
