"""``ivr audit``: the chain of everything that was attempted, read or changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ivr.clock import SystemClock
from ivr.commands import options
from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.errors import SignatureInvalid
from ivr.records import audit as entries
from ivr.records import audit_chain
from ivr.records.audit import Entry
from ivr.records.audit_check import verify as verify_chain
from ivr.settings import Settings, load_settings

_JWKS = click.option(
    "--jwks",
    type=click.Path(path_type=Path),
    help="The public keys that check anchors (JSON); default: this installation's key.",
)


@click.group()
def audit() -> None:
    """The audit: who did or saw what, when and why."""


@audit.command()
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of anchors that was kept elsewhere; may be given several times.",
)
@_JWKS
def verify(anchors: tuple[Path, ...], jwks: Path | None) -> None:
    """Check every row; exit 1 and name the first that was changed, removed, moved or put in.

    Calls go on meanwhile. Only an anchor tells when both the end of the chain and its head were
    put back to an earlier state.
    """
    settings = load_settings()
    known = _anchors(anchors, jwks, settings)
    with opened_database(settings) as db:
        done = verify_chain(db, anchors=known, progress=_show)
    span = f" from {done.first} to {done.last}" if done.rows else ""
    older = sum(position < done.removed for position in known)
    fit = f"; {len(known) - older} anchors fit" if anchors else ""
    gone = f"; {done.removed} older rows were purged" if done.removed else ""
    if older:
        gone += f", and {older} anchors are of their time"
    click.echo(f"the audit is whole: {done.rows} rows{span}{fit}{gone}")


@audit.command()
@options.since
@options.until
@click.option("--call", default="", help="Only rows about the call with this id.")
@why
def export(since: str | None, until: str | None, call: str, why: str) -> None:
    """Write the rows as JSON lines, oldest first. That it was read out is a row, too.

    --since is included, --until is not.
    """
    with opened_database() as db:
        with db.writing() as session:
            entries.note(session, Entry(operator(), "audit.exported", call, why), db.clock.now())
        with db.reading() as session:
            for row in audit_chain.rows(session):
                wanted = call in ("", row.subject) and (since or "") <= str(row.at)
                if wanted and (until is None or str(row.at) < until):
                    click.echo(json.dumps(_exported(row)))


@audit.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Append to this file; default: standard output.",
)
@why
def anchor(out: Path | None, why: str) -> None:
    """Sign where the chain ends now, after checking all of it. Keep the line elsewhere.

    `ivr audit verify --anchor FILE` proves later that nothing up to there changed or vanished.
    """
    from ivr.wiring.audit_anchor import sign_anchor
    from ivr.wiring.backstage import open_signer

    settings = load_settings()
    signer = open_signer(settings, SystemClock())
    with opened_database(settings) as db:
        with db.writing() as session:
            entries.note(session, Entry(operator(), "audit.anchored", "", why), db.clock.now())
        token = sign_anchor(signer, verify_chain(db, progress=_show), db.clock.now())
    if out is None:
        click.echo(token)
        return
    with out.open("a", encoding="ascii") as file:
        file.write(f"{token}\n")


def _anchors(paths: tuple[Path, ...], jwks: Path | None, settings: Settings) -> dict[int, str]:
    from ivr.wiring.audit_anchor import read_anchors
    from ivr.wiring.backstage import open_signer

    if not paths:
        return {}
    keys: dict[str, Any] = open_signer(settings, SystemClock()).jwks() if jwks is None else {}
    if jwks is not None:
        try:
            keys = json.loads(jwks.read_bytes())
        except (OSError, ValueError) as error:
            raise SignatureInvalid(
                f"{jwks} cannot be read as a key set [{type(error).__name__}]"
            ) from None
    return dict(read_anchors(paths, keys))


def _exported(row: audit_chain.ChainedRow) -> dict[str, object]:
    """A row as it goes out; details as JSON where they are."""
    fields = {name: getattr(row, name) for name in audit_chain.FIELDS}
    try:
        return fields | {"details": json.loads(row.details)}
    except (TypeError, ValueError):
        return fields


def _show(done: int, total: int) -> None:
    if done % 100_000 == 0:
        click.echo(f"{done} of {total} rows", err=True)
