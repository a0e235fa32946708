"""Who is sent to a person by the policy: their number and behaviour decide, never the directory."""

from __future__ import annotations

import json
import re

import pytest
from phone_rig import Office, Phone
from sqlalchemy import text

KNOWN = [
    ("昭和六十年三月五日です", "山田太郎です"),
    ("昭和十三年二月十四日です", "渡辺茂です"),
    ("大正十五年六月二十日です", "鈴木キヨです"),
]
UNKNOWN = [
    ("昭和三十三年四月一日です", "木村次郎です"),
    ("昭和四十年五月六日です", "小川進です"),
    ("平成二年八月八日です", "井上翔です"),
]
NEARLY = [
    ("昭和六十年三月五日です", "山田二郎です"),
    ("昭和十三年二月十四日です", "渡辺繁子です"),
    ("大正十五年六月二十日です", "鈴木キミです"),
]


def many_people(office: Office, caller: str, people: list[tuple[str, str]]) -> list[str]:
    """Three people and six wrong codes in six calls from one number, within a full hour;
    everything that is heard."""
    office.clock.sleep(3600 - office.clock.now().timestamp() % 3600)
    heard: list[str] = []
    for birthdate, name in people:
        phone = Phone(office, caller).ask_for_code(birthdate=birthdate, name=name)
        phone.press("000000").press("000000")
        phone.hang_up()
        heard += phone.documents
        office.clock.sleep(11 * 60)  # nobody is taken for the caller before
    for _ in range(3):
        phone = Phone(office, caller).silence()
        heard += phone.documents
        phone.hang_up()
    return [re.sub(r"ref=[\w-]+", "ref=", document) for document in heard]


@pytest.mark.parametrize("people", [UNKNOWN, NEARLY])
def test_whether_those_people_exist_is_not_heard(
    office: Office, people: list[tuple[str, str]]
) -> None:
    office.call().hang_up()  # the first call stores the flow
    known = many_people(office, "+818011110001", KNOWN)
    others = many_people(office, "+818011110002", people)
    assert others == known
    assert "<Dial" in known[-1], "the last call went to a person"


def test_the_agent_and_the_audit_are_told_why(office: Office) -> None:
    many_people(office, "+818011110003", UNKNOWN)
    phone = Phone(office, "+818011110003").silence()
    claims = office.claims(phone.reference)
    assert claims["acr"] == "none"
    assert claims["flags"] == ["screened", "risk_high"]
    assert claims["risk_reasons"] == ["many_people", "guessing", "many_calls"]
    assert claims["may"] == ["general"]
    with office.db.reading() as session:
        rows = session.execute(
            text("SELECT details FROM audit_log WHERE what = 'result.issued' ORDER BY position")
        )
        told = json.loads([row.details for row in rows][-1])
    assert told["reasons"] == {"many_people": 40, "guessing": 30, "many_calls": 20}
    assert told["points"] == 90
    assert told["signals"]["birthdates_day"] == 3


def test_another_number_is_served_as_ever(office: Office) -> None:
    many_people(office, "+818011110004", UNKNOWN)
    phone = office.call().ask_for_code()
    phone.press(office.sms.last_code)
    claims = office.claims(phone.reference)
    assert (claims["acr"], claims["risk"]) == ("verified", "low")
    assert claims["may"] == ["general", "letter", "account", "contact", "money"]
    assert claims["wants"] == "account"
