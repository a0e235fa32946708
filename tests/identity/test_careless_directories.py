"""A directory of somebody else's that answers with more than it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from desk import Desk
from directory_rig import table_directory
from fakes.directories import ListedDirectory
from people import customer

from ivr.clock import ManualClock
from ivr.identity.ports import Candidate
from ivr.records.database import Database
from ivr.rehearsal.company_table import MAPPING, TABLE, fill, run


class EverybodyOnAnyDay(ListedDirectory):
    """Overlooks the birthdate, as a service does that calls its field by another name."""

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        return self.people


@pytest.mark.parametrize(("birthdate", "match"), [("1985-03-05", "one"), ("1985-03-06", "none")])
def test_whoever_was_born_on_another_day_is_nobody(
    sqlite_database: Database, clock: ManualClock, birthdate: str, match: str
) -> None:
    with Desk(sqlite_database, clock, directory=EverybodyOnAnyDay(customer())) as desk:
        assert desk.identify(birthdate=birthdate).evidence["match"] == match
        desk.ask("send_code")
        assert desk.sent == (match == "one")


def test_ids_that_only_a_database_takes_for_the_same_are_not(
    tmp_path: Path, clock: ManualClock
) -> None:
    url = f"sqlite:///{tmp_path / 'company.sqlite3'}"
    (tmp_path / "company.sqlite3").touch()
    table = TABLE.replace("VARCHAR(20) PRIMARY KEY", "VARCHAR(20) COLLATE NOCASE PRIMARY KEY")
    run(url, table, "CREATE INDEX ix_seinengappi ON kokyaku (seinengappi)")
    fill(url, [customer(id="AB1")])
    with table_directory(url, tmp_path, clock, MAPPING) as directory:
        assert directory.by_id("ab1") is None
        found = directory.by_id("AB1")
        assert found is not None
        assert found.id == "AB1"
