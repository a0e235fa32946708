"""A code for a second contact: never the one that was proven, and the first is never lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from desk import Desk
from fakes.senders import FakeVerifier
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import ELSEWHERE, EMAIL, HANAKO, LANDLINE, MOBILE, STRANGER, customer, register, said

from ivr.clock import ManualClock
from ivr.identity.assurance import Assurance, assess
from ivr.identity.lockout import Limits, day_of
from ivr.identity.matching import claim_of
from ivr.identity.ports import Channel, CheckResult
from ivr.records import counters, persons, verifications
from ivr.records.database import Database


def proven(desk: Desk, first: Channel = "sms", **changes: Any) -> CheckResult:
    """花子 has entered the code of her first contact."""
    register(desk.db, customer(**changes))
    desk.identify()
    desk.ask("send_code")
    result = desk.enter(newest(desk))
    assert (result.outcome, result.evidence["channel"]) == ("ok", first)
    return result


def newest(desk: Desk) -> str:
    """The code of the newest message: fakes number codes upwards."""
    return max(m.code for s in (desk.sms, desk.voice, desk.email) for m in s.messages)


def sure(result: CheckResult) -> Assurance:
    return assess(said_birthdate=True, said_name=True, evidence=result.evidence, flags=result.flags)


def destinations(desk: Desk) -> list[str]:
    messages = [m for s in (desk.sms, desk.voice, desk.email) for m in s.messages]
    return [message.destination for message in sorted(messages, key=lambda each: each.code)]


def failures(desk: Desk) -> list[int]:
    """Wrong codes today, of the claim and of the customer."""
    claim = desk.db.index.of("claim", claim_of("1985-03-05", HANAKO))
    with desk.db.reading() as session:
        return [
            counters.value(session, scope, key, day_of(desk.clock.now()))
            for scope, key in (
                ("failures_claim", claim),
                ("failures_customer", desk.db.index.of("customer", "c1")),
            )
        ]


# --- where it goes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "first", "second"),
    [
        ({}, "sms", LANDLINE),
        ({"landline": None}, "sms", EMAIL),
        ({"preferred": "email"}, "email", MOBILE),
        ({"preferred": "voice", "mobile": "+819022223333"}, "voice", "+819022223333"),
        ({"mobile": None}, "voice", EMAIL),
        # One phone under two names is one contact.
        ({"landline": MOBILE, "preferred": "email"}, "email", MOBILE),
        ({"landline": MOBILE}, "sms", EMAIL),
        ({"landline": MOBILE, "email": None}, "sms", None),
        ({"landline": None, "email": None}, "sms", None),
    ],
)
def test_it_goes_to_the_first_other_contact(
    desk: Desk, registered: dict[str, Any], first: Channel, second: str | None
) -> None:
    proven(desk, first, **registered)
    result = desk.ask("send_code_second")
    assert result.outcome == ("none" if second is None else "sent")
    assert result.evidence["second"] == result.outcome
    assert destinations(desk)[1:] == ([] if second is None else [second])


@pytest.mark.parametrize(
    ("caller", "sent"), [(LANDLINE, EMAIL), ("", EMAIL), (ELSEWHERE, LANDLINE)]
)
def test_never_by_voice_to_the_phone_on_the_call(desk: Desk, caller: str, sent: str) -> None:
    register(desk.db, customer())
    desk.identify(caller=caller)
    desk.ask("send_code", caller=caller)
    assert desk.enter(newest(desk), caller=caller).outcome == "ok"
    assert desk.ask("send_code_second", caller=caller).outcome == "sent"
    assert destinations(desk) == [MOBILE, sent]


@pytest.mark.parametrize(
    ("further", "outcome", "sent"),
    [
        (None, "sent", [LANDLINE]),
        (("email",), "sent", [EMAIL]),
        (("sms", "voice", "email"), "sent", [LANDLINE]),
        (("sms",), "none", []),
        ((), "enough", []),
    ],
)
def test_only_by_a_channel_that_the_call_has_a_use_for(
    desk: Desk, further: tuple[Channel, ...] | None, outcome: str, sent: list[str]
) -> None:
    proven(desk)
    result = desk.ask("send_code_second", further=further)
    assert (result.outcome, destinations(desk)[1:]) == (outcome, sent)
    # What nobody asked for is not missing.
    assert ("second_missing" in sure(result).flags) == (outcome != "enough")


def test_again_and_another_way_keep_off_the_proven_contact(desk: Desk) -> None:
    proven(desk)
    desk.ask("send_code_second")
    desk.ask("send_code_again")
    assert destinations(desk) == [MOBILE, LANDLINE, LANDLINE]
    assert desk.ask("send_code_other").outcome == "limit"


def test_another_way_is_the_next_one(sqlite_database: Database, clock: ManualClock) -> None:
    with Desk(sqlite_database, clock, sends=5) as desk:
        proven(desk)
        desk.ask("send_code_second")
        desk.ask("send_code_other")
        assert destinations(desk) == [MOBILE, LANDLINE, EMAIL]
        desk.ask("send_code_other")  # there is none
        assert len(destinations(desk)) == 3
        assert desk.enter(newest(desk)).evidence["second_channel"] == "email"


def test_another_way_never_comes_back_to_the_proven_contact(
    sqlite_database: Database, clock: ManualClock
) -> None:
    with Desk(sqlite_database, clock, sends=5) as desk:
        register(desk.db, customer())
        desk.identify()
        desk.ask("send_code")
        desk.ask("send_code_other")
        assert desk.enter(newest(desk)).evidence["channel"] == "voice"
        for step in ("send_code_second", "send_code_other"):
            desk.ask(step)
        assert destinations(desk) == [MOBILE, LANDLINE, MOBILE, EMAIL]


def test_the_same_request_sends_once(desk: Desk) -> None:
    proven(desk)
    first = desk.ask("send_code_second", intent_id="same")
    assert desk.ask("send_code_second", intent_id="same") == first
    assert desk.sent == 2


# --- nothing before a code was accepted ----------------------------------------------------------


@pytest.mark.parametrize("asked", [False, True])
def test_before_a_code_was_accepted_it_says_the_same_to_everybody(desk: Desk, asked: bool) -> None:
    register(desk.db, customer())
    noticed = set()
    for name in (HANAKO, STRANGER, said("ハマダ", "ハナコ")):
        desk.identify(name=name)
        if asked:
            desk.ask("send_code")
            desk.enter(desk.wrong_code())
        before = desk.sent
        with desk.db.count_queries() as queries:
            result = desk.ask("send_code_second")
        assert desk.sent == before
        assert "second" not in result.evidence
        noticed.add((result.outcome, queries.count))
    assert len(noticed) == 1
    assert {outcome for outcome, _ in noticed} == {"none"}


def test_without_a_verification_there_is_none(desk: Desk) -> None:
    assert desk.ask("send_code_second") == CheckResult("none", {"sent": "none"})


def test_a_code_accepted_in_another_call_is_none_of_this_one(desk: Desk) -> None:
    proven(desk)
    assert desk.ask("send_code_second", call_id="another").outcome == "none"
    assert desk.sent == 1


# --- what it proves ------------------------------------------------------------------------------


def test_both_factors_are_shown(any_desk: Desk) -> None:
    first = proven(any_desk)
    any_desk.ask("send_code_second")
    any_desk.clock.advance(60)
    result = any_desk.enter(newest(any_desk))
    assert result.outcome == "ok"
    assert result.evidence == first.evidence | {
        "sent": "voice", "second": "ok", "second_channel": "voice",
    }  # fmt: skip
    found = sure(result)
    assert found.factors >= {"code_sms", "code_voice", "second_contact"}
    assert (found.level, found.amr, found.flags) == ("verified", ("kba", "otp", "sms", "tel"), ())


def test_the_mobile_after_the_mailbox_verifies(desk: Desk) -> None:
    assert sure(proven(desk, "email", preferred="email")).level == "matched"
    desk.ask("send_code_second")
    found = sure(desk.enter(newest(desk)))
    assert (found.level, found.amr) == ("verified", ("kba", "otp", "email", "sms"))


def test_the_first_code_again_is_no_second(desk: Desk) -> None:
    proven(desk)
    code = desk.sms.last_code
    desk.ask("send_code_second")
    result = desk.enter(code)
    assert (result.outcome, result.evidence["second"]) == ("wrong", "wrong")


def test_another_code_of_the_first_contact_proves_nothing_more(desk: Desk) -> None:
    """Somebody in another call that shares the verification has one sent."""
    register(desk.db, customer(landline=None, email=None))
    desk.identify()
    desk.ask("send_code")
    desk.enter(newest(desk))
    desk.ask("send_code", call_id="another")
    result = desk.enter(newest(desk))
    assert result.outcome == "ok"
    assert sure(result).factors == {"birthdate", "name", "code_sms"}


def test_one_phone_under_two_names_is_no_second(desk: Desk) -> None:
    register(desk.db, customer(landline=MOBILE, email=None))
    desk.identify(caller=ELSEWHERE)
    desk.ask("send_code", caller=ELSEWHERE)
    desk.enter(newest(desk), caller=ELSEWHERE)
    # Somebody in another call that shares the verification has the phone rung.
    desk.ask("send_code_other", call_id="another", caller=ELSEWHERE)
    assert destinations(desk) == [MOBILE, MOBILE]
    result = desk.enter(newest(desk), caller=ELSEWHERE)
    assert result.outcome == "ok"
    assert sure(result).factors == {"birthdate", "name", "code_sms"}


# --- what it cannot take away --------------------------------------------------------------------


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


# --- at one moment -------------------------------------------------------------------------------


def at_once(calls: list[Callable[[], CheckResult]]) -> list[CheckResult]:
    gate = threading.Barrier(len(calls))
    found: list[CheckResult] = []
    errors: list[BaseException] = []

    def run(call: Callable[[], CheckResult]) -> None:
        try:
            gate.wait(timeout=60)
            found.append(call())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return found


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
