"""Directories of customers that behave like a company's own on a bad day, and one in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import date

from ivr.errors import RecordsUnavailable
from ivr.identity.ports import Candidate, Customer, Directory, T


class BrokenDirectory:
    """Never answers."""

    def __init__(self) -> None:
        self.asked = 0

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        raise self._away()

    def by_ids(self, ids: Collection[str]) -> Sequence[Customer]:
        raise self._away()

    def by_id(self, customer_id: str) -> Customer | None:
        raise self._away()

    def with_phones(self, phones: Collection[str]) -> Collection[str]:
        raise self._away()

    def together(self, look_up: Callable[[Directory], T]) -> T:
        return look_up(self)

    def _away(self) -> RecordsUnavailable:
        self.asked += 1
        return RecordsUnavailable("the directory is away")


class ListedDirectory:
    """Answers from a list, at once."""

    def __init__(self, *people: Customer) -> None:
        self.people = people
        self.asked = 0

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        self.asked += 1
        return [person for person in self.people if person.birthdate == birthdate]

    def by_ids(self, ids: Collection[str]) -> Sequence[Customer]:
        self.asked += 1
        return [person for person in self.people if person.id in ids]

    def by_id(self, customer_id: str) -> Customer | None:
        return next(iter(self.by_ids([customer_id])), None)

    def with_phones(self, phones: Collection[str]) -> Collection[str]:
        self.asked += 1
        return {p.id for p in self.people if {p.mobile, p.landline} & set(phones)}

    def together(self, look_up: Callable[[Directory], T]) -> T:
        return look_up(self)


class HangingDirectory(ListedDirectory):
    """Answers once it is released."""

    def __init__(self, *people: Customer) -> None:
        super().__init__(*people)
        self.released = threading.Event()

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        self.asked += 1
        assert self.released.wait(60)
        return ListedDirectory(*self.people).born_on(birthdate)
