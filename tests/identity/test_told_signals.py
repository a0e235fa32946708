"""What a source of signals is told: of the number and its calls, nothing that depends on who is
registered."""

from __future__ import annotations

from collections.abc import Mapping

from desk import Desk
from people import ELSEWHERE, MOBILE, STRANGER, UNSURE_HANAKO, customer, register

from ivr.clock import ManualClock
from ivr.flow.signals import OF_THE_NUMBER
from ivr.identity.risk.sources import Occasion, Sources
from ivr.records.database import Database


class Listens:
    """A source that says nothing and remembers what it was told."""

    name = "listens"

    def __init__(self) -> None:
        self.told: list[Mapping[str, int]] = []

    def signals(self, occasion: Occasion) -> Mapping[str, int]:
        self.told.append(occasion.signals)
        return {}


def test_a_name_that_is_nearly_a_customers_is_told_as_any_other(
    sqlite_database: Database, clock: ManualClock
) -> None:
    register(sqlite_database, customer())
    source = Listens()
    with Desk(sqlite_database, clock, sources=Sources([source], limit_s=30)) as desk:
        near = desk.identify(caller=MOBILE, name=UNSURE_HANAKO)
        desk.enter("123456", caller=MOBILE)
        desk.identify(caller=ELSEWHERE, name=STRANGER)
        desk.enter("123456", caller=ELSEWHERE)
    assert near.signals["near_misses_day"] == 1, "or there is nothing to tell"
    assert source.told[:2] == source.told[2:]
    for told in source.told:
        assert set(told) <= set(OF_THE_NUMBER)
