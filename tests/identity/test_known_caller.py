"""Who was verified minutes ago is spared a code: once, and only where nothing at all is odd."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from desk import Desk
from people import (
    BORN,
    ELSEWHERE,
    HANAKO,
    LANDLINE,
    MOBILE,
    NEARLY_HANAKO,
    STRANGER,
    UNSURE_HANAKO,
    customer,
    register,
    said,
)

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.identity.lockout import day_of
from ivr.identity.ports import CheckResult, KnownCallerRule
from ivr.records import calls, counters, persons, results, verifications
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.disclosure import disclose
from ivr.records.results import ResultRecord

_CALLS = count(1)
TEN_MINUTES = KnownCallerRule(seconds=600, after_agent=False)


class Caller:
    """Somebody who calls more than once; each call is a row, as dialogue stores it."""

    def __init__(self, desk: Desk, number: str = MOBILE) -> None:
        self.desk = desk
        self.number = number
        self.call_id = ""

    def rings(self) -> Caller:
        self.call_id = f"call-{next(_CALLS)}"
        record = CallRecord(
            self.call_id, f"CA{self.call_id}", "verify", "digest", "ja", self.number, "+8150",
            1, "active", "{}", self.desk.clock.now(),
        )  # fmt: skip
        with self.desk.db.writing() as session:
            calls.insert(session, record)
        return self

    def identifies(self, **changes: Any) -> Caller:
        self.desk.identify(call_id=self.call_id, caller=self.number, **changes)
        return self

    def is_verified(self, way: str = "send_code") -> Caller:
        """Asks for a code and enters it."""
        self.desk.ask("send_code", call_id=self.call_id, caller=self.number)
        if way != "send_code":
            self.desk.ask(way, call_id=self.call_id, caller=self.number)
        sent = [m for s in (self.desk.sms, self.desk.voice, self.desk.email) for m in s.messages]
        for message in reversed(sent):
            entered = self.enters(message.code)
            if entered.outcome == "ok":
                return self
        raise AssertionError("no code was right")

    def enters(self, code: str) -> CheckResult:
        return self.desk.enter(code, call_id=self.call_id, caller=self.number)

    def hangs_up(self, how: str = "hangup") -> Caller:
        with self.desk.db.writing() as session:
            record = calls.get(session, self.call_id)
            assert record is not None
            calls.save(
                session,
                replace(record, status="ended", ended_at=self.desk.clock.now(), ended_how=how),
            )
        return self

    def is_known(self, rule: KnownCallerRule | None = TEN_MINUTES, **changes: Any) -> CheckResult:
        values: dict[str, Any] = {
            "birthdate": BORN,
            "name": HANAKO,
            "call_id": self.call_id,
            "caller": self.number,
            "known_caller": rule,
        } | changes
        return self.desk.ask("known_caller", **values)


def verified(desk: Desk, number: str = MOBILE, seconds_ago: int = 60, **registered: Any) -> Caller:
    """花子 was verified in a call that nobody took, and that is over."""
    register(desk.db, customer(**registered))
    caller = Caller(desk, number).rings().identifies().is_verified().hangs_up()
    desk.clock.advance(seconds_ago)
    return caller


def test_the_same_person_is_spared_the_code(any_desk: Desk) -> None:
    caller = verified(any_desk)
    at = any_desk.clock.now() - timedelta(seconds=60)
    first = any_desk.verification

    result = caller.rings().identifies().is_known()

    assert (result.outcome, result.flags) == ("known", ())
    assert result.evidence == {
        "match": "one",
        "customer": customer().number,
        "recent": "sms",
        "recent_at": at.isoformat(),
        "recent_from": first,
    }
    with any_desk.db.reading() as session:
        proof, now = (verifications.get(session, v or "") for v in (first, any_desk.verification))
    assert proof is not None
    assert now is not None
    assert (proof.reused_at, now.reused_at) == (any_desk.clock.now(), None)
    # It was no code: nothing of this call is verified.
    assert now.verified_at is None


def test_the_landline_of_a_customer_counts_as_well(desk: Desk) -> None:
    caller = verified(desk, LANDLINE)
    assert caller.rings().identifies().is_known().outcome == "known"


def test_it_is_found_once_however_often_it_is_asked(desk: Desk) -> None:
    caller = verified(desk).rings().identifies()
    first = caller.is_known(intent_id="same")
    assert first.outcome == "known"
    assert caller.is_known(intent_id="same") == first
    assert caller.is_known().outcome == "unknown"


def test_a_call_that_was_spared_its_code_spares_none(desk: Desk) -> None:
    caller = verified(desk)
    for outcome in ("known", "unknown", "unknown"):
        assert caller.rings().identifies().is_known().outcome == outcome
        caller.hangs_up()


def test_each_code_spares_one(desk: Desk) -> None:
    caller = verified(desk)
    assert caller.rings().identifies().is_known().outcome == "known"
    caller.hangs_up().rings().identifies().is_verified().hangs_up()
    assert caller.rings().identifies().is_known().outcome == "known"


@pytest.mark.parametrize(("seconds", "known"), [(599, True), (600, True), (601, False)])
def test_not_longer_ago_than_the_policy_says(desk: Desk, seconds: int, known: bool) -> None:
    caller = verified(desk)
    desk.clock.advance(seconds - 60)
    assert (caller.rings().identifies().is_known().outcome == "known") == known


# --- what must not be ----------------------------------------------------------------------------


def _withheld(desk: Desk) -> CheckResult:
    caller = verified(desk, "")
    return caller.rings().identifies().is_known()


def _elsewhere(desk: Desk) -> CheckResult:
    verified(desk)
    return Caller(desk, ELSEWHERE).rings().identifies().is_known()


def _own_phone_not_registered(desk: Desk) -> CheckResult:
    return verified(desk, ELSEWHERE).rings().identifies().is_known()


def _other_registered_phone(desk: Desk) -> CheckResult:
    verified(desk)
    return Caller(desk, LANDLINE).rings().identifies().is_known()


def _number_taken_away(desk: Desk) -> CheckResult:
    caller = verified(desk)
    assert persons.correct(desk.db, customer().number, "mobile", ELSEWHERE)
    return caller.rings().identifies().is_known()


def _number_taken_away_unnoticed(desk: Desk) -> CheckResult:
    """As in a directory of somebody else's, which does not say when contacts changed."""
    caller = verified(desk)
    assert persons.correct(desk.db, customer().number, "mobile", ELSEWHERE)
    _sql(desk, "UPDATE customers SET contact_changed = NULL")
    return caller.rings().identifies().is_known()


def _email_changed_since(desk: Desk) -> CheckResult:
    caller = verified(desk)
    assert persons.correct(desk.db, customer().number, "email", "new@example.jp")
    return caller.rings().identifies().is_known()


def _another_customer_by_now(desk: Desk) -> CheckResult:
    caller = verified(desk)
    _sql(desk, "DELETE FROM customers")
    register(desk.db, customer(id="c2", number="2"))
    return caller.rings().identifies().is_known()


def _sql(desk: Desk, statement: str) -> None:
    with desk.db.writing() as session:
        session.connection().exec_driver_sql(statement)


def _by_email(desk: Desk) -> CheckResult:
    register(desk.db, customer(landline=None))
    caller = Caller(desk).rings().identifies().is_verified("send_code_other").hangs_up()
    return caller.rings().identifies().is_known()


def _contact_changed(desk: Desk) -> CheckResult:
    changed = desk.clock.now() - timedelta(days=1)
    return verified(desk, contact_changed=changed).rings().identifies().is_known()


def _shared_phone(desk: Desk) -> CheckResult:
    register(desk.db, customer(id="c2", number="2", given="次郎", given_kana="ジロウ", email=None))
    return verified(desk).rings().identifies().is_known()


def _shared_since(desk: Desk) -> CheckResult:
    caller = verified(desk)
    register(desk.db, customer(id="c2", number="2", given="次郎", given_kana="ジロウ", email=None))
    return caller.rings().identifies().is_known()


def _twin_since(desk: Desk) -> CheckResult:
    caller = verified(desk)
    register(desk.db, customer(id="c2", number="2", mobile=ELSEWHERE, landline=None))
    return caller.rings().identifies().is_known()


def _locked(desk: Desk) -> CheckResult:
    caller = verified(desk)
    _wrong_codes(desk)
    return caller.rings().identifies().is_known()


def _locked_meanwhile(desk: Desk) -> CheckResult:
    caller = verified(desk).rings().identifies()
    _wrong_codes(desk)
    return caller.is_known()


def _wrong_codes(desk: Desk) -> None:
    with desk.db.writing() as session:
        key = desk.db.index.of("customer", "c1")
        counters.bump(session, "failures_customer", key, day_of(desk.clock.now()), by=10)


def _still_talking(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    Caller(desk).rings().identifies().is_verified()
    return Caller(desk).rings().identifies().is_known()


def _agent_took_it(desk: Desk) -> CheckResult:
    caller = verified(desk)
    _taken(desk, caller)
    return caller.rings().identifies().is_known()


def _taken(desk: Desk, caller: Caller) -> None:
    now = desk.clock.now()
    with desk.db.writing() as session:
        results.insert(session, ResultRecord("ref", caller.call_id, "t", now, now, 9))
        results.answer(session, "ref", True)


def _was_connected(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    caller = Caller(desk).rings().identifies().is_verified().hangs_up("transfer")
    return caller.rings().identifies().is_known()


def _never_entered(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    caller = Caller(desk).rings().identifies()
    desk.ask("send_code", call_id=caller.call_id)
    return caller.hangs_up().rings().identifies().is_known()


def _wrong_code(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    caller = Caller(desk).rings().identifies()
    desk.ask("send_code", call_id=caller.call_id)
    caller.enters(desk.wrong_code())
    return caller.hangs_up().rings().identifies().is_known()


def _nothing_said(desk: Desk) -> CheckResult:
    return verified(desk).rings().identifies().is_known(name=None)


def _no_birthdate_said(desk: Desk) -> CheckResult:
    return verified(desk).rings().identifies().is_known(birthdate=None)


def _another_claim_said(desk: Desk) -> CheckResult:
    return verified(desk).rings().identifies().is_known(name=STRANGER)


def _somebody_else(desk: Desk) -> CheckResult:
    register(
        desk.db,
        customer(
            id="c2", number="2", given="次郎", given_kana="ジロウ", mobile=None, landline=None
        ),
    )
    caller = verified(desk).rings().identifies(name=said("ヤマダ", "ジロウ"))
    return caller.is_known(name=said("ヤマダ", "ジロウ"))


def _nearly_the_name(desk: Desk) -> CheckResult:
    caller = verified(desk).rings().identifies(name=UNSURE_HANAKO)
    return caller.is_known(name=UNSURE_HANAKO)


def _a_guess_before(desk: Desk) -> CheckResult:
    caller = verified(desk).rings().identifies(name=NEARLY_HANAKO).hangs_up()
    return caller.rings().identifies().is_known()


def _send_error_then(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    desk.sms._failures.append("refused")
    caller = Caller(desk).rings().identifies().is_verified("send_code_again").hangs_up()
    return caller.rings().identifies().is_known()


def _policy_says_nothing(desk: Desk) -> CheckResult:
    """Not even at the very moment."""
    return verified(desk, seconds_ago=0).rings().identifies().is_known(None)


def _second_not_entered(desk: Desk) -> CheckResult:
    register(desk.db, customer())
    caller = Caller(desk).rings().identifies().is_verified()
    desk.ask("send_code_second", call_id=caller.call_id)
    return caller.hangs_up().rings().identifies().is_known()


@pytest.mark.parametrize(
    "story",
    [
        _withheld, _elsewhere, _own_phone_not_registered, _other_registered_phone,
        _number_taken_away, _by_email, _contact_changed, _shared_phone, _shared_since, _twin_since,
        _locked, _locked_meanwhile, _still_talking, _agent_took_it, _was_connected, _never_entered,
        _wrong_code, _nothing_said, _no_birthdate_said, _another_claim_said, _somebody_else,
        _nearly_the_name, _a_guess_before, _send_error_then, _policy_says_nothing,
        _second_not_entered, _number_taken_away_unnoticed, _email_changed_since,
        _another_customer_by_now,
    ],
    ids=lambda story: story.__name__.strip("_").replace("_", " "),
)  # fmt: skip
def test_everybody_else_enters_a_code(desk: Desk, story: Callable[[Desk], CheckResult]) -> None:
    result = story(desk)
    assert result.outcome == "unknown"
    assert {"recent", "recent_at", "recent_from"}.isdisjoint(result.evidence)
    with desk.db.reading() as session:
        used = session.connection().exec_driver_sql(
            "SELECT count(*) FROM verifications WHERE reused_at IS NOT NULL"
        )
        # What does not count is not used up.
        assert used.scalar_one() == 0


def test_after_an_agent_only_where_the_policy_says_so(desk: Desk) -> None:
    caller = verified(desk)
    _taken(desk, caller)
    rule = replace(TEN_MINUTES, after_agent=True)
    assert caller.rings().identifies().is_known(rule).outcome == "known"


def test_without_a_verification_nobody_is_known(desk: Desk) -> None:
    caller = verified(desk).rings()
    assert caller.is_known(verification_id=None) == CheckResult("unknown", {})


def test_the_person_is_told_of_it(desk: Desk) -> None:
    caller = verified(desk)
    caller.rings().identifies().is_known()
    told = disclose(desk.db, customer().number).sections["attempts"]
    assert [attempt["spared_a_code"] for attempt in told] == [desk.clock.now().isoformat(), None]
    assert told[1]["found"]["recent"] == "sms"


# --- nobody hears who is a customer --------------------------------------------------------------


def test_those_who_are_not_known_cost_the_same_queries(
    sqlite_database: Database, clock: ManualClock
) -> None:
    """And so does who is known: nothing is looked up in vain."""
    people: dict[str, dict[str, Any]] = {
        "known": {},
        "the same, a second time": {},
        "stranger": {"name": STRANGER},
        "wrong birthdate": {"birthdate": "1985-03-06"},
        "nearly the name": {"name": UNSURE_HANAKO},
    }
    counted = {}
    with Desk(sqlite_database, clock) as desk:
        caller = verified(desk)
        for who, words in people.items():
            caller.rings().identifies(**words)
            with sqlite_database.count_queries() as queries:
                outcome = caller.is_known(**words).outcome
            assert (outcome == "known") == (who == "known")
            counted[who] = queries.count
            caller.hangs_up()
        other = Caller(desk, "").rings().identifies()
        with sqlite_database.count_queries() as queries:
            assert other.is_known().outcome == "unknown"
        counted["withheld"] = queries.count
    assert len(set(counted.values())) == 1, counted


# --- at one moment -------------------------------------------------------------------------------


def test_of_fifty_calls_at_one_moment_one_is_spared_the_code(any_desk: Desk) -> None:
    caller = verified(any_desk)
    opened: list[tuple[str, str]] = []
    for _ in range(50):
        caller.rings().identifies()
        opened.append((caller.call_id, any_desk.verification or ""))
    gate = threading.Barrier(50)
    found: list[CheckResult] = []
    errors: list[BaseException] = []

    def ask(call_id: str, verification: str) -> None:
        try:
            gate.wait(timeout=60)
            found.append(caller.is_known(call_id=call_id, verification_id=verification))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=each) for each in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert Counter(result.outcome for result in found) == {"known": 1, "unknown": 49}


def test_one_question_delivered_fifty_times_is_answered_once(any_desk: Desk) -> None:
    caller = verified(any_desk).rings().identifies()
    gate = threading.Barrier(50)
    found: list[CheckResult] = []
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            gate.wait(timeout=60)
            found.append(caller.is_known(intent_id="the-same"))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert {result.outcome for result in found} == {"known"}
    with any_desk.db.reading() as session:
        used = session.connection().exec_driver_sql(
            "SELECT count(*) FROM verifications WHERE reused_at IS NOT NULL"
        )
        assert used.scalar_one() == 1


def test_a_directory_that_fails_means_a_code(sqlite_database: Database, clock: ManualClock) -> None:
    with Desk(sqlite_database, clock) as desk:
        caller = verified(desk).rings().identifies()
        directory = desk.checks._perform["known_caller"].__self__._directory  # type: ignore[attr-defined]

        class Away:
            def by_id(self, customer_id: str) -> None:
                raise RecordsUnavailable("away")

        known_callers = desk.checks._perform["known_caller"].__self__  # type: ignore[attr-defined]
        known_callers._directory = Away()
        result = caller.is_known()
        assert (result.outcome, result.flags) == ("unknown", ("directory_error",))
        # It stays a reason not to trust the call, also when the directory is back.
        known_callers._directory = directory
        assert caller.is_known().outcome == "unknown"
