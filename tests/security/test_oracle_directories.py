"""The same people, registered in a company's own system: nobody learns from it who they are, how
fast it answers, or that it is out of order.

Time stands still, so that the machine's speed does not matter; ``ivr bench oracle --directory``
does this with thousands of calls, and on a clock that runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from ivr.commands import bench_oracle
from ivr.commands.oracle_directories import Where
from ivr.commands.oracle_people import CRM_KINDS, KINDS, Kind
from ivr.errors import RehearsalError
from ivr.identity.claimed_customer import ClaimedCustomer, claimed_customer
from ivr.identity.paced_directory import PacedDirectory
from ivr.identity.ports import Directory
from ivr.records.database import Database
from ivr.rehearsal.customer_service import CustomerService

_NAMES = {"wrong name", "wrong birthdate", "unknown birthdate", "two alike", "locked", "no contact"}
_PEOPLE = tuple(kind for kind in KINDS if kind.name in _NAMES)
#: Enters wrong codes, has another sent, and calls again.
_MOVES = ("wrong", "again", "calls_again", "wrong")


@pytest.fixture(autouse=True)
def _one_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_oracle, "paths", lambda number, seed: [_MOVES] * number)


def only(monkeypatch: pytest.MonkeyPatch, *kinds: Kind) -> None:
    """Have only these compared with right callers."""
    monkeypatch.setattr(bench_oracle, "compared_kinds", lambda where: kinds)


def named(name: str) -> Kind:
    return next(kind for kind in (*KINDS, *CRM_KINDS) if kind.name == name)


@pytest.mark.parametrize("where", ["table", "crm-strict", "crm-away"])
def test_a_directory_of_others_tells_nobody_who_is_known(
    monkeypatch: pytest.MonkeyPatch, where: Where
) -> None:
    only(monkeypatch, *_PEOPLE)
    assert bench_oracle.compare_words("", 1, 1, where) == []


def test_a_service_that_fails_for_some_tells_nobody_who_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Slow, hanging, failing, answering nonsense: at once, for a code, or at the entry."""
    only(monkeypatch, *_PEOPLE, *CRM_KINDS)
    acts: list[str] = []
    count = CustomerService.answer

    def counted(self: CustomerService, path: str, asked: dict[str, object]) -> tuple[int, object]:
        acts[:] = self.done
        return count(self, path, asked)

    monkeypatch.setattr(CustomerService, "answer", counted)
    assert bench_oracle.compare_words("", 1, 1, "crm") == []
    assert {"answers", "slow", "fails", "garbage"} <= set(acts)


@pytest.mark.parametrize("name", ["wrong name", "service slow", "service fails"])
def test_a_directory_that_is_not_paced_is_found(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def at_once(self: PacedDirectory, look_up: Callable[[Directory], object]) -> object:
        return self._asked(look_up, self._clock.now() + timedelta(hours=1))

    monkeypatch.setattr(PacedDirectory, "together", at_once)
    only(monkeypatch, named(name))
    (told,) = bench_oracle.compare_words("", 1, 1, "crm")
    assert told.kind is named(name)


def test_asking_again_at_the_entry_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this test found: the check of a code was repeated where the directory failed."""

    def insists(db: Database, directory: Directory, name: str | None) -> ClaimedCustomer:
        found = claimed_customer(db, directory, name)
        return found if found.answered else claimed_customer(db, directory, name)

    monkeypatch.setattr("ivr.identity.code_entry.claimed_customer", insists)
    only(monkeypatch, named("service fails at the entry"))
    (told,) = bench_oracle.compare_words("", 1, 1, "crm")
    assert told.right is not None
    assert told.other is not None
    assert told.other.seconds > told.right.seconds


def test_right_callers_whom_nobody_knows_are_no_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CustomerService, "register", lambda self, rows, troubles: None)
    only(monkeypatch, named("wrong name"))
    with pytest.raises(RehearsalError, match="only 0 codes were sent to 1 right callers"):
        bench_oracle.compare_words("", 1, 1, "crm")
