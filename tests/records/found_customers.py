"""Whole customers, found the way the product finds them: ids by an index, and then their rows."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from ivr.records import customers
from ivr.records.customers import CustomerData


def born_on(session: Session, day: date) -> list[CustomerData]:
    """Every customer with this birthdate, by id."""
    found = customers.candidates_born_on(session, day)
    return customers.by_ids(session, [each.id for each in found])


def by_phone(session: Session, e164: str) -> list[CustomerData]:
    """Every customer with this mobile or landline, by id."""
    return customers.by_ids(session, customers.ids_by_phones(session, [e164]))
