"""``ivr risk``: why calls were doubted, and what another policy would have made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import click

from ivr.clock import JAPAN
from ivr.commands import options
from ivr.commands.opened_database import opened_database
from ivr.errors import NotFound
from ivr.flow.loader import load_policy
from ivr.identity.replay import CHECKED, ISSUED, PastRow, Replay, replayed
from ivr.records import audit, audit_chain, results


@click.group()
def risk() -> None:
    """Why calls were doubted, and which another policy would decide otherwise."""


@risk.command()
@click.argument("reference")
def explain(reference: str) -> None:
    """Say what was decided about the call with the result REFERENCE, and on what.

    It is read from the audit. Codes and counts only: no personal data.
    """
    with opened_database() as db, db.reading() as session:
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
@click.option("--summary", is_flag=True, help="Only the figures, not each call.")
def replay(path: Path, since: str | None, until: str | None, summary: bool) -> None:
    """Say which past calls would be decided otherwise under another policy.

    First how many calls were and would be decided how; then each call that would be decided
    otherwise, with its time in Japan, its id and what would change. Reads what the audit keeps of
    each call: factors, flags and signals, no personal data. --since is included, --until is not.
    """
    policy = load_policy(path)
    with opened_database() as db, db.reading() as session:
        found = replayed(_rows(audit_chain.rows(session), since, until), policy)
    for line in _replayed(found, policy.policy):
        click.echo(line)
    if summary:
        return
    for call in found.otherwise:
        at = datetime.fromisoformat(call.at).astimezone(JAPAN)
        click.echo(f"{at:%Y-%m-%d %H:%M}  {call.call_id}  {'; '.join(call.changes)}")


def _replayed(found: Replay, policy: str) -> Iterator[str]:
    """The figures as a table."""
    yield f"transfers: {found.results}, beginnings of calls: {found.beginnings}; by policy {policy}"
    if found.figures:
        wide = max(map(len, found.figures))
        yield f"  {'':{wide}}  {'was':>7}  {'would be':>8}"
        for name, each in found.figures.items():
            more = each.would_be - each.was
            difference = f"  ({more:+})" if more else ""
            yield f"  {name:{wide}}  {each.was:>7}  {each.would_be:>8}{difference}"
    number = len(found.otherwise)
    many = {0: "nothing", 1: "1 call"}.get(number, f"{number} calls")
    yield f"{many} would be decided otherwise"


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
