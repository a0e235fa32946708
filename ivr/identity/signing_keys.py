"""Which key signs results now, and which ones check them.

Whoever checks results keeps the published keys for as long as our caching headers allow. So a key
is published before it signs, and stays published until the last result it signed has expired:
whoever honours the headers always holds the key of a result that is valid.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from ivr.errors import SettingsError
from ivr.records.signing_keys import SigningSeed

ALGORITHM: Final = "EdDSA"
CURVE: Final[Literal["Ed25519"]] = "Ed25519"
#: How long whoever checks results may keep the published keys without asking again.
CACHED_FOR = timedelta(minutes=5)
#: A key begins so long after every process has published it: the time that others may keep the
#: keys from before, and half a minute for clocks that differ.
PUBLISHED_BEFORE = CACHED_FOR + timedelta(seconds=30)
#: The longest life a result can have (``IVR_RESULT_MINUTES``).
LONGEST_RESULT = timedelta(minutes=240)
#: A key stays published so long after the next one began: the longest result, and a quarter of an
#: hour for processes that change over late and for clocks that differ.
PUBLISHED_AFTER = LONGEST_RESULT + timedelta(minutes=15)
_KEY_HINT = "IVR_SIGNING_KEY, see docs/identity.md"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key and when it began or begins (aware); None for the one of the settings, which came
    before all others. ``number`` is its number in the database, 0 for that of the settings."""

    key: OKPKey
    begins: datetime | None = None
    number: int = 0


def in_force(keys: Sequence[SigningKey], now: datetime) -> SigningKey:
    """The key that signs at ``now``: the youngest that has begun. ``keys`` are not empty, oldest
    first."""
    begun = [each for each in keys if each.begins is None or each.begins <= now]
    return begun[-1] if begun else keys[0]


def published(keys: Sequence[SigningKey], now: datetime) -> tuple[SigningKey, ...]:
    """The keys that may have signed a result that is valid at ``now``, and those that will sign
    next. ``keys`` are oldest first."""
    following = [each.begins for each in keys[1:]]
    ends = [None if begins is None else begins + PUBLISHED_AFTER for begins in following]
    return tuple(
        key for key, end in zip(keys, [*ends, None], strict=True) if end is None or now < end
    )


def key_of_settings(key_jwk_json: str) -> SigningKey:
    """The key that ``IVR_SIGNING_KEY`` holds.

    Raises:
        SettingsError: it is no Ed25519 private JWK. The text never holds any of it.
    """
    try:
        key = OKPKey.import_key(json.loads(key_jwk_json))
    except (JoseError, ValueError, TypeError, KeyError):
        raise SettingsError("the signing key is not a JWK of type OKP", hint=_KEY_HINT) from None
    if key.curve_name != CURVE or not key.is_private:
        raise SettingsError(f"the signing key is not an {CURVE} private key", hint=_KEY_HINT)
    key.ensure_kid()
    return SigningKey(key)


def key_of_seed(stored: SigningSeed) -> SigningKey:
    """The key that the database holds as a seed."""
    private = Ed25519PrivateKey.from_private_bytes(stored.seed)
    member: dict[str, Any] = {
        "kty": "OKP",
        "crv": CURVE,
        "use": "sig",
        "alg": ALGORITHM,
        "d": _base64(stored.seed),
        "x": _base64(private.public_key().public_bytes_raw()),
    }
    key = OKPKey.import_key(member)
    key.ensure_kid()
    return SigningKey(key, stored.active_from, stored.number)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
