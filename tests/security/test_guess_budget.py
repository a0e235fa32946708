"""How often anybody may guess a code, by whatever way they come. The numbers are those of
docs/security.md "Guess budget" and docs/identity.md "Limits"."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from at_once import at_once
from fakes.senders import FakeSender
from phone_rig import ELSEWHERE, Office, Phone

from ivr.clock import ManualClock
from ivr.identity.checks import IdentityChecks
from ivr.identity.codes import CODE_DIGITS, CodePolicy, derive_code_key
from ivr.identity.directory import RecordsDirectory
from ivr.identity.lockout import day_of
from ivr.identity.ports import CheckRequest, CheckResult
from ivr.records import counters, customers, failure_runs
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.settings import Settings
from ivr.understanding.value import HeardName

PAGES = Path(__file__).parents[2] / "docs"
MOBILE = "+819012345678"
TARO = HeardName("山田太郎", "山田", "太郎", ("ヤマダ",), ("タロウ",))
LIMIT = Settings().lockout_failures


def _wrong(office: Office) -> str:
    sent = {message.code for message in office.sms.messages}
    return next(code for code in map("{:06d}".format, range(10**6)) if code not in sent)


def _guess(phone: Phone, office: Office) -> int:
    """Enter wrong codes as long as the call lets one; how many."""
    guesses = 0
    while phone.asks and guesses < 20:
        phone.press(_wrong(office))
        guesses += 1
    return guesses


def _failures(office: Office) -> int:
    day = day_of(office.clock.now())
    with office.db.reading() as session:
        return counters.value(
            session, "failures_customer", office.db.index.of("customer", "taro"), day
        )


def test_one_verification_allows_three_guesses_over_any_number_of_calls(office: Office) -> None:
    office.call().ask_for_code().hang_up()
    guesses = [_guess(office.call().silence(), office) for _ in range(3)]
    # The first call back uses the attempts up; the others end with their first entry.
    assert guesses == [3, 1, 1]
    assert _failures(office) == Settings().code_attempts


def test_a_new_code_brings_no_new_guesses(office: Office) -> None:
    phone = office.call().ask_for_code()
    for _ in range(2):
        phone.press(_wrong(office)).press("", finished_on="*").press("2")
    phone.press(_wrong(office))
    assert phone.dials
    assert _failures(office) == Settings().code_attempts


def test_no_way_around_the_daily_limit(office: Office) -> None:
    """New calls, withheld numbers, other spellings and English: all are one customer."""
    names = ("山田太郎です", "やまだたろうです", "ヤマダ タロー です")
    live = 0
    for attempt in range(12):
        office.clock.sleep(3600)
        phone = office.call("" if attempt % 3 else ELSEWHERE)
        if attempt % 2:
            phone.answer({"Digits": "9"}).say("yes").say("March fifth nineteen eighty five")
            phone.say("Taro Yamada").say("yes")
        else:
            phone.ask_for_code(name=names[attempt % 3])
        _guess(phone, office)
        live = _failures(office)
        if live >= LIMIT:
            break
    # The tenth wrong code locks; whoever has the right one now gets a person, and no proof.
    assert live >= LIMIT
    honest = office.call().ask_for_code()
    honest.press(office.sms.last_code)
    while honest.asks:
        honest.press(office.sms.last_code)
    assert honest.level == "claimed"
    assert "locked" in honest.flags


def test_the_lock_ends_with_the_day_in_japan(office: Office) -> None:
    day = day_of(office.clock.now())
    with office.db.writing() as session:
        key = office.db.index.of("customer", "taro")
        counters.bump(session, "failures_customer", key, day, by=LIMIT)
    office.clock.sleep(24 * 3600)
    phone = office.call().ask_for_code()
    phone.press(office.sms.last_code)
    assert phone.level == "verified"


def test_a_hundred_wrong_codes_in_a_row_are_the_end_until_somebody_ends_it(office: Office) -> None:
    """However slowly they come, and whoever enters them."""
    key = office.db.index.of("customer", "taro")
    with office.db.writing() as session:
        failure_runs.bump(session, key, None, by=Settings().lockout_in_a_row - 1)
    guesser = office.call(ELSEWHERE).ask_for_code()
    guesser.press(_wrong(office))
    guesser.hang_up()
    office.clock.sleep(90 * 24 * 3600)
    honest = office.call().ask_for_code()
    while honest.asks:
        honest.press(office.sms.last_code)
    assert honest.level == "claimed"
    assert {"locked", "locked_until_released"} <= set(honest.flags)

    with office.db.writing() as session:
        assert failure_runs.end(session, key) == Settings().lockout_in_a_row
    office.clock.sleep(3600)
    again = office.call().ask_for_code()
    again.press(office.sms.last_code)
    assert again.level == "verified"


def _checks(db: Database, clock: ManualClock, sms: FakeSender) -> IdentityChecks:
    return IdentityChecks(
        db,
        RecordsDirectory(db),
        senders={"sms": sms},
        policy=CodePolicy(send_seconds=5.0),
        code_key=derive_code_key(bytes(range(32))),
        words=Settings().words(),
        clock=clock,
    )


def test_guesses_in_many_calls_at_once_are_counted_one_by_one(
    database: Database, clock: ManualClock
) -> None:
    """With one failure left before the lock, eight calls guess at the same moment: one guess is
    looked at, the others find the customer locked."""
    calls = 8
    with database.writing() as session:
        customers.add(
            session,
            CustomerData(
                "taro", "1", "山田", "太郎", "ヤマダ", "タロウ",
                day_of(clock.now()).replace(year=1985, month=3, day=5), mobile=MOBILE,
            ),
        )  # fmt: skip
        key = database.index.of("customer", "taro")
        counters.bump(session, "failures_customer", key, day_of(clock.now()), by=LIMIT - 1)
    checks = _checks(database, clock, FakeSender())

    def ask(check: str, number: int, **values: Any) -> CheckResult:
        request = CheckRequest(f"{check}{number}", f"call{number}", check, "ja", "", **values)
        return checks.perform(request)

    opened = [
        ask("identify", n, verification_id=None, birthdate="1985-03-05", name=TARO).verification_id
        for n in range(calls)
    ]
    for n, verification in enumerate(opened):
        ask("send_code", n, verification_id=verification)

    def guess(number: int) -> CheckResult:
        return ask("check_code", number, verification_id=opened[number], code="no code")

    results = at_once([partial(guess, number) for number in range(calls)])
    checks.close()
    assert [result.outcome for result in results] == ["wrong"] * calls
    looked_at = [result for result in results if "locked" not in result.flags]
    assert len(looked_at) == 1


def test_the_pages_state_the_numbers_of_the_settings() -> None:
    settings, page = Settings(), (PAGES / "security.md").read_text(encoding="utf-8")
    per_day = settings.lockout_failures
    assert f"**{per_day} guesses** a customer and day" in page
    assert f"{per_day} in {10**CODE_DIGITS:,}" in page
    assert f"**{settings.lockout_in_a_row} guesses** in a row" in page
    limits = (PAGES / "identity.md").read_text(encoding="utf-8").partition("\n## Limits\n")[2]
    limits = limits.partition("\n### ")[0]
    rows = re.findall(r"^\| [^|]+ \| `IVR_(\w+)` \| `?([^|`]+?)`? \|", limits, re.MULTILINE)
    assert {"LOCKOUT_FAILURES", "LOCKOUT_IN_A_ROW", "CODE_ATTEMPTS"} <= dict(rows).keys()
    assert {name: value.replace(",", "") for name, value in rows} == {
        name: str(getattr(settings, name.lower())) for name, _ in rows
    }


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "12345a", "１２３４５６", "0" * 40])
def test_what_is_no_code_is_no_guess(office: Office, digits: str) -> None:
    phone = office.call().ask_for_code()
    phone.press(digits)
    assert phone.asks
    assert _failures(office) == 0
