"""Registered customers. Found only by blind index; every personal field is encrypted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from ivr.records.models import Customer
from ivr.records.rows import Shape, blind_index, phone_index, unseal


@dataclass(frozen=True, slots=True)
class CustomerData:
    """A registered customer. Kana is katakana and the truth, kanji is for display; phones are
    E.164; ``contact_changed`` is when a phone or the e-mail last changed (aware UTC);
    ``preferred`` is the way they would rather get codes: ``sms``, ``voice`` or ``email``."""

    id: str
    number: str
    surname: str
    given: str
    surname_kana: str
    given_kana: str
    birthdate: date
    mobile: str | None = None
    landline: str | None = None
    email: str | None = None
    language: str = "ja"
    contact_changed: datetime | None = None
    preferred: str | None = None


@dataclass(frozen=True, slots=True)
class CandidateData:
    """What a customer is found by once the birthdate is known."""

    id: str
    number: str
    surname: str
    given: str
    surname_kana: str
    given_kana: str


@dataclass(frozen=True, slots=True)
class Stored:
    """How many customers were new and how many were known by their number."""

    added: int = 0
    updated: int = 0

    @property
    def all(self) -> int:
        """How many were stored."""
        return self.added + self.updated

    def __add__(self, other: Stored) -> Stored:
        return Stored(self.added + other.added, self.updated + other.updated)


_CUSTOMER = Shape(Customer, CustomerData)
_CANDIDATE = Shape(Customer, CandidateData)

# What every call asks is put together once: that takes as long as asking it.
_BORN_ON = (
    _CANDIDATE.select().where(Customer.birthdate_index == bindparam("key")).order_by(Customer.id)
)
_WITH_IDS = (
    _CUSTOMER.select()
    .where(Customer.id.in_(bindparam("ids", expanding=True)))
    .order_by(Customer.id)
)
_WITH_PHONES = select(Customer.id).where(
    or_(
        Customer.mobile_index.in_(bindparam("phones", expanding=True)),
        Customer.landline_index.in_(bindparam("phones", expanding=True)),
    )
)


def new_id() -> str:
    """An opaque id for a customer that has none yet."""
    return uuid4().hex


def add(session: Session, customer: CustomerData) -> None:
    """Store a new customer; id and number must be new."""
    session.execute(insert(Customer).values(**_row(session, customer)))


def put_all(session: Session, customers: Sequence[CustomerData], now: datetime) -> Stored:
    """Store many: a known ``number`` is updated and keeps its id, others are added.

    Numbers must be distinct. Where ``contact_changed`` is None, a customer whose phones or
    e-mail differ from what is stored gets ``now``, and one with the same keeps what is stored.
    """
    index = blind_index(session)
    rows = {index.of("number", customer.number): customer for customer in customers}
    known = {
        index.of("number", stored.number): stored
        for stored in _all(session, Customer.number_index.in_(rows))
    }
    added = [_row(session, customer) for key, customer in rows.items() if key not in known]
    if added:
        session.execute(insert(Customer), added)
    for key, stored in known.items():
        values = _row(session, _merged(stored, rows[key], now))
        session.execute(
            update(Customer)
            .where(Customer.id == values.pop("id"))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
    return Stored(len(added), len(known))


def candidates_born_on(session: Session, birthdate: date) -> list[CandidateData]:
    """Every customer with this birthdate, in a steady order, with nothing decrypted that names are
    not compared by; empty where there is none."""
    key = blind_index(session).of("birthdate", birthdate.isoformat())
    return _CANDIDATE.all(session, _BORN_ON, {"key": key})


def by_ids(session: Session, ids: Collection[str]) -> list[CustomerData]:
    """The customers with these ids, as far as there are such."""
    return _CUSTOMER.all(session, _WITH_IDS, {"ids": list(ids)})


def by_id(session: Session, customer_id: str) -> CustomerData | None:
    """The customer with this id, or None."""
    found = _all(session, Customer.id == customer_id)
    return found[0] if found else None


def by_number(session: Session, number: str) -> CustomerData | None:
    """The customer with this number, or None."""
    found = _all(session, Customer.number_index == blind_index(session).of("number", number))
    return found[0] if found else None


def ids_by_phones(session: Session, phones: Collection[str]) -> set[str]:
    """The ids of every customer who has one of these numbers (E.164) as mobile or landline:
    families share one."""
    keys = [phone_index(session, phone) for phone in phones]
    return set(session.scalars(_WITH_PHONES, {"phones": keys}))


def count(session: Session) -> int:
    """How many customers there are."""
    return session.execute(select(func.count()).select_from(Customer)).scalar_one()


def customer_numbers(session: Session) -> set[str]:
    """Every customer number, decrypted: slow for millions."""
    return {
        unseal(session, Customer, "number", row.id, row.number)
        for row in session.execute(select(Customer.id, Customer.number))
    }


def keys_fit(session: Session) -> bool:
    """Whether the index key is the one the customers were stored with (True without customers).

    A wrong index key would make every customer a stranger without any error.

    Raises:
        RecordsError: the field key is not theirs.
    """
    row = session.execute(
        select(Customer.id, Customer.number, Customer.number_index).limit(1)
    ).one_or_none()
    if row is None:
        return True
    number: str = unseal(session, Customer, "number", row.id, row.number)
    return blind_index(session).of("number", number) == str(row.number_index)


def reindex(session: Session, after: str, limit: int) -> list[str]:
    """Make the blind indexes of the next customers, by id, with the index key in force; their
    ids, none at the end."""
    page = _CUSTOMER.select().where(Customer.id > after).order_by(Customer.id).limit(limit)
    found = _CUSTOMER.all(session, page)
    for customer in found:
        own = update(Customer).where(Customer.id == customer.id)
        session.execute(
            own.values(_indexes(session, customer)).execution_options(synchronize_session=False)
        )
    return [customer.id for customer in found]


def _all(session: Session, condition: ColumnElement[bool]) -> list[CustomerData]:
    return _CUSTOMER.all(session, _CUSTOMER.select().where(condition).order_by(Customer.id))


def _row(session: Session, customer: CustomerData) -> dict[str, Any]:
    return _CUSTOMER.values(session, customer) | _indexes(session, customer)


def _indexes(session: Session, customer: CustomerData) -> dict[str, str | None]:
    index = blind_index(session)
    return {
        "number_index": index.of("number", customer.number),
        "birthdate_index": index.of("birthdate", customer.birthdate.isoformat()),
        "mobile_index": phone_index(session, customer.mobile),
        "landline_index": phone_index(session, customer.landline),
    }


def _merged(stored: CustomerData, new: CustomerData, now: datetime) -> CustomerData:
    changed = new.contact_changed
    if changed is None:
        before = (stored.mobile, stored.landline, stored.email)
        same = before == (new.mobile, new.landline, new.email)
        changed = stored.contact_changed if same else now
    return replace(new, id=stored.id, contact_changed=changed)
