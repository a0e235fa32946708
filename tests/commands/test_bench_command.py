"""``ivr bench``: it tells what it measured, and the database is asked little.

Nothing here depends on how fast this machine is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from command_line import Ivr
from sqlalchemy import URL, create_engine, text

from ivr.commands.bench_people import made_up
from ivr.commands.bench_stage import own_database
from ivr.commands.bench_step import StepFigures, walk
from ivr.dialogue.actions import Transfer
from ivr.rehearsal import bench_call
from ivr.settings import load_settings
from ivr.wiring.backstage import load_shipped_flow

#: Queries that a turn without a check may take: reading the stored answer, the call, storing
#: the turn, the call and the answer, and what a transfer and the result that ended add.
_MOST_QUERIES = 13
#: A turn that a check ends in is two steps and the check's own work, with what is counted of
#: callers and of codes, each for itself.
_MOST_WITH_CHECK = 34


def test_turns_are_measured_beside_a_bare_handler(ivr: Ivr) -> None:
    ran = ivr("bench", "turns", "--callers", 2, "--calls", 2, "--rounds", 1, "--json")
    assert ran.code == 0
    assert ran.err.splitlines()[-1] == "round 1 of 1: 2 calls"
    report = json.loads(ran.out)
    rows = {row["name"].strip(): row for row in report["rows"]}
    bare, ours = rows.pop("bare Flask handler"), rows.pop("this application")
    assert (report["database"], report["callers"]) == ("SQLite", 2)
    assert bare["turns"] == ours["turns"] == sum(row["turns"] for row in rows.values())
    assert ours["turns"] >= 2 * 12
    assert set(rows) == set(bench_call.KINDS)
    checked = {kind for kind in rows if kind.endswith("a check")} | {bench_call.SEND}
    queries = {kind: row["queries"] for kind, row in rows.items()}
    assert all(0 < queries[kind] <= _MOST_QUERIES for kind in set(rows) - checked)
    assert all(queries[kind] <= _MOST_WITH_CHECK for kind in checked)
    assert all(row["p50_ms"] <= row["p95_ms"] for row in (bare, ours, *rows.values()))


def test_steps_are_measured(ivr: Ivr) -> None:
    told = json.loads(ivr("bench", "step", "--calls", 1, "--json").out)
    assert told["steps"] >= 10
    assert all(value > 0 for value in told.values())


def test_the_steps_are_shown_with_what_they_cost() -> None:
    figures = StepFigures(
        steps=11, step_us=50.0, copy_us=4.0, nothing_us=0.05, json_us=16.0, load_ms=110.4
    )
    shown = figures.as_text()
    assert shown.startswith("11 steps of the verified call\n")
    assert re.search(r"^a step of the machine +20,000 +50\.00$", shown, re.MULTILINE)
    assert shown.endswith("loading and checking the flow: 110 ms")


def test_the_walk_is_a_verified_call(ivr: Ivr) -> None:
    events, call = walk(load_shipped_flow(load_settings()))
    assert isinstance(call.action, Transfer)
    assert call.evidence["code"] == "ok"
    assert set(call.slots) >= {"birthdate", "name"}
    assert len(events) == call.turn


@pytest.mark.parametrize("url", ["sqlite:///records.sqlite3", "nonsense", "mysql://u@h/d"])
def test_only_a_postgresql_server_can_be_named(ivr: Ivr, url: str) -> None:
    ran = ivr("bench", "turns", "--database-url", url)
    assert (ran.code, ran.out) == (1, "")
    assert "--database-url must name a PostgreSQL server" in ran.err


def test_a_server_that_is_not_there_is_told(ivr: Ivr) -> None:
    ran = ivr("bench", "turns", "--database-url", "postgresql://u:secret@127.0.0.1:1/d")
    assert (ran.code, ran.out) == (1, "")
    assert "no database could be created" in ran.err
    assert "secret" not in ran.err


def names(server: URL) -> Iterator[str]:
    engine = create_engine(server)
    with engine.connect() as connection:
        yield from connection.execute(text("SELECT datname FROM pg_database")).scalars()
    engine.dispose()


def test_a_database_of_its_own_is_gone_afterwards(postgres_server: URL) -> None:
    before = set(names(postgres_server))
    url = postgres_server.render_as_string(hide_password=False)
    with pytest.raises(ZeroDivisionError), own_database(url) as own:
        assert set(names(postgres_server)) - before == {own.rpartition("/")[2].partition("?")[0]}
        raise ZeroDivisionError
    assert set(names(postgres_server)) == before


def test_identifying_is_measured_beside_a_bare_select_and_a_scan(ivr: Ivr) -> None:
    ran = ivr("bench", "identify", "--customers", 60, "--days", 20, "--lookups", 3, "--json")
    assert ran.code == 0
    told = json.loads(ran.out)
    assert (told["database"], told["customers"]) == ("SQLite", 60)
    assert told["born_alike"] >= 1
    rows = {row["name"]: row for row in told["rows"]}
    callers = ("a customer", "a wrong name", "a birthdate nobody has")
    assert set(rows) == {
        "bare indexed SELECT",
        "rapidfuzz against everybody",
        *(f"{work}: {who}" for work in ("search", "check") for who in callers),
    }
    assert all(row["times"] == 3 for row in rows.values())
    assert all(row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] for row in rows.values())


def test_made_up_customers_are_the_same_for_the_same_seed() -> None:
    assert list(made_up(50, 7)) == list(made_up(50, 7)) != list(made_up(50, 8))
    assert len({each.born for each in made_up(50, 7)}) > 40
