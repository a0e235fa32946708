"""Anchors of the audit: its head, signed, to be kept where nobody who runs this can reach it.

An anchor says which hash the row at a position had. Whoever changes, removes or rewrites rows up
to there, with whatever keys, cannot give that row the same hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from ivr.errors import SignatureInvalid
from ivr.identity.result import ResultSigner, signed_claims
from ivr.records.audit_check import Verified

ANCHOR_TYPE = "honnin-audit-anchor+jwt"


def sign_anchor(signer: ResultSigner, chain: Verified, at: datetime) -> str:
    """A compact JWS of the end of a chain that was checked. ``at``: now, aware."""
    claims = {"position": chain.position, "mac": chain.mac, "iat": int(at.timestamp())}
    return signer.sign(ANCHOR_TYPE, claims)


def read_anchors(paths: Sequence[Path], jwks: dict[str, Any]) -> Mapping[int, str]:
    """Position -> hash, of every anchor in the files, one a line.

    Raises:
        SignatureInvalid: naming the file and line that is no anchor signed by a key of ``jwks``,
            or that contradicts another; or a file without any, which would prove nothing.
    """
    anchors: dict[int, str] = {}
    for path in paths:
        lines = _lines(path)
        if not any(lines):
            raise SignatureInvalid(f"{path} holds no anchor", hint="is it the file you kept?")
        for number, line in enumerate(lines, start=1):
            if not line:
                continue
            try:
                claims = signed_claims(line, jwks, ANCHOR_TYPE, "signed anchor")
            except SignatureInvalid as error:
                raise SignatureInvalid(
                    f"{path}:{number}: {error.message}", hint=error.hint
                ) from None
            position, mac = claims.get("position"), claims.get("mac")
            if not isinstance(position, int) or not isinstance(mac, str) or position < 1:
                raise SignatureInvalid(f"{path}:{number}: the anchor names no row")
            if anchors.setdefault(position, mac) != mac:
                raise SignatureInvalid(
                    f"{path}:{number}: another anchor knows row {position} otherwise"
                )
    return anchors


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="ascii").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SignatureInvalid(
            f"{path} cannot be read as anchors [{type(error).__name__}]"
        ) from None
