"""``ivr result``: look at a signed verification result."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from ivr.clock import SystemClock
from ivr.errors import SignatureInvalid
from ivr.identity.result import verify as verify_token
from ivr.settings import load_settings
from ivr.wiring.backstage import open_signer


@click.group()
def result() -> None:
    """Check the signed results that agents' systems receive."""


@result.command("verify")
@click.argument("token")
@click.option(
    "--jwks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public keys as a file (the content of /.well-known/jwks.json); default: our own.",
)
@click.option("--audience", help="Who must be named as audience; default: IVR_AUDIENCE.")
def verify(token: str, jwks: Path | None, audience: str | None) -> None:
    """Check the signature, expiry and audience of TOKEN and print its claims.

    TOKEN may be - for standard input. Exit status 1 where it must not be relied on.
    """
    settings = load_settings()
    text = sys.stdin.read().strip() if token == "-" else token  # noqa: S105
    try:
        keys = _published(jwks) if jwks else open_signer(settings, SystemClock()).jwks()
        claims = verify_token(
            text,
            keys,
            audience=audience or settings.audience,
            issuer=settings.issuer or settings.public_url,
            now=SystemClock().now(),
        )
    except SignatureInvalid as error:
        click.echo(f"not valid: {error}", err=True)
        sys.exit(1)
    click.echo(json.dumps(claims, ensure_ascii=False, indent=2))


def _published(jwks: Path) -> dict[str, Any]:
    try:
        keys: dict[str, Any] = json.loads(jwks.read_bytes())
    except ValueError:
        raise SignatureInvalid(f"{jwks} is not JSON", hint="fetch it again") from None
    return keys
