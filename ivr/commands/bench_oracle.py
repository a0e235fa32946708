"""``ivr bench oracle``: can a caller be told from a customer before a code is accepted?"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import click

from ivr.clock import JAPAN, Clock, SystemClock
from ivr.commands import bench_stage as stage
from ivr.commands.oracle_calls import Line, RestartedClock, Told, claims, paths, told_apart
from ivr.commands.oracle_people import (
    KINDS,
    RIGHT,
    Claimant,
    Kind,
    Providers,
    claimants,
    spoil,
    store,
)
from ivr.commands.rank_sum import holm, power, rank_sum
from ivr.errors import RecordsUnavailable, RehearsalError
from ivr.rehearsal.bench_figures import columns, percentile
from ivr.telephony.logging import configure_logging
from ivr.understanding import slots
from ivr.wiring.backstage import Backstage, open_backstage, open_database

#: Those whose provider takes its time: on a clock that stands still nobody does.
_TAKING_TIME = frozenset({"slow", "hangs"})
#: Those who are timed, beside the right ones: one for each way in which the work could differ.
TIMED = (
    "wrong name", "wrong birthdate", "unknown birthdate", "two alike", "locked", "no contact",
    "provider slow", "provider hangs", "provider refuses",
)  # fmt: skip
#: At most so many people of each kind; each calls several times.
_PEOPLE = 40
#: Calls of each that warm up and are not counted.
_WARM = 1
#: How often a call is begun that the database is too busy for.
_ATTEMPTS = 20
#: Answers that are timed: what was done, and what it leads to.
_ANSWERS = {
    "name": "name said, until the next question",
    "send": "code asked for, until it is to be entered (1 s on purpose)",
    "wrong": "wrong code, until the next question",
    "resume": "called again, until the next question",
}
#: A difference is told apart where it comes about by chance in one run of a hundred.
_ALPHA = 0.01
#: How often a planted difference must be found to count as one that would be.
_SURELY = 0.9
_TRIALS = 100
_GRID_MS = (0.25, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000)
#: When the first path is walked.
BEGIN = datetime(2026, 11, 2, 10, tzinfo=JAPAN)


@dataclass(frozen=True, slots=True)
class Row:
    """Times of one answer: ``later_ms``: how much later the median is than that of right callers;
    ``guessed``: how often the later of two, one of each, is this one; ``p``: how likely that is
    by chance, corrected for all comparisons; None for the right callers themselves."""

    answer: str
    kind: str
    calls: int
    p50_ms: float
    later_ms: float | None = None
    guessed: float | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """``smallest_ms``: by answer, the smallest of a grid of delays that would be found nine times
    in ten among these very times; None where none of the grid would. ``load``: of the machine,
    before and after."""

    rows: tuple[Row, ...]
    smallest_ms: Mapping[str, float | None]
    load: tuple[float, float]


@click.command()
@click.option(
    "--paths",
    "number",
    default=100,
    show_default=True,
    type=click.IntRange(0, 10_000),
    help="Sequences of what callers do, each by people of 17 kinds.",
)
@click.option(
    "--calls",
    default=200,
    show_default=True,
    type=click.IntRange(0, 5000),
    help="Calls of each of 10 kinds that are timed.",
)
@click.option(
    "--callers", default=4, show_default=True, type=click.IntRange(1, 16), help="Calls at a time."
)
@click.option(
    "--seed", default=1, show_default=True, help="Of what callers do, and of who calls when."
)
@click.option(
    "--database-url",
    default="",
    help="Measure on PostgreSQL: a server whose user may create databases. Default: SQLite.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def oracle(
    number: int, calls: int, callers: int, seed: int, database_url: str, as_json: bool
) -> None:
    """Whether callers can tell by words, turns or time who is a customer.

    First words and turns: wrong names, wrong birthdates, unknown, locked and right people, and
    right ones whose provider fails, do the same on a clock that stands still, and must get the
    same answers to the letter. Then time: the same people, on the machine's clock, compared with
    right callers by rank; beside it stands how small a difference would have been found. Exit
    status 1: words or turns differ. docs/security.md says how to read the times.
    """
    configure_logging("error")
    slots.warm()
    with ExitStack() as open_things:
        urls = [""] * 2
        if database_url:
            urls = [open_things.enter_context(stage.own_database(database_url)) for _ in range(2)]
        told = compare_words(urls[0], number, seed) if number else []
        found = _times(urls[1], calls, callers, seed) if calls else None
    if as_json:
        report = {
            "paths": number,
            "told_apart": [asdict(each) for each in told],
            "times": None if found is None else asdict(found),
        }
        click.echo(json.dumps(report, ensure_ascii=False, default=str))
    else:
        parts = [_words_text(told, number)] if number else []
        parts += [] if found is None else [_times_text(found, calls, callers)]
        click.echo("\n\n".join(parts))
    sys.exit(1 if told else 0)


# --- words and turns -------------------------------------------------------------------------


def compared_kinds() -> tuple[Kind, ...]:
    """Those who can be compared with right callers on a clock that stands still."""
    return tuple(kind for kind in KINDS[1:] if kind.provider not in _TAKING_TIME)


def compare_words(database_url: str, number: int, seed: int) -> list[Told]:
    """Everybody walks ``number`` paths: who can be told from a customer. Each path has a day of
    its own, so that no limit of a day meets anybody who is not to meet it."""
    kinds = compared_kinds()
    clock = RestartedClock(BEGIN)
    told: list[Told] = []
    with (
        _opened(database_url, clock, (RIGHT, *kinds), 1) as behind,
        click.progressbar(length=number, label="words", file=sys.stderr) as bar,
    ):
        for day, moves in enumerate(paths(number, seed)):
            clock.restart(BEGIN + timedelta(days=day))
            spoil(behind.db, kinds, 1, clock)
            told += told_apart(behind.service, clock, kinds, moves, keyed=day % 2 == 1, number=day)
            bar.update(1)
    return told


def _words_text(told: Sequence[Told], number: int) -> str:
    calls = number * (1 + len(compared_kinds()))
    if not told:
        return f"{calls} calls on {number} paths: nobody can be told from a customer by words"
    lines = [f"{len(told)} of {calls} calls can be told from a customer's:"]
    lines += [
        f"  {each.kind.name}, after {' '.join(each.moves)}, answer {each.answer}:"
        f" {_state(each.other)} in place of {_state(each.right)}"
        for each in told[:20]
    ]
    return "\n".join(lines)


def _state(noticed: object) -> str:
    action = getattr(noticed, "action", None)
    seconds = getattr(noticed, "seconds", 0.0)
    return "nothing" if action is None else f"{action.state} ({seconds:.3f} s)"


# --- time ------------------------------------------------------------------------------------


def _times(database_url: str, calls: int, callers: int, seed: int) -> Found:
    kinds = (RIGHT, *(kind for kind in KINDS if kind.name in TIMED))
    people = min(calls, _PEOPLE)
    clock = SystemClock()
    before = _load()
    taken: dict[str, dict[str, list[float]]] = {
        answer: {kind.name: [] for kind in kinds} for answer in _ANSWERS
    }
    with (
        _opened(database_url, clock, kinds, people) as behind,
        click.progressbar(length=calls, label="times", file=sys.stderr) as bar,
        ThreadPoolExecutor(callers) as pool,
    ):
        chance = Random(seed)  # noqa: S311  # the same every time, on purpose
        for number in range(-_WARM, calls):
            # Kinds take turns in another order each round: a machine that slows down hits all.
            order = chance.sample(kinds, len(kinds))
            callers_now = [claimants(kind, people)[number % people] for kind in order]

            def call(who: Claimant) -> Mapping[str, float]:
                return _call(behind, who)

            for who, ticks in zip(callers_now, pool.map(call, callers_now), strict=True):
                for answer, seconds in ticks.items() if number >= 0 else ():
                    taken[answer][who.kind.name].append(seconds)
            bar.update(int(number >= 0))
    return judged(taken, (before, _load()), seed)


def _call(behind: Backstage, who: Claimant) -> Mapping[str, float]:
    """Claim, ask for the code, enter a wrong one, call again, from a number of its own: seconds
    that the answers took. Begun anew where the database is too busy for one of them.

    Raises:
        RehearsalError: it is so again and again.
    """
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(RecordsUnavailable):
            line = Line(behind.service, f"+8160{Random().randrange(10**8):08d}")  # noqa: S311
            claims(line, who)
            line.presses("000000", tick="wrong")
            line.calls_again("resume")
            return line.ticks
    raise RehearsalError("the database is too busy to time anything")


def judged(
    taken: Mapping[str, Mapping[str, list[float]]], load: tuple[float, float], seed: int
) -> Found:
    """What follows from times in seconds, by answer and kind of caller. ``load``: see Found."""
    pairs = [(a, kind) for a, kinds in taken.items() for kind in kinds if kind != RIGHT.name]
    ranks = [rank_sum(taken[answer][RIGHT.name], taken[answer][kind]) for answer, kind in pairs]
    corrected = dict(zip(pairs, holm([rank.p for rank in ranks]), strict=True))
    larger = {pair: rank.larger for pair, rank in zip(pairs, ranks, strict=True)}
    rows = []
    for answer, kinds in taken.items():
        right = percentile(kinds[RIGHT.name], 50) * 1000
        for kind, times in kinds.items():
            own = percentile(times, 50) * 1000
            row = Row(answer, kind, len(times), round(own, 2))
            if kind != RIGHT.name:
                pair = (answer, kind)
                row = replace(
                    row,
                    later_ms=round(own - right, 2),
                    guessed=round(larger[pair], 4),
                    p=corrected[pair],
                )
            rows.append(row)
    chance = Random(seed)  # noqa: S311
    smallest = {
        answer: smallest_found(kinds[RIGHT.name], len(pairs), chance)
        for answer, kinds in taken.items()
    }
    return Found(tuple(rows), smallest, load)


def smallest_found(times: Sequence[float], comparisons: int, chance: Random) -> float | None:
    """The smallest delay in milliseconds, of a grid, that is surely found among such times where
    so many comparisons are made; None: not even the largest."""
    alpha = _ALPHA / comparisons
    for ms in _GRID_MS:
        found = power(times, ms / 1000, alpha=alpha, trials=_TRIALS, chance=chance)
        if found >= _SURELY:
            return ms
    return None


def _times_text(found: Found, calls: int, callers: int) -> str:
    parts = [f"{calls} calls of each kind, {callers} at a time; load {_loads(found.load)}"]
    for answer, words in _ANSWERS.items():
        cells: list[tuple[str, ...]] = [(words, "p50 ms", "later ms", "guessed", "p")]
        for row in found.rows:
            if row.answer != answer:
                continue
            told = ("", "", "")
            if row.p is not None and row.guessed is not None and row.later_ms is not None:
                mark = " *" if row.p < _ALPHA else ""
                told = (f"{row.later_ms:+.1f}", f"{row.guessed:.1%}", f"{row.p:.3f}{mark}")
            cells.append((f"  {row.kind}", f"{row.p50_ms:.1f}", *told))
        least = found.smallest_ms[answer]
        surely = "none of the grid" if least is None else f"{least:g} ms and more"
        parts.append(f"{columns(cells)}\n  would be found nine times in ten: {surely}")
    marked = sum(row.p is not None and row.p < _ALPHA for row in found.rows)
    parts.append(f"told apart (*, by chance once in a hundred runs): {marked or 'none'}")
    return "\n\n".join(parts)


def _load() -> float:
    return os.getloadavg()[0]


def _loads(load: tuple[float, float]) -> str:
    return f"{load[0]:.1f} before, {load[1]:.1f} after"


# --- the stage -------------------------------------------------------------------------------


@contextmanager
def _opened(
    database_url: str, clock: Clock, kinds: Sequence[Kind], people: int
) -> Iterator[Backstage]:
    """Everything behind the telephone, with the customers of these kinds."""
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        # Callers are many, wrong codes the rule: what is limited by the day must not end it early.
        most: dict[str, object] = {
            "customer_sends_per_day": 50,
            "lockout_failures": 50,
            "breaker_percent": 0,
            "database_wait_s": 10.0,
        }
        settings = stage.bench_settings(Path(folder), database_url).model_copy(update=most)
        db = open_database(settings, clock)
        try:
            db.upgrade()
            store(db, kinds, people, clock)
        finally:
            db.dispose()
        provider = Providers(clock)
        behind = open_backstage(
            settings,
            clock,
            send_failed=lambda channel, kind: None,
            send_withheld=lambda channel, reason: None,
            senders={"sms": provider, "voice": provider, "email": provider},
        )
        try:
            yield behind
        finally:
            behind.close()
