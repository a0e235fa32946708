"""``ivr result``: look at a signed verification result."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from ivr.clock import SystemClock
from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.errors import NotFound, RecordsUnavailable, SignatureInvalid
from ivr.identity.result import unchecked_claims
from ivr.identity.result import verify as verify_token
from ivr.records import audit, dispositions
from ivr.records.audit import Entry
from ivr.records.dispositions import DispositionRecord
from ivr.records.results import ResultRecord
from ivr.settings import Settings, load_settings
from ivr.telephony.dispositions import StoredDispositions
from ivr.telephony.ports import Said
from ivr.wiring.backstage import open_signer


@click.group()
def result() -> None:
    """Signed results: check one, and whether it was the person after all."""


@result.command("verify")
@click.argument("token")
@click.option(
    "--jwks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public keys as a file (the content of /.well-known/jwks.json); default: our own.",
)
@click.option("--audience", help="Who must be named as audience; default: IVR_AUDIENCE.")
@click.option(
    "--max-age", type=click.IntRange(1), help="Seconds after which even a valid TOKEN is too old."
)
def verify(token: str, jwks: Path | None, audience: str | None, max_age: int | None) -> None:
    """Check the signature, expiry and audience of TOKEN and print its claims.

    TOKEN may be - for standard input. Exit status 1 where it must not be relied on.
    """
    settings = load_settings()
    text = sys.stdin.read().strip() if token == "-" else token  # noqa: S105
    try:
        keys = _published(jwks) if jwks else _own(settings)
        claims = verify_token(
            text,
            keys,
            audience=audience or settings.audience,
            issuer=settings.issuer or settings.public_url,
            now=SystemClock().now(),
            max_age=None if max_age is None else timedelta(seconds=max_age),
        )
    except SignatureInvalid as error:
        click.echo(f"not valid: {error}", err=True)
        sys.exit(1)
    click.echo(json.dumps(claims, ensure_ascii=False, indent=2))


@result.command("labels")
@click.option(
    "--days", type=click.IntRange(1, 400), default=14, show_default=True, help="How far back."
)
@why
def labels(days: int, why: str) -> None:
    """Print transfers of the last days as JSON lines, and what agents said of them.

    `label` is null where nobody said anything. No personal data.
    """
    with opened_database() as db:
        now = db.clock.now()
        with db.writing() as session:
            read = Entry(operator(), "labels.listed", "", why, {"days": days})
            audit.note(session, read, now)
        with db.reading() as session:
            for each in dispositions.transfers(session, now - timedelta(days=days), now):
                said = dispositions.history(session, each.call_id)
                click.echo(json.dumps(_labelled(each, said)))


@result.command("label")
@click.argument("reference")
@click.argument("label", type=click.Choice(["person", "not_person"]))
@why
def label(reference: str, label: str, why: str) -> None:
    """Say of the transfer REFERENCE whether it was the person, for agents on plain phones.

    Within 14 days; what was said before stays on record. `ivr result labels` shows references.
    """
    settings = load_settings()
    with opened_database(settings) as db:
        most = settings.result_reads_per_minute
        stored = StoredDispositions(db, db.clock, readers={}, most_a_minute=most)
        kept = stored.keep(Said(reference, label == "person"), by=operator(), why=why)
    if kept is None:
        raise NotFound("no such result, or it is too late to say so", hint="ivr result labels")
    click.echo(f"the call is labelled {kept.label}")


def _labelled(transfer: ResultRecord, said: list[DispositionRecord]) -> dict[str, object]:
    claims = unchecked_claims(transfer.token)
    return {
        "at": transfer.created_at.isoformat(timespec="seconds"),
        "call": transfer.call_id,
        "reference": transfer.reference,
        "level": claims["acr"],
        "amr": claims["amr"],
        "flags": claims["flags"],
        "flow_digest": claims["flow_digest"],
        "destination": claims["destination"],
        "label": said[-1].label if said else None,
        "said": [
            {"label": each.label, "by": each.by, "at": each.at.isoformat(timespec="seconds")}
            for each in said
        ],
    }


def _own(settings: Settings) -> dict[str, Any]:
    """This installation's keys; without its database only that of the settings is known."""
    try:
        with opened_database(settings) as db:
            return open_signer(settings, SystemClock(), db).jwks()
    except RecordsUnavailable as error:
        click.echo(f"only IVR_SIGNING_KEY is tried: {error}", err=True)
        return open_signer(settings, SystemClock()).jwks()


def _published(jwks: Path) -> dict[str, Any]:
    try:
        keys: dict[str, Any] = json.loads(jwks.read_bytes())
    except ValueError:
        raise SignatureInvalid(f"{jwks} is not JSON", hint="fetch it again") from None
    return keys
