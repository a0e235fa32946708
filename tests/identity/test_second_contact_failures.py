"""A code for a second contact that is wrong, late, limited or somebody else's never takes away
what the first has shown."""

from __future__ import annotations

import pytest
from desk import Desk
from fakes.senders import FakeVerifier
from people import LANDLINE, customer, register
from second_contact import failures, newest, proven, sure

from ivr.clock import ManualClock
from ivr.identity.lockout import Limits
from ivr.records import persons
from ivr.records.database import Database


@pytest.mark.parametrize("entries", [0, 1, 2, 3, 4])
def test_wrong_codes_leave_what_the_first_has_shown(desk: Desk, entries: int) -> None:
    proven(desk)
    result = desk.ask("send_code_second")
    outcomes = []
    for _ in range(entries):
        result = desk.enter(desk.wrong_code())
        outcomes.append(result.outcome)
    assert outcomes == ["wrong", "wrong", "exhausted", "exhausted"][:entries]
    found = sure(result)
    assert (found.level, found.amr) == ("verified", ("kba", "otp", "sms"))
    assert found.flags == ("second_missing",)
    assert failures(desk) == [min(entries, 3)] * 2


@pytest.mark.parametrize("before", [0, 1, 2])
def test_wrong_codes_of_both_contacts_count_together(desk: Desk, before: int) -> None:
    register(desk.db, customer())
    desk.identify()
    desk.ask("send_code")
    for _ in range(before):
        desk.enter(desk.wrong_code())
    assert desk.enter(newest(desk)).outcome == "ok"
    desk.ask("send_code_second")
    outcomes = [desk.enter(desk.wrong_code()).outcome for _ in range(3 - before)]
    assert outcomes[-1] == "exhausted"
    # Not even the right one any more.
    assert desk.enter(newest(desk)).outcome == "exhausted"
    assert failures(desk) == [3, 3]


def test_wrong_codes_of_a_second_contact_lock_the_customer(
    sqlite_database: Database, clock: ManualClock
) -> None:
    with Desk(sqlite_database, clock, lockout_failures=2) as desk:
        proven(desk)
        desk.ask("send_code_second")
        for _ in range(2):
            desk.enter(desk.wrong_code())
        result = desk.enter(newest(desk))
        assert result.outcome == "exhausted"
        # This call keeps what it has shown; the next one is locked.
        assert sure(result).level == "verified"
        assert desk.identify().flags == ("locked",)


def test_a_locked_customer_gets_no_second_factor(desk: Desk) -> None:
    proven(desk)
    desk.ask("send_code_second")
    with desk.db.writing() as session:
        limits = Limits(desk.policy, desk.db.index, claim_index="x", customer_id="c1")
        for _ in range(desk.policy.lockout_failures):
            limits.count_failure(session, desk.clock.now())
    result = desk.enter(newest(desk))
    assert (result.outcome, sure(result).level) == ("wrong", "verified")


def test_it_runs_out_like_any_other(desk: Desk) -> None:
    proven(desk)
    desk.ask("send_code_second")
    desk.clock.advance(601)
    result = desk.enter(newest(desk))
    assert (result.outcome, result.evidence["second"]) == ("expired", "expired")
    assert (sure(result).level, failures(desk)) == ("verified", [0, 0])


def test_a_contact_that_is_corrected_meanwhile_proves_nothing(desk: Desk) -> None:
    proven(desk)
    desk.ask("send_code_second")
    persons.correct(desk.db, customer().number, "landline", "+81399998888")
    assert desk.enter(newest(desk)).outcome == "wrong"


@pytest.mark.parametrize("kind", ["blocked", "refused", "retry_later", "configuration"])
def test_a_provider_that_fails_is_told_to_the_agent(desk: Desk, kind: str) -> None:
    proven(desk)
    desk.voice._failures.append(kind)
    result = desk.ask("send_code_second")
    assert result.outcome == "sent"
    assert sure(result).flags == ("send_error", "second_missing")
    assert sure(result).level == "verified"


# --- another call that shares the verification ---------------------------------------------------


@pytest.mark.parametrize("asked", [1, 2])
def test_a_second_code_is_good_in_its_own_call_only(desk: Desk, asked: int) -> None:
    proven(desk)
    for way in ("second", "again")[:asked]:
        desk.ask(f"send_code_{way}")
    code = newest(desk)
    elsewhere = desk.enter(code, call_id="another")
    assert elsewhere.outcome == "wrong"
    assert {"channel", "verified_at", "second", "second_channel"}.isdisjoint(elsewhere.evidence)
    assert sure(elsewhere).level == "matched"
    # It was not used up by that.
    assert desk.enter(code).evidence["second"] == "ok"


def test_who_proves_the_first_contact_elsewhere_takes_no_second_along(desk: Desk) -> None:
    proven(desk)
    desk.ask("send_code_second")
    second = newest(desk)
    desk.ask("send_code", call_id="another")
    other = desk.enter(newest(desk), call_id="another")
    assert other.outcome == "ok"
    assert sure(other).factors == {"birthdate", "name", "code_sms"}
    for call_id in ("call", "another"):
        assert desk.enter(second, call_id=call_id).outcome != "ok"


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "outcome", "flags"),
    [
        ({"sends": 1}, "limit", ("second_missing",)),
        ({"customer_sends_per_day": 1}, "none", ("send_capped", "second_missing")),
        ({"sends_per_day": 1}, "none", ("send_capped", "second_missing")),
    ],
)
def test_the_limits_of_all_codes_hold(
    sqlite_database: Database,
    clock: ManualClock,
    limit: dict[str, int],
    outcome: str,
    flags: tuple[str, ...],
) -> None:
    with Desk(sqlite_database, clock, **limit) as desk:
        proven(desk)
        result = desk.ask("send_code_second", intent_id="one")
        assert (result.outcome, desk.sent) == (outcome, 1)
        assert (sure(result).level, sure(result).flags) == ("verified", flags)
        assert desk.ask("send_code_second", intent_id="one").outcome == outcome


# --- providers that check codes ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "second"), [("right", "ok"), ("wrong", "wrong"), ("expired", "expired")]
)
def test_a_provider_that_checks_codes_checks_the_second(
    sqlite_database: Database, clock: ManualClock, answer: str, second: str
) -> None:
    verifier = FakeVerifier(answer)
    with Desk(sqlite_database, clock, senders={"voice": verifier}, check_seconds=5.0) as desk:
        proven(desk)
        desk.ask("send_code_second")
        result = desk.enter("123456")
        assert [destination for destination, _ in verifier.checked] == [LANDLINE]
        assert result.evidence["second"] == second
        assert result.evidence["code"] == "ok"
        assert sure(result).level == "verified"
