"""The customer directory that lives in our own tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from datetime import date

from sqlalchemy.orm import Session

from ivr.identity.ports import Candidate, Customer, Directory, T
from ivr.records import customers
from ivr.records.customers import CandidateData, CustomerData
from ivr.records.database import Database

_FIELDS = tuple(field.name for field in fields(Customer))
_CANDIDATE_FIELDS = tuple(field.name for field in fields(Candidate))


class RecordsDirectory:
    """Implements :class:`ivr.identity.ports.Directory` over ``ivr.records``: one indexed query
    for each look-up, in a transaction that cannot write."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        """See :meth:`Directory.born_on`. Contacts stay encrypted."""
        return self.together(lambda open_: open_.born_on(birthdate))

    def by_ids(self, ids: Collection[str]) -> Sequence[Customer]:
        """See :meth:`Directory.by_ids`."""
        return self.together(lambda open_: open_.by_ids(ids))

    def by_id(self, customer_id: str) -> Customer | None:
        """See :meth:`Directory.by_id`."""
        return self.together(lambda open_: open_.by_id(customer_id))

    def with_phones(self, phones: Collection[str]) -> Collection[str]:
        """See :meth:`Directory.with_phones`."""
        return self.together(lambda open_: open_.with_phones(phones))

    def together(self, look_up: Callable[[Directory], T]) -> T:
        """See :meth:`Directory.together`: in one transaction."""
        with self._db.reading() as session:
            return look_up(_Opened(session))


class _Opened:
    """The same within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        found = customers.candidates_born_on(self._session, birthdate)
        return [_candidate(data) for data in found]

    def by_ids(self, ids: Collection[str]) -> Sequence[Customer]:
        return [_customer(data) for data in customers.by_ids(self._session, ids)]

    def by_id(self, customer_id: str) -> Customer | None:
        found = customers.by_id(self._session, customer_id)
        return None if found is None else _customer(found)

    def with_phones(self, phones: Collection[str]) -> Collection[str]:
        return customers.ids_by_phones(self._session, phones)

    def together(self, look_up: Callable[[Directory], T]) -> T:
        return look_up(self)


def _candidate(data: CandidateData) -> Candidate:
    return Candidate(**{name: getattr(data, name) for name in _CANDIDATE_FIELDS})


def _customer(data: CustomerData) -> Customer:
    return Customer(**{name: getattr(data, name) for name in _FIELDS})
