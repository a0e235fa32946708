"""Entering codes: right, wrong, late, too often, twice at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from at_once import at_once
from desk import Desk
from people import ELSEWHERE, LANDLINE, MOBILE, STRANGER, customer, register, said

from ivr.clock import ManualClock
from ivr.errors import RecordsUnavailable
from ivr.records import verifications
from ivr.records.database import Database
from ivr.understanding.value import HeardName


def _begin(desk: Desk, **changes: Any) -> str:
    """Register, identify and send: the code."""
    register(desk.db, customer(**changes))
    desk.identify()
    desk.ask("send_code")
    return desk.sms.last_code


def test_the_right_code_verifies(any_desk: Desk) -> None:
    code = _begin(any_desk)

    result = any_desk.enter(code)

    now = any_desk.clock.now()
    assert (result.outcome, result.flags) == ("ok", ())
    assert result.evidence == {
        "match": "one",
        "customer": customer().number,
        "sent": "sms",
        "code": "ok",
        "channel": "sms",
        "verified_at": now.isoformat(),
        "code_call": "registered",
    }
    with any_desk.db.reading() as session:
        stored = verifications.get(session, result.verification_id or "")
    assert stored is not None
    assert stored.verified_at == now


@pytest.mark.parametrize(
    ("caller", "risky"),
    [(MOBILE, False), (LANDLINE, False), (ELSEWHERE, True), ("", True), ("+266696687", True)],
)
def test_a_code_entered_from_another_phone_may_be_relayed(
    desk: Desk, caller: str, risky: bool
) -> None:
    result = desk.enter(_begin(desk), caller=caller)

    assert ("relay_risk" in result.flags) == risky
    assert result.evidence["code_call"] == ("unregistered" if risky else "registered")


@pytest.mark.parametrize(("days", "flagged"), [(0, True), (29, True), (30, False), (None, False)])
def test_a_contact_changed_lately_is_pointed_out(
    desk: Desk, days: int | None, flagged: bool
) -> None:
    changed = None if days is None else desk.clock.now() - timedelta(days=days)

    result = desk.enter(_begin(desk, contact_changed=changed))

    assert result.flags == (("contact_changed",) if flagged else ())


def test_three_wrong_codes_use_the_attempts_up(desk: Desk) -> None:
    right = _begin(desk)
    wrong = desk.wrong_code()

    outcomes = [desk.enter(code).outcome for code in (wrong, wrong, wrong, right, wrong)]

    assert outcomes == ["wrong", "wrong", "exhausted", "exhausted", "exhausted"]


def test_the_third_attempt_may_be_right(desk: Desk) -> None:
    right = _begin(desk)
    wrong = desk.wrong_code()

    assert [desk.enter(code).outcome for code in (wrong, wrong, right)] == ["wrong", "wrong", "ok"]


@pytest.mark.parametrize("entered", ["", "12345", "1234567", "12345x", "１２３４５６", "*#0000"])
def test_what_is_no_code_is_a_wrong_one(desk: Desk, entered: str) -> None:
    _begin(desk)

    assert desk.enter(entered).outcome == "wrong"


def test_a_code_works_for_ten_minutes_and_late_is_not_wrong(desk: Desk) -> None:
    right = _begin(desk)
    wrong = desk.wrong_code()
    desk.clock.advance(10 * 60 - 5.0 - 0.001)
    assert desk.enter(wrong).outcome == "wrong"
    desk.clock.advance(0.001)

    for code in (right, wrong, right, wrong):
        assert desk.enter(code).outcome == "expired"

    desk.ask("send_code_again")
    assert desk.enter(desk.sms.last_code).outcome == "ok"


def test_before_any_send_there_is_no_code_to_be_wrong_about(desk: Desk) -> None:
    register(desk.db, customer())
    desk.identify()

    assert desk.enter("000000").outcome == "expired"


def test_a_new_code_replaces_the_old_and_keeps_the_failures(desk: Desk) -> None:
    old = _begin(desk)
    desk.enter(desk.wrong_code())
    desk.ask("send_code_again")

    assert desk.enter(old).outcome == "wrong"
    assert desk.enter(desk.wrong_code()).outcome == "exhausted"


def test_a_code_works_once_and_what_it_proved_stays(desk: Desk) -> None:
    code = _begin(desk)
    first = desk.enter(code)

    second = desk.enter(code)

    assert (first.outcome, second.outcome) == ("ok", "wrong")
    assert second.evidence == first.evidence


def test_the_same_request_counts_once(any_desk: Desk) -> None:
    code = _begin(any_desk)
    for _ in range(5):
        assert any_desk.enter(any_desk.wrong_code(), intent_id="w").outcome == "wrong"

    first = any_desk.enter(code, intent_id="r")

    assert first.outcome == "ok"
    assert any_desk.enter(code, intent_id="r") == first


def test_a_code_of_somebody_elses_verification_is_wrong(desk: Desk) -> None:
    code = _begin(desk)
    register(desk.db, customer(id="c2", number="2", surname="鈴木", surname_kana="スズキ"))
    desk.identify(name=said("スズキ", "ハナコ"))
    desk.ask("send_code")

    assert desk.enter(code).outcome == "wrong"
    assert desk.enter(desk.sms.last_code).outcome == "ok"


def test_a_customer_who_was_deleted_meanwhile_is_nobody(desk: Desk) -> None:
    code = _begin(desk)
    with desk.db.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM customers")

    assert desk.enter(code).outcome == "wrong"


def test_without_verification_the_check_fails(desk: Desk) -> None:
    for verification in (None, "gone"):
        result = desk.enter("000000", verification_id=verification)
        assert (result.outcome, result.evidence) == ("failed", {})


def test_without_database_the_check_says_so_and_counts_nothing(desk: Desk, tmp_path: Any) -> None:
    code = _begin(desk)
    desk.db.dispose()
    path = tmp_path / "honnin.sqlite3"
    path.rename(tmp_path / "gone")
    for _ in range(4):
        with pytest.raises(RecordsUnavailable):
            desk.enter(desk.wrong_code())
    (tmp_path / "gone").rename(path)

    assert desk.enter(code).outcome == "ok"


def test_the_right_code_fifty_times_at_once_is_right_once(any_desk: Desk) -> None:
    code = _begin(any_desk)

    results = at_once([lambda: any_desk.enter(code)] * 50)

    outcomes = Counter(result.outcome for result in results)
    assert outcomes["ok"] == 1
    assert outcomes.total() == 50


def test_wrong_codes_at_once_never_get_more_attempts(any_desk: Desk) -> None:
    code = _begin(any_desk)
    wrong = any_desk.wrong_code()

    results = at_once([lambda: any_desk.enter(wrong)] * 20)

    assert Counter(r.outcome for r in results) == {"wrong": 2, "exhausted": 18}
    assert any_desk.enter(code).outcome == "exhausted"
    with any_desk.db.reading() as session:
        stored = verifications.get(session, any_desk.verification or "")
    assert stored is not None
    assert stored.attempts == 3


def test_requests_for_codes_at_once_never_send_more(any_desk: Desk) -> None:
    register(any_desk.db, customer())
    any_desk.identify()

    results = at_once([lambda: any_desk.ask("send_code")] * 8)

    assert Counter(r.outcome for r in results) == {"sent": 3, "limit": 5}
    assert any_desk.sent == 3


def test_wrong_codes_lock_the_customer_silently_across_calls(
    sqlite_database: Database, clock: ManualClock
) -> None:
    with Desk(sqlite_database, clock, lockout_failures=4) as desk:
        _begin(desk)
        for _ in range(3):
            desk.enter(desk.wrong_code())
        desk.identify()
        desk.ask("send_code")
        desk.enter(desk.wrong_code())
        sent = desk.sent

        locked = desk.identify()
        assert (locked.outcome, locked.evidence, locked.flags) == (
            "done",
            {"match": "locked"},
            ("locked",),
        )
        assert desk.ask("send_code").outcome == "sent"
        assert desk.sent == sent
        assert desk.enter("000000").outcome == "wrong"

        desk.clock.advance(24 * 3600)
        assert desk.identify().evidence["match"] == "one"


def test_a_lock_closes_verifications_already_open(
    sqlite_database: Database, clock: ManualClock
) -> None:
    with Desk(sqlite_database, clock, lockout_failures=3) as desk:
        code = _begin(desk)
        first = desk.verification
        desk.identify()
        desk.ask("send_code")
        for _ in range(3):
            desk.enter(desk.wrong_code())
        desk.verification = first

        result = desk.enter(code)

        assert result.outcome == "wrong"
        assert result.evidence["match"] == "locked"
        assert result.flags == ("locked",)


def test_another_spelling_of_the_name_meets_the_same_lock(
    sqlite_database: Database, clock: ManualClock
) -> None:
    with Desk(sqlite_database, clock, lockout_failures=3) as desk:
        _begin(desk)
        for _ in range(3):
            desk.enter(desk.wrong_code())

        other = HeardName(text="ヤマダハナコ", wholes=("ヤマダハナコ",))
        assert desk.identify(name=other).evidence == {"match": "locked"}


def test_strangers_are_locked_like_customers(sqlite_database: Database, clock: ManualClock) -> None:
    with Desk(sqlite_database, clock, lockout_failures=3) as desk:
        desk.identify(name=STRANGER)
        desk.ask("send_code")
        for _ in range(3):
            desk.enter("000000")

        assert desk.identify(name=STRANGER).evidence == {"match": "locked"}
