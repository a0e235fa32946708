"""A directory that fails while a code is entered: only whoever has the code can notice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from desk import Desk
from fakes.directories import ListedDirectory
from fakes.senders import FakeVerifier
from people import HANAKO, STRANGER, customer

from ivr.clock import ManualClock
from ivr.errors import RecordsError, RecordsUnavailable
from ivr.identity.ports import Customer
from ivr.records.database import Database

_TROUBLES = pytest.mark.parametrize(
    "trouble", [RecordsUnavailable("no answer"), RecordsError("garbage")], ids=["away", "garbage"]
)


class TroubledDirectory(ListedDirectory):
    """Fails for whom ``troubled`` says, once there is a ``trouble``."""

    def __init__(self, *people: Customer, troubled: Callable[[str], bool]) -> None:
        super().__init__(*people)
        self.trouble: RecordsError | None = None
        self._troubled = troubled

    def by_id(self, customer_id: str) -> Customer | None:
        if self.trouble is not None and self._troubled(customer_id):
            raise self.trouble
        return super().by_id(customer_id)


def customers_only(customer_id: str) -> bool:
    return customer_id == "c1"


def strangers_only(customer_id: str) -> bool:
    return customer_id != "c1"


@_TROUBLES
@pytest.mark.parametrize("troubled", [customers_only, strangers_only])
def test_a_wrong_code_is_wrong_for_everybody_and_asked_about_once(
    sqlite_database: Database,
    clock: ManualClock,
    trouble: RecordsError,
    troubled: Callable[[str], bool],
) -> None:
    directory = TroubledDirectory(customer(), troubled=troubled)
    noticed = []
    for name in (HANAKO, STRANGER):
        directory.trouble = None
        with Desk(sqlite_database, clock, directory=directory) as desk:
            desk.new_intent = (f"{name.text}-{n}" for n in range(9)).__next__  # type: ignore[method-assign]
            desk.identify(name=name)
            desk.ask("send_code")
            directory.trouble = trouble
            with sqlite_database.count_queries() as queries:
                outcomes = [desk.enter(desk.wrong_code()).outcome for _ in range(3)]
            noticed.append((outcomes, queries.count))
    assert noticed[0] == noticed[1]
    assert noticed[0][0] == ["wrong", "wrong", "exhausted"]


@_TROUBLES
def test_the_right_code_waits_for_the_directory_and_costs_nothing(
    sqlite_database: Database, clock: ManualClock, trouble: RecordsError
) -> None:
    directory = TroubledDirectory(customer(), troubled=customers_only)
    with Desk(sqlite_database, clock, directory=directory, attempts=1) as desk:
        desk.identify()
        desk.ask("send_code")
        directory.trouble = trouble
        for _ in range(2):
            with pytest.raises(RecordsUnavailable, match="whose code it is"):
                desk.enter(desk.sms.last_code)
        directory.trouble = None
        assert desk.enter(desk.sms.last_code).outcome == "ok"


def test_a_locked_customer_is_not_told_by_the_right_code(
    sqlite_database: Database, clock: ManualClock
) -> None:
    directory = TroubledDirectory(customer(), troubled=customers_only)
    with Desk(sqlite_database, clock, directory=directory, lockout_failures=1) as desk:
        desk.identify()
        desk.ask("send_code")
        assert desk.enter(desk.wrong_code()).outcome == "wrong"
        directory.trouble = RecordsUnavailable("no answer")
        assert desk.enter(desk.sms.last_code).outcome == "wrong"


def test_a_code_that_only_its_provider_knows_is_wrong_and_flagged(
    sqlite_database: Database, clock: ManualClock
) -> None:
    directory, verifier = TroubledDirectory(customer(), troubled=customers_only), FakeVerifier()
    with Desk(sqlite_database, clock, directory=directory, senders={"sms": verifier}) as desk:
        desk.identify()
        desk.ask("send_code")
        directory.trouble = RecordsUnavailable("no answer")
        result = desk.enter(verifier.own_code)
        assert (result.outcome, "directory_error" in result.flags) == ("wrong", True)
        directory.trouble = None
        assert desk.enter(verifier.own_code).outcome == "ok"
