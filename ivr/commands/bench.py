"""``ivr bench``: measurements of this machine. Nothing here fails because a machine is slow."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TypeVar
from urllib.parse import urlsplit

import click

from ivr.clock import ManualClock, SystemClock
from ivr.commands import bench_stage as stage
from ivr.commands.bench_hearing import hearing
from ivr.commands.bench_identify import identify
from ivr.commands.bench_oracle import oracle
from ivr.commands.bench_step import StepFigures, measure_steps
from ivr.rehearsal.bench_call import KINDS, BenchCaller, HttpLine, Person, SentCodes, Turn
from ivr.rehearsal.bench_figures import Figures, figures, table
from ivr.settings import Settings, load_settings
from ivr.wiring.backstage import load_shipped_flow

_Share = TypeVar("_Share")
#: Calls placed in this process to count their queries, after one that warms up.
_COUNTED_CALLS = 3


@click.group()
def bench() -> None:
    """Measure this machine: webhook turns, machine steps, hearing, identifying, leaks."""


bench.add_command(hearing)
bench.add_command(identify)
bench.add_command(oracle)


@bench.command()
@click.option(
    "--callers", default=8, show_default=True, type=click.IntRange(1, 64), help="Calls at a time."
)
@click.option(
    "--calls",
    default=160,
    show_default=True,
    type=click.IntRange(1, stage.MOST_CALLS - 100),
    help="Calls in all; each takes 13 webhooks.",
)
@click.option(
    "--rounds",
    default=4,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Rounds that the calls are divided into, each beside one of the bare handler.",
)
@click.option(
    "--database-url",
    default="",
    help="Measure on PostgreSQL: a server whose user may create databases. Default: SQLite.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def turns(callers: int, calls: int, rounds: int, database_url: str, as_json: bool) -> None:
    """Webhook turns a second, milliseconds a turn and queries a turn.

    Places verified calls over signed webhooks on loopback, beside a bare Flask handler that
    returns constant TwiML. Both run under gunicorn, in alternating rounds, so that a machine
    that slows down hits both. docs/benchmarks.md says how to read the numbers.
    """
    with ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory(prefix="ivr-bench-")))
        urls = [""] * 2
        if database_url:
            urls = [open_things.enter_context(stage.own_database(database_url)) for _ in range(2)]
        settings, counting = (
            stage.bench_settings(folder / name, url)
            for name, url in zip(("served", "counted"), urls, strict=True)
        )
        rows = _measure(settings, counting, callers=callers, calls=calls, rounds=rounds)
        where = "PostgreSQL" if database_url else "SQLite"
    if as_json:
        run = {"database": where, "callers": callers, "threads": settings.threads}
        report = {**run, "rows": [row.as_json() for row in rows]}
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    click.echo(
        f"{where}, {callers} callers at a time, {settings.threads} server threads,"
        f" {calls} calls in {rounds} rounds\n\n{table(rows)}"
    )


@bench.command()
@click.option(
    "--calls",
    default=2000,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Calls walked through the flow.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def step(calls: int, as_json: bool) -> None:
    """Steps a second of the machine alone, without database or web.

    Walks the verified call of the shipped flow, beside the limit: as many calls of a function
    that does nothing, and of one that only makes a changed copy of the call.
    """
    found: StepFigures = measure_steps(
        lambda: load_shipped_flow(load_settings(), name=stage.FLOW), calls
    )
    click.echo(json.dumps(found.as_json()) if as_json else found.as_text())


@dataclass
class _Measured:
    """Turns of one server over all rounds, and the seconds that the rounds took."""

    seconds: float = 0.0
    turns: list[Turn] = field(default_factory=list)


def _measure(
    settings: Settings, counting: Settings, *, callers: int, calls: int, rounds: int
) -> list[Figures]:
    clock = SystemClock()
    _say("preparing made-up customers")
    stage.prepare(settings, clock, calls + callers)
    stage.prepare(counting, clock, _COUNTED_CALLS + 1)
    _say(f"counting the queries of {_COUNTED_CALLS} calls")
    # The first call of a process keeps its flow in the database: not one of every call's queries.
    still = ManualClock(clock.now())  # nothing is timed here, so no pause need be sat out
    counted = stage.count_queries(counting, still, stage.people(1 + _COUNTED_CALLS))
    first_call = [kind for kind, _ in counted].index(KINDS[0], 1)
    queries: dict[str, list[int]] = defaultdict(list)
    for kind, number in counted[first_call:]:
        queries[kind].append(number)
    ours, bare = _Measured(), _Measured()
    people = stage.people(calls + callers)
    with stage.both_servers(settings, settings.var_dir) as bare_address:
        crowd = _Crowd(settings, bare_address, callers)
        _say("warming up")
        crowd.knock(callers * len(KINDS), _Measured())
        crowd.call(people[calls:], _Measured())
        for number in range(rounds):
            share = people[:calls][number::rounds]
            if not share:
                continue
            before = len(ours.turns)
            crowd.call(share, ours)
            crowd.knock(len(ours.turns) - before, bare)
            _say(f"round {number + 1} of {rounds}: {len(share)} calls")
    return _rows(ours, bare, queries)


class _Crowd:
    """Several callers at a time, each with a thread and a connection of their own."""

    def __init__(self, settings: Settings, bare_address: str, callers: int) -> None:
        self._server = stage.server_of(settings)
        self._codes = SentCodes(settings.var_dir / "outbox.jsonl")
        self._bare_address = bare_address
        self._callers = callers

    def call(self, people: Sequence[Person], into: _Measured) -> None:
        """Have everybody call the application."""
        address = urlsplit(self._server.address).netloc

        def place(own: Sequence[Person]) -> list[Turn]:
            line = HttpLine(address)
            caller = BenchCaller(line, self._server, self._codes, SystemClock())
            try:
                return [turn for person in own for turn in caller.place(person)]
            finally:
                line.close()

        shares = [people[i :: self._callers] for i in range(self._callers)]
        self._together(place, [share for share in shares if share], into)

    def knock(self, times: int, into: _Measured) -> None:
        """Send as many webhooks to the bare handler."""

        def knock(own: int) -> list[Turn]:
            line = HttpLine(self._bare_address)
            try:
                return BenchCaller(line, self._server, self._codes, SystemClock()).knock(own)
            finally:
                line.close()

        shares = [len(range(i, times, self._callers)) for i in range(self._callers)]
        self._together(knock, shares, into)

    def _together(
        self, work: Callable[[_Share], list[Turn]], shares: Sequence[_Share], into: _Measured
    ) -> None:
        with ThreadPoolExecutor(self._callers) as pool:
            began = perf_counter()
            for turns in list(pool.map(work, shares)):
                into.turns += turns
            into.seconds += perf_counter() - began


def _rows(ours: _Measured, bare: _Measured, queries: dict[str, list[int]]) -> list[Figures]:
    by_kind: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for turn in ours.turns:
        by_kind[turn.kind].append(turn.seconds)
    every = [number for numbers in queries.values() for number in numbers]

    def mean(numbers: list[int]) -> float | None:
        return sum(numbers) / len(numbers) if numbers else None

    return [
        figures("bare Flask handler", [t.seconds for t in bare.turns], wall_s=bare.seconds),
        figures(
            "this application",
            [turn.seconds for turn in ours.turns],
            wall_s=ours.seconds,
            queries=mean(every),
        ),
        *(
            figures(f"  {kind}", seconds, wall_s=None, queries=mean(queries[kind]))
            for kind, seconds in by_kind.items()
            if seconds
        ),
    ]


def _say(words: str) -> None:
    click.echo(words, err=True)
