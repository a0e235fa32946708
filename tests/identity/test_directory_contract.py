"""What every directory of customers does, wherever they are registered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from desk import Desk
from directory_rig import table_directory
from fakes.directory_server import KEY, DirectoryServer
from people import HANAKO, customer, register

from ivr.clock import Clock, ManualClock
from ivr.identity.crm_directory import CrmDirectory
from ivr.identity.directory import RecordsDirectory
from ivr.identity.paced_directory import PacedDirectory
from ivr.identity.ports import Candidate, Customer, Directory
from ivr.records.database import Database
from ivr.rehearsal.company_table import INDEXES, TABLE, fill, run

_OLD = date(1940, 1, 2)
#: Numbers are the ids: an old table has no others.
PEOPLE = [
    customer(id="1000001", contact_changed=datetime(2026, 11, 4, 15, tzinfo=UTC)),
    customer(
        id="1000002",
        number="1000002",
        birthdate=_OLD,
        given="節子",
        given_kana="セツコ",
        preferred="voice",
    ),
    customer(
        id="1000003",
        number="1000003",
        birthdate=_OLD,
        mobile="+818011112222",
        landline=None,
        email=None,
        language="en",
    ),
]


@contextmanager
def directory_of(
    kind: str, database: Database, url: str, folder: Path, clock: Clock
) -> Iterator[Directory]:
    """A directory of ``kind`` with :data:`PEOPLE`; its database is ``database``, at ``url``."""
    if kind == "table":
        run(url, TABLE, *INDEXES)
        fill(url, PEOPLE)
        with table_directory(url, folder, clock) as table:
            yield table
    elif kind == "crm":
        with DirectoryServer(PEOPLE) as server:
            crm = CrmDirectory(server.url, KEY, clock, timeout_s=30)
            yield crm
            crm.close()
    else:
        register(database, *PEOPLE)
        records = RecordsDirectory(database)
        yield PacedDirectory(records, clock, seconds=30) if kind == "paced" else records


@pytest.fixture(params=["records", "table", "crm", "paced"])
def directory(
    request: pytest.FixtureRequest,
    database: Database,
    database_url: str,
    tmp_path: Path,
    clock: ManualClock,
) -> Iterator[Directory]:
    with directory_of(request.param, database, database_url, tmp_path, clock) as made:
        yield made


def names(person: Customer) -> Candidate:
    return Candidate(*(getattr(person, name) for name in Candidate.__dataclass_fields__))


def test_everybody_born_on_a_day_is_found(directory: Directory) -> None:
    first, *others = PEOPLE
    assert _names(directory, first.birthdate) == [names(first)]
    assert _names(directory, _OLD) == [names(each) for each in others]
    assert _names(directory, date(1940, 1, 3)) == []


@pytest.mark.parametrize("day", [date.min, date.max, date(1873, 1, 1), date(2024, 2, 29)])
def test_a_day_on_which_nobody_was_born(directory: Directory, day: date) -> None:
    assert _names(directory, day) == []


def test_customers_are_found_by_id(directory: Directory) -> None:
    assert [directory.by_id(each.id) for each in PEOPLE] == PEOPLE
    assert directory.by_id("nobody") is None
    assert directory.by_id("") is None
    found = directory.by_ids([PEOPLE[2].id, "nobody", PEOPLE[0].id])
    assert sorted(found, key=lambda each: each.id) == [PEOPLE[0], PEOPLE[2]]
    assert list(directory.by_ids(["nobody"])) == []


def test_who_has_registered_a_phone(directory: Directory) -> None:
    mobile, landline, other = (
        str(PEOPLE[0].mobile), str(PEOPLE[0].landline), str(PEOPLE[2].mobile),
    )  # fmt: skip
    both = {PEOPLE[0].id, PEOPLE[1].id}
    assert set(directory.with_phones([mobile])) == both
    assert set(directory.with_phones([landline])) == both
    assert set(directory.with_phones([mobile, landline])) == both
    assert set(directory.with_phones([other])) == {PEOPLE[2].id}
    assert set(directory.with_phones([other, landline])) == {each.id for each in PEOPLE}
    assert set(directory.with_phones(["+810000000000"])) == set()


def test_several_look_ups_are_one(directory: Directory) -> None:
    def look_up(open_: Directory) -> tuple[int, Customer | None]:
        return len(open_.born_on(_OLD)), open_.together(lambda same: same.by_id(PEOPLE[0].id))

    assert directory.together(look_up) == (2, PEOPLE[0])


@pytest.mark.parametrize("text", ["'", "%", "\\", "日本", "x" * 200, "1 OR 1=1"])
def test_an_id_is_only_ever_a_value(directory: Directory, text: str) -> None:
    assert directory.by_id(text) is None


def test_a_whole_call_with_it(directory: Directory, database: Database, clock: ManualClock) -> None:
    with Desk(database, clock, directory=directory) as desk:
        result = desk.identify(name=HANAKO)
        assert result.evidence == {"match": "one", "customer": "1000001"}
        assert result.flags == ("shared_phone",)
        desk.ask("send_code")
        entered = desk.enter(desk.sms.last_code)
        assert entered.outcome == "ok"
        assert "contact_changed" in entered.flags


def _names(directory: Directory, day: date) -> list[Candidate]:
    """Who was born on a day; a directory may know more of them."""
    return [
        Candidate(*(getattr(c, n) for n in Candidate.__dataclass_fields__))
        for c in directory.born_on(day)
    ]
