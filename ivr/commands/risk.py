"""``ivr risk``: why calls were doubted, and what another policy would have made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from ivr.clock import SystemClock
from ivr.commands import options
from ivr.errors import NotFound
from ivr.flow.loader import load_policy
from ivr.identity.replay import CHECKED, ISSUED, PastRow, replayed
from ivr.records import audit, audit_chain, results
from ivr.records.database import Database
from ivr.settings import load_settings


@click.group()
def risk() -> None:
    """Why calls were doubted, and which another policy would decide otherwise."""


@risk.command()
@click.argument("reference")
def explain(reference: str) -> None:
    """Say what was decided about the call with the result REFERENCE, and on what.

    It is read from the audit. Codes and counts only: no personal data.
    """
    with _opened() as db, db.reading() as session:
        result = results.get(session, reference)
        rows = audit.about(session, ISSUED, result.call_id) if result is not None else []
    told = [row for row in rows if result is not None and row.get("turn") == result.turn]
    if not told:
        raise NotFound("the audit has no result with this reference", hint="see: ivr result labels")
    for line in _explained(told[-1]):
        click.echo(line)


def _explained(row: Mapping[str, object]) -> Iterator[str]:
    def listed(name: str) -> str:
        found = row.get(name, "-")
        if isinstance(found, dict):
            found = [f"{key} {value}" for key, value in found.items()]
        return ", ".join(found) or "-" if isinstance(found, list) else str(found)

    yield f"level      {listed('level')}"
    yield f"shown      {listed('factors')}"
    yield f"not more   {listed('why_not_more')}"
    yield f"flags      {listed('flags')}"
    yield f"signals    {listed('signals')}"
    yield f"risk       {listed('risk')}, {row.get('points', 0)} points: {listed('reasons')}"
    yield f"may        {listed('may')}"
    yield f"step up    {listed('step_up')}"
    yield f"policy     {listed('policy')}, flow {listed('flow_digest')}"


@risk.command()
@click.option(
    "--policy",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="The policy to try: a file like flows/policies/bank.yaml.",
)
@options.since
@options.until
def replay(path: Path, since: str | None, until: str | None) -> None:
    """Say which past calls would be decided otherwise under another policy.

    Reads what the audit keeps of each call: factors, flags and signals, no personal data.
    --since is included, --until is not.
    """
    policy = load_policy(path)
    with _opened() as db, db.reading() as session:
        found = replayed(_rows(audit_chain.rows(session), since, until), policy)
    for call in found.otherwise:
        click.echo(f"{call.at[:19]}Z  {call.call_id}  {'; '.join(call.changes)}")
    number = len(found.otherwise)
    decided = f"{found.beginnings} beginnings and {found.results} results decided again"
    click.echo(f"{decided}: {number or 'none'} otherwise")


def _rows(
    chained: Iterator[audit_chain.ChainedRow], since: str | None, until: str | None
) -> Iterator[PastRow]:
    for row in chained:
        wanted = row.what in (ISSUED, CHECKED) and (since or "") <= str(row.at)
        if wanted and (until is None or str(row.at) < until):
            try:
                details = json.loads(row.details)
            except ValueError:  # tampered with: `ivr audit verify` says so
                continue
            if isinstance(details, dict):
                yield PastRow(row.at, row.what, row.subject, details)


@contextmanager
def _opened() -> Iterator[Database]:
    from ivr.wiring.backstage import open_database

    db = open_database(load_settings(), SystemClock())
    try:
        yield db
    finally:
        db.dispose()
