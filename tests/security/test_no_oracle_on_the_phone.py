"""What a caller hears until the right code is entered is the same for everybody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fakes.senders import FakeSender, HangingSender
from phone_rig import ELSEWHERE, PEOPLE, Office, OpenOffice, Phone
from sqlalchemy import event

from ivr.identity.lockout import day_of
from ivr.records import counters
from ivr.records.database import Database

#: Who calls, and what they say.
CALLERS: dict[str, dict[str, str]] = {
    "right": {},
    "wrong name": {"name": "木村次郎です"},
    "lookalike name": {"name": "山田二郎です"},
    "unknown birthdate": {"birthdate": "昭和三十三年四月一日です"},
    "no contact": {"birthdate": "昭和十三年二月十四日です", "name": "渡辺茂です"},
    "landline, withheld number": {"birthdate": "大正十五年六月二十日です", "name": "鈴木キヨです"},
    "two alike": {"birthdate": "昭和四十五年一月十五日です", "name": "伊藤誠です"},
}
#: What goes wrong at the provider of text messages while the right person calls.
PROVIDERS: dict[str, Callable[[], Any]] = {
    "down": lambda: FakeSender(*["refused"] * 9),
    "busy": lambda: FakeSender(*["retry_later"] * 9),
    "broken": lambda: FakeSender(*[ValueError("+819012345678")] * 9),
    "misconfigured": lambda: FakeSender(*["configuration"] * 9),
    "hanging": HangingSender,
}


def _everything_wrong(phone: Phone, **said: str) -> list[str]:
    """A call with wrong codes, a wait, a new code and another way; every document in it."""
    phone.ask_for_code(**said)
    phone.press("000000").press("", finished_on="*").press("2")
    phone.press("000000").press("", finished_on="*").press("3")
    phone.press("12345").press("000000")
    assert phone.dials
    return _heard(phone)


def _calls_again(phone: Phone, **said: str) -> list[str]:
    """A call that is dropped and resumed, and ends with a person."""
    phone.ask_for_code(**said)
    phone.hang_up()
    again = phone.office.call(phone.caller).silence()
    again.press("000000").say("届きません").say("係")
    assert again.dials
    return _heard(phone) + _heard(again)


def _expires(phone: Phone, **said: str) -> list[str]:
    phone.ask_for_code(**said)
    phone.office.clock.sleep(11 * 60)
    phone.press("000000").press("000000").say("係")
    assert phone.dials
    return _heard(phone)


def _heard(phone: Phone) -> list[str]:
    """Every document, without the reference, which is random."""
    return [re.sub(r"ref=[\w-]+", "ref=", document) for document in phone.documents]


@contextmanager
def _work(db: Database) -> Iterator[Counter[str]]:
    """How often the database is asked what, by any thread, but for the tables in which a waiting
    webhook looks whether its check has ended: how often it looks is a matter of the moment."""
    asked: Counter[str] = Counter()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        told = re.match("SELECT|INSERT|UPDATE|DELETE", statement)
        if told and not re.search(r"\b(calls|check_intents)\b", statement):
            asked[statement] += 1

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


JOURNEYS = [_everything_wrong, _calls_again, _expires]


@pytest.mark.parametrize("journey", JOURNEYS)
@pytest.mark.parametrize("who", [who for who in CALLERS if who != "right"])
def test_nobody_hears_whether_they_are_known(
    office: Office, journey: Callable[..., list[str]], who: str
) -> None:
    office.call().hang_up()  # the first call stores the flow
    with _work(office.db) as for_customer:
        expected = journey(office.call(ELSEWHERE))
    with _work(office.db) as for_other:
        heard = journey(office.call("+818033334444"), **CALLERS[who])
    assert heard == expected
    assert for_other == for_customer


@pytest.mark.parametrize("journey", JOURNEYS)
def test_nobody_hears_that_they_are_locked(
    office: Office, journey: Callable[..., list[str]]
) -> None:
    expected = journey(office.call(ELSEWHERE))
    with office.db.writing() as session:
        key = office.db.index.of("customer", "taro")
        counters.bump(session, "failures_customer", key, day_of(office.clock.now()), by=99)
    assert journey(office.call("+818033334444")) == expected


@pytest.mark.parametrize("provider", PROVIDERS)
def test_nobody_hears_what_the_provider_does(open_office: OpenOffice, provider: str) -> None:
    office = open_office()
    office.register(*PEOPLE)
    expected = _everything_wrong(office.call(ELSEWHERE))
    sms = PROVIDERS[provider]()
    other = open_office(senders={"sms": sms, "voice": FakeSender(), "email": FakeSender()})
    try:
        assert _everything_wrong(other.call("+818033334444")) == expected
    finally:
        if isinstance(sms, HangingSender):
            sms.release()


def test_the_last_wrong_code_sounds_like_the_right_one(office: Office) -> None:
    right = office.call(ELSEWHERE).ask_for_code()
    right.press(office.sms.last_code)
    wrong = office.call("+818033334444").ask_for_code(name="木村次郎です")
    for _ in range(3):
        wrong.press("000000")
    assert right.words == wrong.words
    assert right.dials == wrong.dials
