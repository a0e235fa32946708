"""Twins, and families with one phone: told apart where that is sure, else left to a person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from desk import Desk
from people import ELSEWHERE, LANDLINE, MOBILE, customer, register, said

from ivr.clock import ManualClock
from ivr.identity.assurance import Assurance, assess
from ivr.identity.ports import CheckResult, Customer
from ivr.records import verifications
from ivr.records.database import Database
from ivr.understanding.ja import names
from ivr.understanding.value import HeardName

_NO_PHONE: dict[str, Any] = {"mobile": None, "landline": None, "email": None}
#: Twin sisters: 花子 and 華子 are both read ハナコ. Each has a mobile, and the landline is one.
HANAKO = customer()
HANA = customer(id="c2", number="1000002", given="華子", mobile=ELSEWHERE, email="hana@example.jp")
#: Twin brothers, whose given names sound different.
TARO = customer(id="c3", number="1000003", given="太郎", given_kana="タロウ", **_NO_PHONE)
JIRO = customer(id="c4", number="1000004", given="次郎", given_kana="ジロウ", **_NO_PHONE)
#: A daughter with her mother's phone.
MOTHER = customer(
    id="c5", number="1000005", given="節子", given_kana="セツコ", birthdate=date(1950, 1, 2)
)


def heard(text: str) -> HeardName:
    value = names.parse(text, asked="full", confidence=1.0).value
    assert isinstance(value, HeardName)
    return value


def level(result: CheckResult) -> Assurance:
    return assess(said_birthdate=True, said_name=True, evidence=result.evidence, flags=result.flags)


def whose(desk: Desk) -> str | None:
    """The customer whom the open verification is about."""
    with desk.db.reading() as session:
        record = verifications.get(session, desk.verification or "")
    assert record is not None
    return record.customer_id


@pytest.mark.parametrize(("name", "found"), [("山田太郎", TARO), ("山田次郎", JIRO)])
def test_twins_whose_names_sound_different_are_told_apart(
    desk: Desk, name: str, found: Customer
) -> None:
    register(desk.db, TARO, JIRO)
    result = desk.identify(name=heard(name))
    assert result.evidence == {"match": "one", "customer": found.number}
    assert whose(desk) == found.id


@pytest.mark.parametrize("caller", ["", "+818099998888", LANDLINE])
def test_twins_whose_names_sound_alike_are_left_to_a_person(desk: Desk, caller: str) -> None:
    register(desk.db, HANAKO, HANA)
    result = desk.identify(name=heard("山田花子"), caller=caller)
    assert result.evidence == {"match": "several"}
    assert result.flags == ("several_customers",)
    desk.ask("send_code", caller=caller)
    assert desk.sent == 0
    assert level(result).level == "claimed"


@pytest.mark.parametrize(("caller", "found"), [(MOBILE, HANAKO), (ELSEWHERE, HANA)])
def test_the_number_of_one_twin_alone_says_whom_to_send_a_code(
    desk: Desk, caller: str, found: Customer
) -> None:
    register(desk.db, HANAKO, HANA)
    hinted = desk.identify(name=heard("山田花子"), caller=caller)
    assert hinted.evidence == {"match": "hinted", "customer": found.number}
    # The number can be forged: without the code it is evidence of nothing.
    before = level(hinted)
    assert (before.level, before.customer) == ("claimed", None)
    assert before.why == ("several_customers",)
    desk.ask("send_code", caller=caller)
    assert [message.destination for message in desk.sms.messages] == [found.mobile]
    wrong = desk.enter(desk.wrong_code(), caller=caller)
    assert level(wrong).level == "claimed"
    # With the code of that customer's own phone it is one of the two, and no other.
    proven = level(desk.enter(desk.sms.last_code, caller=caller))
    assert (proven.level, proven.customer) == ("verified", found.number)
    assert "several_customers" in proven.flags


def test_a_hint_is_none_where_the_name_of_another_decides(desk: Desk) -> None:
    """東節子 may be アズマ or ヒガシ; the number of the one who is only near hints at nobody."""
    east: dict[str, Any] = {"surname": "東", "given": "節子", "given_kana": "セツコ"}
    register(
        desk.db,
        customer(id="c6", number="6", surname_kana="ヒガシ", **east | _NO_PHONE),
        customer(id="c7", number="7", surname_kana="アズマ", **east),
    )
    words = HeardName(text="東節子", surname_text="東", surnames=("ヒガシ",), givens=("セツコ",))
    assert desk.identify(name=words).evidence == {"match": "several"}


def test_a_parent_is_not_taken_for_the_child_with_the_same_phone(desk: Desk) -> None:
    register(desk.db, HANAKO, MOTHER)
    daughter = desk.identify(name=heard("山田花子"))
    assert daughter.evidence == {"match": "one", "customer": HANAKO.number}
    mother = desk.identify(name=heard("山田節子"), birthdate="1950-01-02")
    assert mother.evidence == {"match": "one", "customer": MOTHER.number}
    # Neither with the other's birthdate, whatever the phone.
    assert desk.identify(name=heard("山田節子")).evidence == {"match": "none"}


@pytest.mark.parametrize(
    ("other", "flags"),
    [
        (MOTHER, ("shared_phone",)),
        (customer(id="c8", mobile=None, landline=MOBILE, number="8"), ("shared_phone",)),
        (customer(id="c9", number="9", mobile=None, landline=LANDLINE), ("shared_phone",)),
        (customer(id="c9", number="9", **_NO_PHONE), ()),
    ],
)
def test_the_agent_is_told_that_a_phone_is_shared(
    any_desk: Desk, other: Customer, flags: tuple[str, ...]
) -> None:
    name = {"surname": "鈴木", "surname_kana": "スズキ"}
    register(any_desk.db, HANAKO, Customer(**_values(other) | name))
    result = any_desk.identify(name=heard("山田花子"))
    assert (result.evidence["match"], result.flags) == ("one", flags)


def test_strangers_and_sharers_cost_the_same_queries(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, HANAKO, HANA, TARO, MOTHER)
    callers: dict[str, dict[str, Any]] = {
        "one": {"name": heard("山田太郎")},
        "shared": {"name": heard("山田節子"), "birthdate": "1950-01-02"},
        "several": {"name": heard("山田花子"), "caller": "+818099998888"},
        "hinted": {"name": heard("山田花子")},
        "near": {"name": said("ヤマダ", "ハナゴ")},
        "nobody": {"name": said("キムラ", "ジロウ")},
        "no birthdate": {"name": heard("山田花子"), "birthdate": "1999-01-01"},
    }
    counted = {}
    with Desk(sqlite_database, clock) as desk:
        for who, words in callers.items():
            with sqlite_database.count_queries() as queries:
                desk.identify(**words)
            counted[who] = queries.count
    assert len(set(counted.values())) == 1, counted


def _values(person: Customer) -> dict[str, Any]:
    return {name: getattr(person, name) for name in Customer.__dataclass_fields__}
