"""Codes that a provider makes and checks: the same limits, the same silence."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from at_once import at_once
from desk import Desk
from fakes.senders import FakeVerifier
from people import MOBILE, STRANGER, customer, register

from ivr.clock import ManualClock
from ivr.identity.lockout import Limits, day_of
from ivr.records import codes, counters, verifications
from ivr.records.database import Database


@pytest.fixture
def verifier() -> FakeVerifier:
    return FakeVerifier()


@pytest.fixture
def office(database: Database, clock: ManualClock, verifier: FakeVerifier) -> Iterator[Desk]:
    """A desk whose text messages are the provider's; 山田花子 was sent one."""
    register(database, customer())
    with Desk(database, clock, senders={"sms": verifier}, check_seconds=20.0) as desk:
        desk.identify()
        desk.ask("send_code")
        yield desk


def failures(desk: Desk) -> int:
    """What the customer's counter of wrong codes says."""
    key = desk.db.index.of("customer", "c1")
    with desk.db.reading() as session:
        return counters.value(session, "failures_customer", key, day_of(desk.clock.now()))


def test_the_providers_code_verifies_once(office: Desk, verifier: FakeVerifier) -> None:
    result = office.enter(verifier.own_code)

    assert (result.outcome, result.evidence["code"], result.evidence["channel"]) == (
        "ok", "ok", "sms",
    )  # fmt: skip
    assert verifier.checked == [(MOBILE, verifier.own_code)]
    assert failures(office) == 0
    assert office.enter(verifier.own_code).outcome == "wrong"
    assert failures(office) == 1
    assert len(verifier.checked) == 1


def test_nothing_of_the_code_is_kept_here(office: Desk, verifier: FakeVerifier) -> None:
    # Not even of the one that was made here for nothing.
    assert office.enter(verifier.messages[0].code).outcome == "wrong"


def test_wrong_codes_count_as_ours_do(office: Desk, verifier: FakeVerifier) -> None:
    outcomes = [office.enter("999999").outcome for _ in range(4)]
    assert outcomes == ["wrong", "wrong", "exhausted", "exhausted"]
    # Who has no attempt left is not asked about.
    assert len(verifier.checked) == 3
    assert failures(office) == 3


@pytest.mark.parametrize("known", [True, False], ids=["customer", "stranger"])
@pytest.mark.parametrize("answer", ["wrong", "expired", "exhausted", "retry_later", "blocked"])
def test_the_caller_hears_the_same_at_the_same_time(
    sqlite_database: Database, clock: ManualClock, known: bool, answer: str
) -> None:
    register(sqlite_database, customer())
    verifier = FakeVerifier(answer)
    with Desk(sqlite_database, clock, senders={"sms": verifier}, check_seconds=3.5) as desk:
        desk.identify(**({} if known else {"name": STRANGER}))
        desk.ask("send_code")
        began = clock.now()
        result = desk.enter("999999")
    assert (result.outcome, (clock.now() - began).total_seconds()) == ("wrong", 3.5)
    assert len(verifier.checked) == int(known)


@pytest.mark.parametrize(
    ("answer", "evidence", "flags", "counted"),
    [
        ("wrong", "wrong", (), 1),
        ("expired", "expired", (), 1),
        ("exhausted", "exhausted", (), 1),
        ("retry_later", "wrong", ("send_error",), 0),
        ("configuration", "wrong", ("send_error",), 0),
        (RuntimeError("+819012345678"), "wrong", ("send_error",), 0),
    ],
)
def test_the_agent_learns_what_the_provider_said(
    office: Desk,
    verifier: FakeVerifier,
    answer: str | Exception,
    evidence: str,
    flags: tuple[str, ...],
    counted: int,
) -> None:
    verifier.answers = [answer]
    result = office.enter("999999")
    assert (result.outcome, result.evidence["code"], result.flags) == ("wrong", evidence, flags)
    # A provider that fails uses up an attempt, so that nobody can ask for ever, and is no failure.
    assert failures(office) == counted
    assert office.enter(verifier.own_code).outcome == "ok"


@pytest.fixture
def late(sqlite_database: Database, clock: ManualClock) -> Iterator[Desk]:
    """A desk at which 山田花子 entered the right code as intent ``late`` and heard that it was
    wrong; the provider said afterwards that it was right."""
    release = threading.Event()
    verifier = FakeVerifier(before_check=lambda: release.wait(timeout=30))
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, senders={"sms": verifier}, check_seconds=0.05) as desk:
        desk.identify()
        desk.ask("send_code")
        assert desk.enter(verifier.own_code, intent_id="late").outcome == "wrong"
        release.set()
        desk.checks._entry._pool.shutdown(wait=True)
        with sqlite_database.reading() as session:
            stored = verifications.get(session, desk.verification or "")
        assert stored is not None
        assert stored.verified_at is not None
        yield desk


def test_a_late_answer_comes_with_the_same_check_asked_again(late: Desk) -> None:
    again = late.enter("999999", intent_id="late")
    assert (again.outcome, again.evidence["code"]) == ("ok", "ok")


def test_who_was_told_wrong_too_early_is_accepted_at_the_next_entry(late: Desk) -> None:
    following = late.enter("999999")
    assert (following.outcome, following.evidence["code"]) == ("ok", "ok")
    assert failures(late) == 0
    # Once: what comes then is judged like any entry.
    assert late.enter("888888").outcome == "wrong"


def test_a_late_answer_is_worth_nothing_in_another_call(late: Desk) -> None:
    elsewhere = late.enter("999999", call_id="another")
    assert (elsewhere.outcome, elsewhere.evidence["code"]) == ("wrong", "wrong")


@pytest.mark.parametrize("known", [True, False], ids=["customer", "stranger"])
@pytest.mark.parametrize("answer", ["retry_later", RuntimeError("down"), "hangs"])
def test_a_silent_provider_gives_nobody_more_tries_and_locks_nobody(
    sqlite_database: Database, clock: ManualClock, known: bool, answer: str | Exception
) -> None:
    # Decision 0020: more tries for customers only would tell who is one.
    release = threading.Event()
    hangs = answer == "hangs"
    verifier = FakeVerifier(
        *([answer] * 9 if not hangs else ["retry_later"] * 9),
        before_check=lambda: hangs and release.wait(timeout=30),
    )
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, senders={"sms": verifier}, check_seconds=0.2) as desk:
        desk.identify(**({} if known else {"name": STRANGER}))
        desk.ask("send_code")
        outcomes = [desk.enter("999999").outcome for _ in range(4)]
        release.set()
        desk.checks._entry._pool.shutdown(wait=True)
        assert outcomes == ["wrong", "wrong", "exhausted", "exhausted"]
        assert failures(desk) == 0


def test_the_same_request_asks_once(office: Desk, verifier: FakeVerifier) -> None:
    first = office.enter("999999", intent_id="same")
    assert office.enter("999999", intent_id="same") == first
    assert len(verifier.checked) == 1


@pytest.mark.parametrize("entered", ["", "123", "12345678901", "12345x", "１２３４５６"])
def test_what_can_be_no_code_is_not_asked_about(
    office: Desk, verifier: FakeVerifier, entered: str
) -> None:
    assert office.enter(entered).outcome == "wrong"
    assert verifier.checked == []


def test_a_locked_customer_is_not_asked_about(
    sqlite_database: Database, clock: ManualClock, verifier: FakeVerifier
) -> None:
    register(sqlite_database, customer())
    with Desk(sqlite_database, clock, senders={"sms": verifier}, lockout_failures=3) as desk:
        desk.identify()
        first = desk.verification
        desk.ask("send_code")
        desk.identify()
        desk.ask("send_code")
        for _ in range(3):
            desk.enter("999999")
        desk.verification = first
        assert desk.enter(verifier.own_code).outcome == "wrong"
    assert len(verifier.checked) == 3


def test_a_code_that_was_voided_meanwhile_is_worth_nothing(
    office: Desk, verifier: FakeVerifier
) -> None:
    with office.db.writing() as session:
        assert codes.void(session, "c1") == 1
    assert office.enter(verifier.own_code).outcome == "wrong"
    assert verifier.checked == []


def test_fifty_at_once_are_asked_about_no_more_than_the_limit(
    office: Desk, verifier: FakeVerifier
) -> None:
    results = at_once(
        [
            partial(office.enter, verifier.own_code, intent_id=f"at-once-{number}")
            for number in range(50)
        ]
    )
    outcomes = Counter(result.outcome for result in results)
    assert outcomes["ok"] == 1
    assert outcomes.total() == 50
    # Three attempts, one of them right; who comes after it is not asked about any more.
    assert len(verifier.checked) <= 3
    # The accepted one was no wrong one: whoever comes after it has the attempt it used.
    assert failures(office) in {2, 3}


def test_taking_a_failure_back_is_exact(database: Database, clock: ManualClock) -> None:
    with Desk(database, clock) as desk:
        limits = Limits(desk.policy, database.index, claim_index="claim", customer_id="c1")
        with database.writing() as session:
            for _ in range(3):
                limits.count_failure(session, clock.now())
            limits.take_back_failure(session, clock.now())
        assert failures(desk) == 2
