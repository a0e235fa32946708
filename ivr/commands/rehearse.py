"""``ivr rehearse``: place many rehearsed calls and say which did not go as their files expect."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import TextIO

import click

from ivr.clock import Clock, SystemClock
from ivr.commands.opened_database import opened_database
from ivr.commands.prompts import render_ahead
from ivr.errors import FilesError, Problem, RehearsalError
from ivr.flow.flow import Flow
from ivr.identity.ports import Channel, CodeSender
from ivr.records.customer_csv import store_file
from ivr.rehearsal.callfile import CallFile, load_call
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.report import hint_of_load, summary, table_heading, table_row
from ivr.rehearsal.stage import RunningApp, SenderWrap
from ivr.rehearsal.world import Worlds
from ivr.settings import Settings, load_settings
from ivr.telephony.logging import configure_logging
from ivr.telephony.media.overhearing import Overhear
from ivr.wiring.application import build_app
from ivr.wiring.backstage import load_shipped_flow
from ivr.wiring.media import media_in_thread
from ivr.wiring.senders import make_senders

#: Werkzeug builds its routes with ``ast.parse``, which in CPython 3.11 fails now and then when
#: two threads are in it (python/cpython issue 106905).
_BUILDING = Lock()

_AUDIO = "docs/rehearsal.md, 'audio'"

#: Calls placed at the same time unless told otherwise.
JOBS = 4


class WiredStage:
    """The real application. What it logs from ``level`` up is written to ``log``; ``overhear`` is
    told what is heard of callers by voice."""

    def __init__(self, log: TextIO, level: str, overhear: Overhear | None = None) -> None:
        self._log = log
        self._level = level
        self._overhear = overhear

    def prepare(self, settings: Settings, clock: Clock, customers: Path | None) -> None:
        """See :class:`ivr.rehearsal.stage.Stage`."""
        with opened_database(settings, clock) as db:
            db.upgrade()
            if customers is not None:
                store_file(db, customers, lambda done, total: None)

    def build(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> RunningApp:
        """See :class:`ivr.rehearsal.stage.Stage`."""
        senders = _senders(settings, clock, wrap_sender)
        with _BUILDING:
            running = build_app(settings, clock, senders=senders, flow=flow)
        configure_logging(self._level, self._log)
        return RunningApp(running.app, running.close)

    def media(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> AbstractContextManager[str]:
        """See :class:`ivr.rehearsal.stage.Stage`."""
        senders = _senders(settings, clock, wrap_sender)
        return media_in_thread(settings, clock, senders=senders, flow=flow, overhear=self._overhear)


def _senders(settings: Settings, clock: Clock, wrap: SenderWrap) -> dict[Channel, CodeSender]:
    return {channel: wrap(sender) for channel, sender in make_senders(settings, clock).items()}


def load_flows(settings: Settings) -> dict[str, Flow]:
    """Every flow in the flows folder, by name.

    Raises:
        FilesError: every problem of every flow.
    """
    flows: dict[str, Flow] = {}
    problems: list[Problem] = []
    for file in sorted(settings.flows_dir.glob("*/flow.yaml")):
        try:
            flow = load_shipped_flow(settings, name=file.parent.name)
            flows[flow.name] = flow
        except FilesError as error:
            problems += error.problems
    if problems:
        raise FilesError(problems)
    return flows


def load_calls(paths: Iterable[Path], flows: Mapping[str, Flow]) -> list[CallFile]:
    """Every call file, in order.

    Raises:
        FilesError: every problem of every file.
    """
    calls: list[CallFile] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            calls.append(load_call(path, flows=flows))
        except FilesError as error:
            problems += error.problems
    if problems:
        raise FilesError(problems)
    return calls


def call_paths(given: Iterable[Path], flows_dir: Path) -> list[Path]:
    """Call files: those given, those in given folders, or all of the flows' own.

    Raises:
        RehearsalError: there are none.
    """
    found: list[Path] = []
    for path in given or sorted(flows_dir.glob("*/calls")):
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(path.glob("*.yaml")) or sorted(path.glob("**/calls/*.yaml"))
        if not inside:
            raise RehearsalError(f"{path} holds no call files", hint="they end in .yaml")
        found += inside
    if not found:
        raise RehearsalError(f"no call files in {flows_dir}/*/calls", hint="docs/rehearsal.md")
    return found


def rehearse_all(
    worlds: Worlds,
    calls: Iterable[CallFile],
    flows: Mapping[str, Flow],
    *,
    jobs: int,
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """Place all calls, ``jobs`` at a time. ``done`` is told of each outcome, in order."""
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for outcome in pool.map(lambda call: worlds.rehearse(call, flows[call.flow]), calls):
            outcomes.append(outcome)
            done(outcome)
    return outcomes


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--fast/--real-time", default=True, help="Let the clock run ahead (default).")
@click.option("--voice", is_flag=True, help="By media stream: the calls that have sound.")
@click.option(
    "--jobs", default=JOBS, show_default=True, type=click.IntRange(1, 64), help="Calls at a time."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option(
    "--server-log", type=click.File("w"), default="/dev/null", help="Where the server logs to."
)
def rehearse(
    paths: tuple[Path, ...], fast: bool, voice: bool, jobs: int, as_json: bool, server_log: TextIO
) -> None:
    """Place rehearsed calls: the call files PATH (files or folders), or all of every flow.

    Exit status 1 where a call does not go as its file expects. docs/rehearsal.md says how to
    write call files.
    """
    settings = load_settings()
    flows = load_flows(settings)
    calls = load_calls(call_paths(paths, settings.flows_dir), flows)
    mute = [call for call in calls if call.mute is not None] if voice else []
    calls = [call for call in calls if call not in mute]
    if not calls:
        raise RehearsalError("no call has sound for all that its caller says", hint=_AUDIO)
    for name in {call.flow for call in calls} if voice else ():
        render_ahead(settings, name)
    clock = SystemClock()
    began = clock.now()
    if not as_json:
        click.echo(table_heading())
    with Worlds(WiredStage(server_log, settings.log_level), fast=fast, voice=voice) as worlds:
        outcomes = rehearse_all(
            worlds,
            calls,
            flows,
            jobs=jobs,
            done=lambda outcome: None if as_json else click.echo(table_row(outcome)),
        )
    seconds = (clock.now() - began).total_seconds()
    failed = sum(not outcome.ok for outcome in outcomes)
    if as_json:
        report = {
            "ok": not failed,
            "failed": failed,
            "real_seconds": round(seconds, 1),
            "left_out": len(mute),
            "calls": [outcome.as_json() for outcome in outcomes],
        }
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        click.echo(summary(outcomes, seconds))
        load, cores = os.getloadavg()[0], os.cpu_count() or 1
        if voice and (hint := hint_of_load(outcomes, load=load, cores=cores)):
            click.echo(hint)
        if mute:
            click.echo(f"{len(mute)} calls left out: there is no sound of their callers ({_AUDIO})")
    sys.exit(1 if failed else 0)
