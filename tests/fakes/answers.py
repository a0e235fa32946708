"""Stores of the web process, in memory; they can be away."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.errors import RecordsUnavailable
from ivr.telephony.ports import Kept, Said


@dataclass
class FakeAnswers:
    """First writer wins. ``overtaken_by``: another process writes just before us."""

    away: bool = False
    overtaken_by: str | None = None
    stored: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        self._trouble()
        return self.stored.get(key)

    def put(self, key: str, answer: str) -> str:
        self._trouble()
        return self.stored.setdefault(key, self.overtaken_by or answer)

    def _trouble(self) -> None:
        if self.away:
            raise RecordsUnavailable("the database is locked")


@dataclass
class FakeResults:
    tokens: dict[str, str] = field(default_factory=dict)
    away: bool = False
    refuses: Exception | None = None
    fetched: list[tuple[str, str]] = field(default_factory=list)

    def fetch(self, reference: str, *, by: str) -> str | None:
        if self.refuses is not None:
            raise self.refuses
        if self.away:
            raise RecordsUnavailable("the database is locked")
        if reference in self.tokens:
            self.fetched.append((reference, by))
        return self.tokens.get(reference)


@dataclass
class FakeDispositions:
    """Keeps the last word on each of ``references``; ``told`` is everything, by whom."""

    references: set[str] = field(default_factory=set)
    away: bool = False
    refuses: Exception | None = None
    told: list[tuple[Said, str]] = field(default_factory=list)

    def keep(self, said: Said, *, by: str) -> Kept | None:
        if self.away:
            raise RecordsUnavailable("the database is locked")
        if self.refuses is not None:
            raise self.refuses
        if said.reference not in self.references:
            return None
        self.told.append((said, by))
        return Kept("person" if said.was_person else "not_person", True, len(self.told))
