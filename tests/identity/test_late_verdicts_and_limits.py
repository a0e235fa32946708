"""Answers of a provider that come after the caller was told: attacks on times and limits."""

from __future__ import annotations

import pytest
from late_office import Office, begun

from ivr.clock import ManualClock
from ivr.identity.lockout import Limits
from ivr.records.database import Database

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
