"""Made-up customers and what callers say, for tests of identity."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from ivr.identity.ports import CheckRequest, Customer
from ivr.records import customers
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.understanding.value import HeardName

BORN = "1985-03-05"
MOBILE, LANDLINE, EMAIL = "+819012345678", "+81312345678", "hanako@example.jp"
ELSEWHERE = "+818011112222"

HANAKO = HeardName(
    text="山田花子",
    surname_text="山田",
    given_text="花子",
    surnames=("ヤマダ",),
    givens=("ハナコ",),
)


def said(surname: str, given: str) -> HeardName:
    """A name heard as two readings, in katakana."""
    return HeardName(text=surname + given, surnames=(surname,), givens=(given,))


#: A whole mora from HANAKO: somebody else.
NEARLY_HANAKO = said("ハマダ", "ハナコ")
#: Half a mora from HANAKO: worth a question, never a match.
UNSURE_HANAKO = said("ヤマダ", "ハナゴ")
STRANGER = said("キムラ", "ジロウ")


def customer(**changes: Any) -> Customer:
    """山田花子 with every kind of contact, unless ``changes`` says otherwise."""
    values: dict[str, Any] = {
        "id": "c1",
        "number": "1000001",
        "surname": "山田",
        "given": "花子",
        "surname_kana": "ヤマダ",
        "given_kana": "ハナコ",
        "birthdate": date.fromisoformat(BORN),
        "mobile": MOBILE,
        "landline": LANDLINE,
        "email": EMAIL,
    }
    return Customer(**values | changes)


def register(db: Database, *people: Customer) -> None:
    """Store customers."""
    with db.writing() as session:
        for person in people:
            customers.add(session, CustomerData(**asdict(person)))


def request(check: str, intent_id: str, **changes: Any) -> CheckRequest:
    """A request from 山田花子's own mobile, who has said nothing yet."""
    values: dict[str, Any] = {
        "intent_id": intent_id,
        "call_id": "call",
        "check": check,
        "language": "ja",
        "caller": MOBILE,
        "verification_id": None,
    }
    return CheckRequest(**values | changes)
