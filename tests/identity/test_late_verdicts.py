"""Answers of a provider that come after the caller was told: attacks on their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fakes.held_verifier import Held
from late_office import Office, begun
from people import ELSEWHERE, LANDLINE, MOBILE, customer

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.records.database import Database

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
