"""The customer directory that lives in our own tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from ivr.identity.ports import Customer
from ivr.records import customers
from ivr.records.customers import CustomerData
from ivr.records.database import Database

_FIELDS = tuple(field.name for field in fields(Customer))


class RecordsDirectory:
    """Implements :class:`ivr.identity.ports.Directory` over ``ivr.records``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def born_on(self, birthdate: date) -> Sequence[Customer]:
        """Every customer with this birthdate, one indexed query.

        Raises:
            RecordsUnavailable: the database cannot answer now.
        """
        with self._db.reading() as session:
            return [_customer(found) for found in customers.born_on(session, birthdate)]

    def by_id(self, customer_id: str) -> Customer | None:
        """The customer with this id, or None.

        Raises:
            RecordsUnavailable: the database cannot answer now.
        """
        with self._db.reading() as session:
            found = customers.by_id(session, customer_id)
        return None if found is None else _customer(found)


def _customer(data: CustomerData) -> Customer:
    return Customer(**{name: getattr(data, name) for name in _FIELDS})
