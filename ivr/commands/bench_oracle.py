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
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import click

from ivr.clock import JAPAN, Clock, SystemClock
from ivr.commands import bench_stage as stage
from ivr.commands.opened_database import opened_database
from ivr.commands.oracle_calls import Line, RestartedClock, Told, claims, paths, told_apart
from ivr.commands.oracle_directories import WHERES, Where, company_directory, kinds_of
from ivr.commands.oracle_figures import ANSWERS, Found, judged, times_text
from ivr.commands.oracle_people import (
    CRM_KINDS,
    RIGHT,
    Claimant,
    Kind,
    Providers,
    claimants,
    registered,
    spoil,
    store,
)
from ivr.errors import RecordsUnavailable, RehearsalError
from ivr.telephony.logging import configure_logging
from ivr.understanding import slots
from ivr.wiring.backstage import Backstage, open_backstage

#: Those whose provider takes its time: on a clock that stands still nobody does.
_TAKING_TIME = frozenset({"slow", "hangs"})
#: Those who are timed, beside the right ones: one for each way in which the work could differ.
TIMED = frozenset({
    "wrong name", "wrong birthdate", "unknown birthdate", "two alike", "locked", "no contact",
    "provider slow", "provider hangs", "provider refuses", *(kind.name for kind in CRM_KINDS),
})  # fmt: skip
#: At most so many people of each kind; each calls several times.
_PEOPLE = 40
#: Calls of each that warm up and are not counted.
_WARM = 1
#: How often a call is begun that the database is too busy for.
_ATTEMPTS = 20
#: Seconds of a look-up in a system of others on a clock that stands still: a machine may be busy.
_LOOK_UP_S = 5.0
#: When the first path is walked.
BEGIN = datetime(2026, 11, 2, 10, tzinfo=JAPAN)


@click.command()
@click.option(
    "--paths",
    "number",
    default=100,
    show_default=True,
    type=click.IntRange(0, 10_000),
    help="Sequences of what callers do, each by people of 17 kinds (26 with --directory crm).",
)
@click.option(
    "--calls",
    default=200,
    show_default=True,
    type=click.IntRange(0, 5000),
    help="Calls of each of 10 kinds (19 with --directory crm) that are timed.",
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
@click.option(
    "--directory",
    "where",
    default="records",
    show_default=True,
    type=click.Choice(WHERES),
    help="Where customers are: our table, a company's own, its CRM, on a bad day of three kinds.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def oracle(
    number: int,
    calls: int,
    callers: int,
    seed: int,
    database_url: str,
    where: Where,
    as_json: bool,
) -> None:
    """Whether callers can tell by words, turns or time who is a customer.

    First words and turns: wrong names, wrong birthdates, unknown, locked and right people, and
    right ones whose provider fails, do the same on a clock that stands still, and must get the
    same answers to the letter. Then time: the same people, on the machine's clock, compared with
    right callers by rank; beside it stands how small a difference would have been found. Look-ups
    in a company's own system take IVR_DIRECTORY_SECONDS. Exit status 1: words or turns differ.
    docs/security.md says how to read the times.
    """
    configure_logging("error")
    slots.warm()
    with ExitStack() as open_things:
        urls = [""] * 2
        if database_url:
            urls = [open_things.enter_context(stage.own_database(database_url)) for _ in range(2)]
        told = compare_words(urls[0], number, seed, where) if number else []
        found = _times(urls[1], calls, callers, seed, where) if calls else None
    if as_json:
        report = {
            "directory": where,
            "paths": number,
            "told_apart": [asdict(each) for each in told],
            "times": None if found is None else asdict(found),
        }
        click.echo(json.dumps(report, ensure_ascii=False, default=str))
    else:
        parts = [_words_text(told, number, where)] if number else []
        parts += [] if found is None else [times_text(found, calls, callers)]
        click.echo("\n\n".join(parts))
    sys.exit(1 if told else 0)


# --- words and turns -------------------------------------------------------------------------


def compared_kinds(where: Where = "records") -> tuple[Kind, ...]:
    """Those who can be compared with right callers on a clock that stands still."""
    return tuple(kind for kind in kinds_of(where)[1:] if kind.provider not in _TAKING_TIME)


def compare_words(
    database_url: str, number: int, seed: int, where: Where = "records"
) -> list[Told]:
    """Everybody walks ``number`` paths: who can be told from a customer. Each path has a day of
    its own, so that no limit of a day meets anybody who is not to meet it.

    Raises:
        RehearsalError: right callers were not sent a code, so that nothing was compared.
    """
    kinds = compared_kinds(where)
    clock = RestartedClock(BEGIN)
    told: list[Told] = []
    with (
        _opened(database_url, clock, (RIGHT, *kinds), 1, where, _LOOK_UP_S) as stage_,
        click.progressbar(length=number, label="words", file=sys.stderr) as bar,
    ):
        behind = stage_.behind
        for day, moves in enumerate(paths(number, seed)):
            clock.restart(BEGIN + timedelta(days=day))
            spoil(behind.db, kinds, 1, clock)
            told += told_apart(behind.service, clock, kinds, moves, keyed=day % 2 == 1, number=day)
            bar.update(1)
    _see_customers(where, stage_.providers, number)
    return told


def _see_customers(where: Where, providers: Providers, least: int) -> int:
    """How many right callers were sent a code: as many as called, unless nobody can be found."""
    reached = providers.asked[RIGHT.name]
    if where != "crm-away" and reached < least:
        raise RehearsalError(
            f"only {reached} codes were sent to {least} right callers: others looked like them",
            hint="fewer --callers at a time, or a higher IVR_DIRECTORY_SECONDS",
        )
    return reached


def _words_text(told: Sequence[Told], number: int, where: Where) -> str:
    calls = number * (1 + len(compared_kinds(where)))
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


def _times(database_url: str, calls: int, callers: int, seed: int, where: Where) -> Found:
    kinds = (RIGHT, *(kind for kind in kinds_of(where) if kind.name in TIMED))
    people = min(calls, _PEOPLE)
    clock = SystemClock()
    before = _load()
    taken: dict[str, dict[str, list[float]]] = {
        answer: {kind.name: [] for kind in kinds} for answer in ANSWERS
    }
    with (
        _opened(database_url, clock, kinds, people, where) as stage_,
        click.progressbar(length=calls, label="times", file=sys.stderr) as bar,
        ThreadPoolExecutor(callers) as pool,
    ):
        chance = Random(seed)  # noqa: S311  # the same every time, on purpose
        for number in range(-_WARM, calls):
            # Kinds take turns in another order each round: a machine that slows down hits all.
            order = chance.sample(kinds, len(kinds))
            callers_now = [claimants(kind, people)[number % people] for kind in order]

            def call(who: Claimant) -> Mapping[str, float]:
                return _call(stage_.behind, who)

            for who, ticks in zip(callers_now, pool.map(call, callers_now), strict=True):
                for answer, seconds in ticks.items() if number >= 0 else ():
                    taken[answer][who.kind.name].append(seconds)
            bar.update(int(number >= 0))
    reached = _see_customers(where, stage_.providers, calls)
    return judged(taken, (before, _load()), seed, reached)


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


def _load() -> float:
    return os.getloadavg()[0]


# --- the stage -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stage:
    behind: Backstage
    providers: Providers


@contextmanager
def _opened(
    database_url: str,
    clock: Clock,
    kinds: Sequence[Kind],
    people: int,
    where: Where,
    look_up_s: float | None = None,
) -> Iterator[_Stage]:
    """Everything behind the telephone, with the customers of these kinds. ``look_up_s``: in place
    of the setting."""
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder, ExitStack() as opened:
        # Callers are many, wrong codes the rule: what is limited by the day must not end it early.
        most: dict[str, object] = {
            "customer_sends_per_day": 50,
            "lockout_failures": 50,
            "breaker_percent": 0,
            "database_wait_s": 10.0,
        }
        settings = stage.bench_settings(Path(folder), database_url).model_copy(update=most)
        company = company_directory(
            where,
            Path(folder),
            database_url,
            clock,
            kinds=kinds,
            people=people,
            seconds=look_up_s or settings.directory_seconds,
        )
        settings = settings.model_copy(update=opened.enter_context(company))
        with opened_database(settings, clock) as db:
            db.upgrade()
            if where == "records":
                store(db, registered(kinds, people, clock), clock)
            spoil(db, kinds, people, clock)
        providers = Providers(clock)
        behind = open_backstage(
            settings,
            clock,
            send_failed=lambda channel, kind: None,
            send_withheld=lambda channel, reason: None,
            senders={"sms": providers, "voice": providers, "email": providers},
        )
        opened.callback(behind.close)
        yield _Stage(behind, providers)
