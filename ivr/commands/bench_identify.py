"""``ivr bench identify``: finding one customer of a million, and storing them all."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter, thread_time
from typing import Any, NamedTuple

import click
from rapidfuzz import process
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import ProgrammingError

from ivr.commands import bench_stage as stage
from ivr.commands.bench_people import DAYS, MOST_PEOPLE, MadeUp, made_up, write_csv
from ivr.commands.opened_database import opened_database
from ivr.errors import RehearsalError
from ivr.identity.directory import RecordsDirectory
from ivr.identity.identification import Identification, search
from ivr.identity.ports import CheckRequest
from ivr.records.customer_csv import store_file
from ivr.records.database import Database
from ivr.rehearsal.bench_figures import columns, percentile
from ivr.wiring.backstage import code_policy

#: Customers that are looked for, drawn from all of them.
_WANTED = 500
#: Look-ups by comparing with everybody: each takes about a second for a million.
_SCANS = 3
_CALLER = "+819099999999"
_NOBODY = MadeUp(-1, date(1900, 1, 1), "ヌマタ", "ヌイ")


@dataclass(frozen=True, slots=True)
class Row:
    """Milliseconds that one look-up takes, in so many; ``cpu``: of this process's own work, which
    tells also on a busy machine what it costs."""

    name: str
    times: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_p50_ms: float
    cpu_p95_ms: float

    @classmethod
    def of(cls, name: str, taken: Sequence[Taken]) -> Row:
        wall, cpu = [each.wall_s for each in taken], [each.cpu_s for each in taken]
        figures = (
            round(percentile(values, percent) * 1000, 2)
            for values, percents in ((wall, (50, 95, 99)), (cpu, (50, 95)))
            for percent in percents
        )
        return cls(name, len(taken), *figures)


class Taken(NamedTuple):
    """Seconds that one look-up took: by the wall, and of this thread."""

    wall_s: float
    cpu_s: float

    @classmethod
    def by(cls, work: Callable[[], object]) -> Taken:
        """What ``work`` takes."""
        began, cpu_began = perf_counter(), thread_time()
        work()
        return cls(perf_counter() - began, thread_time() - cpu_began)


@dataclass(frozen=True, slots=True)
class Report:
    """Seconds, and memory (resident, MB): of this process with its dictionaries before anything
    was stored, the most while storing, after the look-ups, and what the names of everybody take
    for comparing with each."""

    database: str
    customers: int
    born_alike: float
    checking_s: float
    storing_s: float
    before_mb: float | None
    storing_mb: float | None
    looking_mb: float | None
    scan_mb: float | None
    rows: tuple[Row, ...]

    def as_text(self) -> str:
        """For a terminal."""
        cells: list[tuple[str, ...]] = [
            ("", "times", "p50 ms", "p95 ms", "p99 ms", "own work p50", "p95")
        ]
        for row in self.rows:
            figures = (row.p50_ms, row.p95_ms, row.p99_ms, row.cpu_p50_ms, row.cpu_p95_ms)
            cells.append((row.name, str(row.times), *(f"{figure:.2f}" for figure in figures)))
        rate = self.customers / max(self.checking_s + self.storing_s, 1e-9)
        return (
            f"{self.database}, {self.customers} customers, {self.born_alike:.1f} to a birthdate\n\n"
            f"import: {self.checking_s:.0f} s checking, {self.storing_s:.0f} s storing"
            f" ({rate:.0f} customers a second)\n"
            f"memory: {_mb(self.before_mb)} before, at most {_mb(self.storing_mb)} while storing,"
            f" {_mb(self.looking_mb)} after the look-ups;"
            f" {_mb(self.scan_mb)} more to compare with everybody\n\n{columns(cells)}"
        )


@click.command()
@click.option(
    "--customers",
    "number",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(1, MOST_PEOPLE),
    help="Made-up customers.",
)
@click.option(
    "--days",
    default=DAYS,
    show_default=True,
    type=click.IntRange(1, DAYS),
    help="Days on which they were born: a million leave 40 to each.",
)
@click.option(
    "--lookups",
    default=2000,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Look-ups of each kind.",
)
@click.option(
    "--seed", default=1, show_default=True, help="Of the customers and who is looked for."
)
@click.option(
    "--database-url",
    default="",
    help="Measure on PostgreSQL: a server whose user may create databases. Default: SQLite.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def identify(
    number: int, days: int, lookups: int, seed: int, database_url: str, as_json: bool
) -> None:
    """Milliseconds until a caller is found among a million customers, and what storing takes.

    Makes up customers, imports them as `ivr customers import` does, and identifies callers by
    birthdate and name: right ones, wrong names, birthdates that nobody has. Beside it stand what
    cannot be avoided, a bare indexed SELECT, and what a simple program would do, comparing the
    name with everybody's by rapidfuzz.
    """
    with ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory(prefix="ivr-bench-")))
        url = ""
        if database_url:
            url = open_things.enter_context(stage.own_database(database_url))
        settings = stage.bench_settings(folder, url)
        db = open_things.enter_context(opened_database(settings))
        db.upgrade()
        _say(f"making up {number} customers")
        file = folder / "customers.csv"
        write_csv(file, number, seed, days)
        before = _resident_mb()
        checking_s, storing_s = _stored(db, file, number)
        file.unlink()
        _settle(db)
        storing_mb = _resident_mb("VmHWM")
        everybody = partial(made_up, number, seed, days)
        wanted = _drawn(everybody(), number, seed)
        policy = code_policy(settings)
        identification = Identification(
            db, RecordsDirectory(db), policy=policy, index=db.index, clock=db.clock
        )
        rows = [_bare(db, wanted, lookups)]
        rows += _searched(db, wanted, lookups)
        # The whole check of a call: search, limits, and the verification that is stored.
        rows += _timed("check", identification.identify, wanted, lookups)
        looking_mb = _resident_mb()
        scan, scan_mb = _scanned(everybody(), wanted)
        report = Report(
            "PostgreSQL" if database_url else "SQLite",
            number,
            len(_born(db, [each.born for each in wanted])) / len(wanted),
            checking_s,
            storing_s,
            before,
            storing_mb,
            looking_mb,
            scan_mb,
            (*rows, scan),
        )
    if as_json:
        click.echo(json.dumps(_rounded(asdict(report)), ensure_ascii=False))
    else:
        click.echo(report.as_text())


def _stored(db: Database, file: Path, number: int) -> tuple[float, float]:
    """Import a file: seconds until the first customer was stored, and from then on."""
    began = perf_counter()
    first: list[float] = []
    with click.progressbar(
        length=number, label="storing customers", file=sys.stderr, show_pos=True
    ) as bar:

        def show(done: int, total: int) -> None:
            first.append(perf_counter())
            bar.update(done - bar.pos)

        store_file(db, file, show)
    return first[0] - began, perf_counter() - first[0]


def _settle(db: Database) -> None:
    """After many rows PostgreSQL tidies for minutes; have it do so before anything is timed."""
    if db.engine.dialect.name != "postgresql":
        return
    _say("waiting until PostgreSQL has tidied up")
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("VACUUM ANALYZE customers")
        with suppress(ProgrammingError):  # only its administrators may order it
            connection.exec_driver_sql("CHECKPOINT")
        connection.invalidate()


def _drawn(everybody: Iterator[MadeUp], number: int, seed: int) -> list[MadeUp]:
    """Customers that will be looked for."""
    chance = Random(seed + 1)  # noqa: S311
    serials = set(chance.sample(range(number), min(_WANTED, number)))
    found = [each for each in everybody if each.serial in serials]
    chance.shuffle(found)
    return found


#: Who calls, and whom their words name.
_SAID: tuple[tuple[str, Callable[[MadeUp, MadeUp], tuple[date, MadeUp]]], ...] = (
    ("a customer", lambda one, other: (one.born, one)),
    ("a wrong name", lambda one, other: (one.born, other)),
    ("a birthdate nobody has", lambda one, other: (_NOBODY.born, one)),
)


def _callers(wanted: Sequence[MadeUp], lookups: int) -> Iterator[tuple[int, date, MadeUp]]:
    """Kinds by turns, so that a machine that slows down hits all: which of ``_SAID``, the
    birthdate and the name that are said."""
    for at in range(lookups):
        one, other = wanted[at % len(wanted)], wanted[(at + 1) % len(wanted)]
        for kind, (_, said) in enumerate(_SAID):
            yield kind, *said(one, other)


def _searched(db: Database, wanted: Sequence[MadeUp], lookups: int) -> list[Row]:
    """Reading the customers of a day, comparing the name, reading who fits, in one transaction as
    every call does it; nothing stored."""
    directory = RecordsDirectory(db)
    found = set()

    def look_up(request: CheckRequest) -> None:
        found.add(directory.together(lambda opened: search(opened, request)).match)

    rows = _timed("search", look_up, wanted, lookups)
    if not {"one", "none"} <= found:
        raise RehearsalError("the measured look-ups find everybody or nobody")
    return rows


def _timed(
    name: str, look_up: Callable[[CheckRequest], object], wanted: Sequence[MadeUp], lookups: int
) -> list[Row]:
    taken: list[list[Taken]] = [[] for _ in _SAID]
    with _progress(lookups * len(_SAID), name) as tick:
        for number, (kind, born, said) in enumerate(_callers(wanted, lookups)):
            request = CheckRequest(
                intent_id=f"bench-{number}",
                call_id=f"bench-{number}",
                check="identify",
                language="ja",
                caller=_CALLER,
                verification_id=None,
                birthdate=born.isoformat(),
                name=said.heard,
            )
            taken[kind].append(Taken.by(partial(look_up, request)))
            tick()
    return [Row.of(f"{name}: {_SAID[kind][0]}", each) for kind, each in enumerate(taken)]


def _bare(db: Database, wanted: Sequence[MadeUp], lookups: int) -> Row:
    """The limit: the same rows, as they are stored."""
    select = text("SELECT * FROM customers WHERE birthdate_index = :key ORDER BY id")
    taken = []
    with db.engine.connect() as connection:
        for at in range(lookups):
            key = db.index.of("birthdate", wanted[at % len(wanted)].born.isoformat())
            taken.append(Taken.by(partial(_read_all, connection, select.bindparams(key=key))))
    return Row.of("bare indexed SELECT", taken)


def _read_all(connection: Connection, statement: TextClause) -> None:
    connection.execute(statement).all()


def _scanned(everybody: Iterator[MadeUp], wanted: Sequence[MadeUp]) -> tuple[Row, float | None]:
    """What a simple program would do: everybody's name in memory, compared with each."""
    before = _resident_mb()
    names = [f"{each.surname}{each.given}" for each in everybody]
    after = _resident_mb()
    taken = []
    for each in wanted[:_SCANS]:
        name = f"{each.surname}{each.given}"
        taken.append(Taken.by(partial(process.extract, name, names)))
    more = None if before is None or after is None else max(0.0, after - before)
    return Row.of("rapidfuzz against everybody", taken), more


def _born(db: Database, days: Sequence[date]) -> list[object]:
    """Everybody born on these days, each day once for each time it is named."""
    directory = RecordsDirectory(db)
    return [each for day in days for each in directory.born_on(day)]


@contextmanager
def _progress(length: int, label: str) -> Iterator[Callable[[], None]]:
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield lambda: bar.update(1)


def _resident_mb(field: str = "VmRSS") -> float | None:
    """Memory of this process in MB (``VmHWM``: the most it ever had); None where /proc is not."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    return int(found[0]) * 1024 / 1e6 if found else None


def _mb(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f} MB"


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 2) if isinstance(v, float) else v for k, v in values.items()}


def _say(words: str) -> None:
    click.echo(words, err=True)
