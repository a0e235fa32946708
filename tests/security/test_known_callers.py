"""Whoever is spared a code: once, after a call that was lost, and nobody else hears of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from phone_rig import ELSEWHERE, KIYO, Office, Phone
from sqlalchemy import text

from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow
from ivr.identity.lockout import day_of
from ivr.records import counters
from ivr.settings import Settings

ROOT = Path(__file__).parents[2]
MOBILE = "+819012345678"
TARO = ("昭和六十年三月五日です", "山田太郎です")
#: Everybody who may call from that number, or say that name, and is not spared the code.
OTHERS = {
    "wrong name": ("昭和六十年三月五日です", "木村次郎です"),
    "wrong birthdate": ("昭和六十年三月六日です", "山田太郎です"),
    "unknown": ("平成二年八月八日です", "井上翔です"),
    "another customer": ("大正十五年六月二十日です", "鈴木キヨです"),
    "no contact": ("昭和十三年二月十四日です", "渡辺茂です"),
}


@pytest.fixture(scope="session")
def shipped() -> Iterator[Flow]:
    """Not what is shipped, but the example that spares callers their code."""
    yield load_flow(
        ROOT / "examples" / "flows" / "step_up",
        grammars_dir=ROOT / "grammars",
        words=Settings().words(),
    )


def says(phone: Phone, who: tuple[str, str], about: str = "1") -> Phone:
    """Who is calling, up to what follows the name."""
    phone.press(about).say("はい").say(who[0]).say(who[1])
    return phone


def verified_and_lost(office: Office, caller: str = MOBILE) -> None:
    """Taro enters his code, and the line goes dead while the agent's phone rings."""
    phone = says(office.call(caller), TARO).say("はい").press(office.sms.last_code)
    assert phone.level == "verified"
    phone.hang_up()
    office.clock.sleep(60)


def spared(phone: Phone) -> bool:
    """Whether the call is transferred, and no code was asked for."""
    assert phone.dials or "番号をお送りします" in phone.words
    return bool(phone.dials)


def test_who_was_verified_and_lost_is_spared_the_code_once(office: Office) -> None:
    verified_and_lost(office)
    again = says(office.call(), TARO)
    assert spared(again)
    claims = office.claims(again.reference)
    assert (claims["acr"], claims["amr"], claims["flags"]) == (
        "verified",
        ["kba", "recent"],
        ["code_recent"],
    )
    assert claims["may"] == ["general", "account"]
    # When the code was entered, not when the call came.
    assert claims["iat"] - claims["verified_at"] >= 60
    again.hang_up()
    assert not spared(says(office.call(), TARO))


def test_a_call_beside_the_customers_own_is_spared_nothing(office: Office) -> None:
    """A forged number, while the customer is still on the line."""
    customer = says(office.call(), TARO).say("はい").press(office.sms.last_code)
    assert customer.level == "verified"
    assert not spared(says(office.call(), TARO))


def test_the_number_alone_is_spared_nothing(office: Office) -> None:
    verified_and_lost(office)
    somebody = office.call().press("1").say("係")
    assert (somebody.level, somebody.flags) == ("none", [])


@pytest.mark.parametrize("caller", [ELSEWHERE, "anonymous", "", "+266696687"])
def test_the_words_alone_are_spared_nothing(office: Office, caller: str) -> None:
    verified_and_lost(office)
    assert not spared(says(office.call(caller), TARO))
    # And it took nothing away.
    assert spared(says(office.call(), TARO))


def test_a_withheld_number_is_nobodys(office: Office) -> None:
    verified_and_lost(office, "anonymous")
    assert not spared(says(office.call("anonymous"), TARO))


def test_the_first_guess_is_the_last(office: Office) -> None:
    """Who forges the number and tries names finds nothing: the first wrong one closes the door."""
    verified_and_lost(office)
    says(office.call(), OTHERS["wrong name"]).hang_up()
    assert not spared(says(office.call(), TARO))


def test_everybody_else_hears_the_same(office: Office) -> None:
    """From the very number, within the very minutes, whoever they say to be."""
    office.call().hang_up()  # the first call stores the flow
    for serial, (who, words) in enumerate(OTHERS.items()):
        caller = f"+8190555500{serial:02d}"
        heard = {}
        for number, recently in ((MOBILE, True), (caller, False)):
            if recently:
                office.clock.sleep(86_400)
                verified_and_lost(office)
            phone = says(office.call(number), words)
            assert not spared(phone), who
            phone.say("はい").press("000000").press("000000")
            heard[recently] = [re.sub(r"ref=[\w-]+", "ref=", each) for each in phone.documents]
            phone.hang_up()
        assert heard[True] == heard[False], who


def test_and_so_does_a_locked_customer(office: Office) -> None:
    verified_and_lost(office)
    with office.db.writing() as session:
        key = office.db.index.of("customer", "taro")
        counters.bump(session, "failures_customer", key, day_of(office.clock.now()), by=99)
    locked = says(office.call(), TARO)
    stranger = says(office.call(ELSEWHERE), OTHERS["unknown"])
    for phone in (locked, stranger):
        assert not spared(phone)
        phone.say("はい").press("000000")
    assert locked.documents == stranger.documents


def test_a_family_that_shares_the_phone_is_spared_nothing(office: Office) -> None:
    son = ("平成二年八月八日です", "鈴木健です")
    verified_and_lost(office)
    assert not spared(says(office.call(KIYO.landline or ""), son))
    assert not spared(says(office.call(), OTHERS["another customer"]))


def test_what_moves_money_is_never_spared(office: Office) -> None:
    verified_and_lost(office)
    assert not spared(says(office.call(), TARO, about="2"))


def test_what_it_costs(office: Office) -> None:
    """The price, as docs/security.md has it: who forges the number and knows birthdate and name is
    passed, once, within minutes of a lost call. The agent is told, and money stays where it is."""
    verified_and_lost(office)
    fraudster = says(office.call(), TARO)
    assert fraudster.level == "verified"
    claims = office.claims(fraudster.reference)
    assert "code_recent" in claims["flags"]
    assert "money" not in claims["may"]
    assert claims["risk_reasons"] == ["spared"]


def test_the_audit_tells_which_call_it_was(office: Office) -> None:
    verified_and_lost(office)
    says(office.call(), TARO)
    with office.db.reading() as session:
        rows = [
            json.loads(details)
            for (details,) in session.execute(
                text("SELECT details FROM audit_log WHERE what = 'check.ended' ORDER BY position")
            )
        ]
    (entered,) = [row for row in rows if row["check"] == "check_code"]
    looked = [row for row in rows if row["check"] == "known_caller"]
    assert [row["outcome"] for row in looked] == ["unknown", "known"]
    assert looked[1]["recent"] == "sms"
    assert looked[1]["recent_from"] == entered["verification"] != looked[1]["verification"]


def test_a_new_contact_is_a_reason_to_ask(office: Office) -> None:
    verified_and_lost(office)
    with office.db.writing() as session:
        session.execute(
            text("UPDATE customers SET contact_changed = :now WHERE id = 'taro'"),
            {"now": office.clock.now().isoformat(sep=" ")},
        )
    assert not spared(says(office.call(), TARO))
