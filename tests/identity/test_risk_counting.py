"""What callers from one number did: counted once, for all processes, the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from at_once import at_once
from desk import Desk
from people import ELSEWHERE, HANAKO, MOBILE, STRANGER, UNSURE_HANAKO, customer, register, said

from ivr.clock import JAPAN, ManualClock
from ivr.errors import RecordsUnavailable
from ivr.identity.ports import CheckRequest, CheckResult
from ivr.identity.risk.counting import Velocity
from ivr.records.database import Database


def test_calls_are_counted_by_hour_and_day(any_desk: Desk) -> None:
    clock = any_desk.clock
    assert any_desk.ask("resume").signals.items() >= {"calls_hour": 1, "calls_day": 1}.items()
    assert any_desk.ask("resume").signals["calls_hour"] == 2
    assert any_desk.ask("resume", caller=ELSEWHERE).signals["calls_hour"] == 1
    clock.advance(3600)
    later = any_desk.ask("resume").signals
    assert (later["calls_hour"], later["calls_day"]) == (1, 3)
    clock.advance(24 * 3600)
    assert any_desk.ask("resume").signals["calls_day"] == 1


def test_people_named_from_one_number_are_counted_once_each(any_desk: Desk) -> None:
    register(any_desk.db, customer())
    counted = ("identities_day", "birthdates_day")

    def seen(**words: Any) -> tuple[int, ...]:
        signals = any_desk.identify(**words).signals
        return tuple(signals[name] for name in counted)

    assert seen(name=HANAKO) == (1, 1)
    assert seen(name=STRANGER) == (2, 1)
    assert seen(name=HANAKO) == (2, 1)
    assert seen(name=said("サトウ", "イチロウ")) == (3, 1)
    assert seen(birthdate="1990-01-01") == (4, 2)
    assert seen(caller=ELSEWHERE) == (1, 1)
    resumed = any_desk.ask("resume").signals
    assert tuple(resumed[name] for name in counted) == (4, 2)


def test_names_that_were_nearly_right_are_counted(desk: Desk) -> None:
    register(desk.db, customer())
    named = [UNSURE_HANAKO, STRANGER, HANAKO, UNSURE_HANAKO]
    found = [desk.identify(name=name).signals["near_misses_day"] for name in named]
    assert found == [1, 1, 1, 2]


def test_wrong_codes_are_counted_by_number(any_desk: Desk) -> None:
    register(any_desk.db, customer())
    any_desk.identify()
    any_desk.ask("send_code")
    wrong = any_desk.wrong_code()
    assert any_desk.enter(wrong).signals["wrong_codes_day"] == 1
    assert any_desk.enter(wrong).signals["wrong_codes_day"] == 2
    assert any_desk.enter(any_desk.sms.last_code).signals["wrong_codes_day"] == 2
    any_desk.identify(name=STRANGER)
    any_desk.ask("send_code")
    assert any_desk.enter(wrong).signals["wrong_codes_day"] == 3
    assert any_desk.ask("resume").signals["wrong_codes_day"] == 3


def test_guesses_at_one_person_are_counted_over_days_and_numbers(any_desk: Desk) -> None:
    register(any_desk.db, customer())

    def guess(name: Any, caller: str) -> int:
        seen = any_desk.identify(name=name, caller=caller).signals["identity_wrong_codes_week"]
        any_desk.ask("send_code", caller=caller)
        any_desk.enter(any_desk.wrong_code(), caller=caller)
        return seen

    day = 24 * 3600
    seen = []
    for caller in (MOBILE, ELSEWHERE, "anonymous"):
        seen.append((guess(HANAKO, caller), guess(STRANGER, caller)))
        any_desk.clock.advance(day)
    assert seen == [(0, 0), (1, 1), (2, 2)]
    any_desk.clock.advance(4 * day)
    assert guess(HANAKO, ELSEWHERE) == 2
    any_desk.clock.advance(10 * day)
    assert guess(HANAKO, ELSEWHERE) == 0


def test_a_repeated_check_counts_once(any_desk: Desk) -> None:
    for _ in range(3):
        first = any_desk.ask("resume", intent_id="one").signals
        second = any_desk.identify(intent_id="two").signals
    assert (first["calls_hour"], second["identities_day"]) == (1, 1)


@pytest.mark.parametrize("caller", ["", "anonymous", "+266696687", "sip:desk@example.co.jp"])
def test_withheld_numbers_have_one_rate_for_all(desk: Desk, caller: str) -> None:
    desk.ask("resume", caller="anonymous")
    seen = desk.ask("resume", caller=caller).signals
    assert seen["withheld_calls_hour"] == 2
    assert "calls_hour" not in seen
    assert "identities_day" not in desk.identify(caller=caller).signals


def test_the_hour_is_that_of_japan(sqlite_database: Database) -> None:
    clock = ManualClock(datetime(2026, 11, 23, 3, 30, tzinfo=JAPAN))
    with Desk(sqlite_database, clock) as desk:
        assert desk.ask("resume").signals["hour"] == 3


def test_without_a_counter_the_check_stands(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise RecordsUnavailable("gone")

    register(desk.db, customer())
    monkeypatch.setattr(Velocity, "counted", gone)
    found = desk.identify()
    assert found.evidence["match"] == "one"
    assert "identities_day" not in found.signals


def test_none_of_many_at_once_is_lost(database: Database, clock: ManualClock) -> None:
    """Four people, named three times each in twelve calls at once from one number."""
    velocity, many = Velocity(database, clock), 12

    def count(number: int, check: str, **said: Any) -> Mapping[str, int]:
        asked = CheckRequest(f"{check}-{number}", "call", check, "ja", MOBILE, None, **said)
        while True:
            with suppress(RecordsUnavailable):  # a slow machine: nothing was counted
                return velocity.counted(asked, CheckResult("done", {}))

    def call(number: int) -> int:
        seen = count(number, "resume")["calls_day"]
        count(number, "identify", birthdate=f"19{number % 4}0-01-01")
        return seen

    seen = at_once([partial(call, number) for number in range(many)])
    assert sorted(seen) == list(range(1, many + 1))
    assert count(many, "resume")["identities_day"] == 4


def test_no_number_and_no_claim_is_in_the_counters(desk: Desk) -> None:
    desk.ask("resume")
    desk.identify()
    with desk.db.reading() as session:
        rows = session.connection().exec_driver_sql("SELECT scope, key_index FROM failure_counters")
        kept = [tuple(row) for row in rows]
    assert {scope for scope, _ in kept} >= {"risk_calls_hour", "risk_identities_day"}
    assert not any(text in key for _, key in kept for text in (MOBILE[1:], "1985", "ヤマダ"))
