"""The signed result of a call: a compact JWS (RFC 7515) whose claims follow RFC 7519.

It says how sure we are, of which customer (by the company's own number for them) and how we
came to be; no name, birthdate, phone number or code.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from joserfc.jws import JWSRegistry

from ivr.clock import Clock
from ivr.errors import RecordsUnavailable, SignatureInvalid
from ivr.identity import signing_keys
from ivr.identity.assurance import Assurance
from ivr.identity.signing_keys import ALGORITHM, CACHED_FOR, CURVE, SigningKey
from ivr.records import signing_keys as stored_keys
from ivr.records.database import Database

#: Media type of the token (RFC 8725 section 3.11: no other token of ours passes for a result).
TOKEN_TYPE = "honnin-result+jwt"  # noqa: S105
#: Clocks of two machines may differ by this much.
_LEEWAY = timedelta(seconds=60)
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class _EdDsaOnly(JWSRegistry):
    """Knows one algorithm. joserfc warns at each use of the name ``EdDSA``, which RFC 9864
    replaces by ``Ed25519``; verifiers in the field know the old name (RFC 8037)."""

    def get_alg(self, name: str) -> Any:
        if name != ALGORITHM:
            raise SignatureInvalid(
                "the token is signed with another algorithm", hint=f"only {ALGORITHM} is accepted"
            )
        return self.algorithms[name]


_REGISTRY = _EdDsaOnly()


def new_signing_key() -> str:
    """A fresh Ed25519 private key as a JWK (JSON); its ``kid`` is its RFC 7638 thumbprint."""
    key = OKPKey.generate_key(CURVE, {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def new_reference() -> str:
    """An unguessable name for a result: 128 random bits, 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """A key set (``jwks``, RFC 7517) that may be kept for ``max_age_s`` seconds without asking
    again; 0: not at all."""

    jwks: dict[str, Any]
    max_age_s: int


class ResultSigner:
    """Issues results and publishes the keys that check them."""

    def __init__(
        self,
        key_jwk_json: str,
        issuer: str,
        audience: str,
        clock: Clock,
        lifetime: timedelta,
        *,
        audiences: Mapping[str, str] = MappingProxyType({}),
        db: Database | None = None,
    ) -> None:
        """
        Args:
            key_jwk_json: an Ed25519 private JWK, see :func:`new_signing_key`. Signs results until
                ``db`` holds a key that has begun.
            audience: who may rely on results for destinations that are not in ``audiences``.
            audiences: logical destination -> who may rely on results for it.
            db: where the keys are that replace ``key_jwk_json``; None: it is never replaced.

        Raises:
            SettingsError: it is no such key. The text never holds any of it.
        """
        self._own = signing_keys.key_of_settings(key_jwk_json)
        self._issuer = issuer
        self._audience = audience
        self._audiences = audiences
        self._clock = clock
        self._lifetime = lifetime
        self._db = db
        self._made: dict[int, SigningKey] = {}

    def issue(
        self,
        *,
        reference: str,
        assurance: Assurance,
        language: str,
        verified_at: datetime | None,
        flow: str,
        flow_digest: str,
        destination: str,
    ) -> str:
        """A compact JWS about one call, valid from now for the signer's lifetime. Inside a
        transaction, or after one: the keys are those that it began with.

        ``reference``: what the agent's system asks for. ``verified_at``: when a code was
        accepted (aware), or None. ``destination``: the logical name of who answers.
        """
        now = self._clock.now()
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audiences.get(destination, self._audience),
            "sub": reference,
            "jti": secrets.token_urlsafe(16),
            "iat": int(now.timestamp()),
            "exp": int((now + self._lifetime).timestamp()),
            "acr": assurance.level,
            "amr": list(assurance.amr),
            "lang": language,
            "flags": list(assurance.flags),
            "flow": flow,
            "flow_digest": flow_digest,
            "destination": destination,
        }
        if assurance.customer is not None:
            claims["customer"] = assurance.customer
        if assurance.decision is not None:
            claims |= assurance.decision.claims()
        if verified_at is not None:
            claims["verified_at"] = int(verified_at.timestamp())
        return _signed(signing_keys.in_force(self._keys(), now).key, TOKEN_TYPE, claims)

    def sign(self, kind: str, claims: dict[str, Any]) -> str:
        """A compact JWS of media type ``kind``, which tells it from every other, with the key of
        the settings: for what has to be checked when the keys of results are long gone."""
        return _signed(self._own.key, kind, claims)

    def jwks(self) -> dict[str, Any]:
        """The public keys that check results (RFC 7517)."""
        return self.published().jwks

    def published(self) -> PublishedKeys:
        """The public keys that check results, for ``/.well-known/jwks.json``. Never inside a
        transaction. While the database cannot be asked, those known so far, not to be kept.

        Raises:
            RecordsUnavailable: it could never be asked in this process.
        """
        fresh = True
        if self._db is not None:
            try:
                self._db.look_for_keys()
            except RecordsUnavailable:
                if not self._db.keys.loaded:
                    raise
            # Another thread may be asking this very moment, and wait for its answer.
            fresh = self._db.keys.is_fresh
        keys = signing_keys.published(self._keys(), self._clock.now())
        jwks = {"keys": [dict(each.key.as_dict(private=False)) for each in keys]}
        return PublishedKeys(jwks, int(CACHED_FOR.total_seconds()) if fresh else 0)

    def _keys(self) -> list[SigningKey]:
        if self._db is None or not self._db.keys.loaded:
            return [self._own]
        seeds = stored_keys.held(self._db.keys)
        for seed in seeds:
            if seed.number not in self._made:
                self._made[seed.number] = signing_keys.key_of_seed(seed)
        return [self._own, *(self._made[seed.number] for seed in seeds)]


def _signed(key: OKPKey, kind: str, claims: dict[str, Any]) -> str:
    header = {"alg": ALGORITHM, "typ": kind, "kid": key.kid}
    return jwt.encode(header, claims, key, registry=_REGISTRY)


class SeenResults:
    """The results that were relied on, by ``jti``, for as long as they are valid: whoever gets
    hold of one cannot have it relied on again. One process's memory, safe between threads."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, claims: Mapping[str, Any], now: datetime) -> None:
        """Note a result whose claims were checked.

        Raises:
            SignatureInvalid: it was relied on before.
        """
        name, instant = str(claims.get("jti")), now.timestamp()
        until = float(claims["exp"]) + _LEEWAY.total_seconds()
        with self._lock:
            self._until = {jti: end for jti, end in self._until.items() if end > instant}
            if name in self._until:
                raise SignatureInvalid(
                    "the result was relied on before", hint="it is good for one call, once"
                )
            self._until[name] = until

    def __len__(self) -> int:
        return len(self._until)


def verify(
    token: str,
    jwks: dict[str, Any],
    *,
    audience: str,
    issuer: str | None,
    now: datetime,
    max_age: timedelta | None = None,
    seen: SeenResults | None = None,
) -> dict[str, Any]:
    """The claims of a result that is signed by a key of ``jwks`` and valid ``now`` (aware).

    ``audience``: who relies on it. ``issuer``: who must have signed, None for anyone whose key
    is in ``jwks``. ``max_age``: how old it may be, where that is less than it is valid. ``seen``:
    refuses what was relied on before. Clocks may differ by a minute.

    Raises:
        SignatureInvalid: malformed, forged, of another kind, for somebody else, expired, too old,
            or relied on before.
    """
    claims = signed_claims(token, jwks, TOKEN_TYPE, "result")
    _check_claims(claims, audience=audience, issuer=issuer, now=now)
    if (
        max_age is not None
        and now.timestamp() >= claims["iat"] + (max_age + _LEEWAY).total_seconds()
    ):
        raise SignatureInvalid("the result is too old", hint="results are for the present call")
    if seen is not None:
        seen.take(claims, now)
    return claims


def unchecked_claims(token: str) -> dict[str, Any]:
    """The claims of a result of our own, from our own database: nobody has to be believed.

    Raises:
        SignatureInvalid: it is no token.
    """
    if not _COMPACT.fullmatch(token):
        raise SignatureInvalid("this is no result token", hint="three parts joined by dots")
    try:
        return dict(json.loads(jws.extract_compact(token.encode()).payload))
    except (JoseError, ValueError, TypeError):
        raise SignatureInvalid("the token holds no claims") from None


def signed_claims(token: str, jwks: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """The claims of a token of media type ``kind`` that a key of ``jwks`` signed, whenever.
    ``name`` is what errors call it.

    Raises:
        SignatureInvalid: malformed, forged, or of another kind.
    """
    if not _COMPACT.fullmatch(token):
        raise SignatureInvalid(f"this is no {name} token", hint="three parts joined by dots")
    keys = _public_keys(jwks)
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = keys.get(str(header.get("kid")))
        if key is None:
            raise SignatureInvalid(
                "the token is signed with an unknown key", hint="fetch the key set again"
            )
        if header.get("typ") != kind:
            raise SignatureInvalid(f"the token is not a {name}", hint=f"typ is not {kind}")
        return dict(jwt.decode(token, key, registry=_REGISTRY).claims)
    except (JoseError, ValueError):
        raise SignatureInvalid("the signature does not fit the token") from None


def _check_claims(
    claims: dict[str, Any], *, audience: str, issuer: str | None, now: datetime
) -> None:
    if claims.get("aud") != audience:
        raise SignatureInvalid("the result is for somebody else", hint="check the audience")
    if issuer is not None and claims.get("iss") != issuer:
        raise SignatureInvalid("the result comes from somebody else", hint="check the issuer")
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not isinstance(expires, int):
        raise SignatureInvalid("the result does not say when it is valid")
    leeway = _LEEWAY.total_seconds()
    if now.timestamp() >= expires + leeway:
        raise SignatureInvalid("the result has expired", hint="results are for the present call")
    if now.timestamp() < issued - leeway:
        raise SignatureInvalid("the result is from the future", hint="check this machine's clock")


def _public_keys(jwks: dict[str, Any]) -> dict[str, OKPKey]:
    try:
        keys = KeySet.import_key_set(jwks).keys  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise SignatureInvalid("the key set is not a JWKS", hint="RFC 7517 section 5") from None
    return {
        str(key.kid): key
        for key in keys
        if isinstance(key, OKPKey) and key.curve_name == CURVE and key.kid
    }
