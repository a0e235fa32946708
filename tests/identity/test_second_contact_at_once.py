"""Codes for a second contact at one moment, and in whatever order."""

from __future__ import annotations

from collections import Counter

from at_once import at_once
from desk import Desk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import MOBILE
from second_contact import destinations, failures, newest, proven, sure

from ivr.clock import ManualClock
from ivr.identity.assurance import assess
from ivr.identity.ports import CheckResult
from ivr.records import verifications
from ivr.records.database import Database

# --- at one moment -------------------------------------------------------------------------------


def test_the_right_code_fifty_times_at_once_is_right_once(any_desk: Desk) -> None:
    proven(any_desk)
    any_desk.ask("send_code_second")
    code = newest(any_desk)
    outcomes = Counter(r.outcome for r in at_once([lambda: any_desk.enter(code)] * 50))
    assert (outcomes["ok"], outcomes.total()) == (1, 50)


def test_wrong_codes_at_once_never_get_more_attempts(any_desk: Desk) -> None:
    proven(any_desk)
    any_desk.ask("send_code_second")
    wrong = any_desk.wrong_code()
    outcomes = Counter(r.outcome for r in at_once([lambda: any_desk.enter(wrong)] * 20))
    assert outcomes == {"wrong": 2, "exhausted": 18}
    assert failures(any_desk) == [3, 3]


def test_requests_at_once_never_send_more(any_desk: Desk) -> None:
    proven(any_desk)
    results = at_once([lambda: any_desk.ask("send_code_second")] * 8)
    assert Counter(r.outcome for r in results) == {"sent": 2, "limit": 6}
    assert any_desk.sent == 3


# --- whatever happens ----------------------------------------------------------------------------

_STEPS = ["second", "again", "other", "right", "wrong", "elsewhere", "wait", "resume"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(_STEPS), max_size=9), run=st.integers(0, 2**64))
def test_no_order_of_steps_loses_the_first_or_counts_it_twice(
    sqlite_database: Database, clock: ManualClock, steps: list[str], run: int
) -> None:
    with sqlite_database.writing() as session:
        for table in ("codes", "verifications", "failure_counters", "customers"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    with Desk(sqlite_database, clock, sends=9) as desk:
        desk.new_intent = (f"{run}{n}" for n in range(99)).__next__  # type: ignore[method-assign]
        evidence = dict(proven(desk).evidence)
        entered = {MOBILE}
        for step in steps:
            if step == "wait":
                clock.advance(400)
                continue
            result = _does(desk, step)
            if step == "resume":
                assert not result.evidence
                continue
            if step == "elsewhere":
                assert sure(result).level == "matched"
                continue
            if result.outcome == "ok":
                entered.add(destinations(desk)[-1])
            evidence |= result.evidence
            found = assess(said_birthdate=True, said_name=True, evidence=evidence, flags=())
            assert found.level == "verified"
            assert found.amr[:3] == ("kba", "otp", "sms")
            # A second factor is there exactly where a code of another contact was entered.
            assert ("second_contact" in found.factors) == (len(entered) > 1)
        second = [step for step in steps if step in ("second", "again", "other")]
        if second[:1] == ["second"]:
            assert MOBILE not in destinations(desk)[1:]
        with sqlite_database.reading() as session:
            record = verifications.get(session, desk.verification or "")
        assert record is not None
        assert record.attempts <= desk.policy.attempts + 1
        assert max(failures(desk)) <= desk.policy.attempts
    clock.advance(86_400)


def _does(desk: Desk, step: str) -> CheckResult:
    if step == "right":
        return desk.enter(newest(desk))
    if step == "wrong":
        return desk.enter(desk.wrong_code())
    if step == "elsewhere":
        return desk.enter(desk.wrong_code(), call_id="another")
    if step == "resume":
        return desk.ask("resume")
    return desk.ask(f"send_code_{step}")
