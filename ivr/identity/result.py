"""The signed result of a call: a compact JWS (RFC 7515) whose claims follow RFC 7519.

It says how sure we are, of which customer (by the company's own number for them) and how we
came to be; no name, birthdate, phone number or code.
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from joserfc.jws import JWSRegistry

from ivr.clock import Clock
from ivr.errors import SettingsError, SignatureInvalid
from ivr.identity.assurance import Assurance

#: Media type of the token (RFC 8725 section 3.11: no other token of ours passes for a result).
TOKEN_TYPE = "honnin-result+jwt"  # noqa: S105
_ALGORITHM = "EdDSA"
_CURVE: Final[Literal["Ed25519"]] = "Ed25519"
#: Clocks of two machines may differ by this much.
_LEEWAY = timedelta(seconds=60)
_KEY_HINT = "IVR_SIGNING_KEY, see docs/identity.md"
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class _EdDsaOnly(JWSRegistry):
    """Knows one algorithm. joserfc warns at each use of the name ``EdDSA``, which RFC 9864
    replaces by ``Ed25519``; verifiers in the field know the old name (RFC 8037)."""

    def get_alg(self, name: str) -> Any:
        if name != _ALGORITHM:
            raise SignatureInvalid(
                "the token is signed with another algorithm", hint=f"only {_ALGORITHM} is accepted"
            )
        return self.algorithms[name]


_REGISTRY = _EdDsaOnly()


def new_signing_key() -> str:
    """A fresh Ed25519 private key as a JWK (JSON); its ``kid`` is its RFC 7638 thumbprint."""
    key = OKPKey.generate_key(
        _CURVE, {"use": "sig", "alg": _ALGORITHM}, private=True, auto_kid=True
    )
    return json.dumps(key.as_dict(private=True))


def new_reference() -> str:
    """An unguessable name for a result: 128 random bits, 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


class ResultSigner:
    """Issues results and publishes the key that checks them."""

    def __init__(
        self, key_jwk_json: str, issuer: str, audience: str, clock: Clock, lifetime: timedelta
    ) -> None:
        """``key_jwk_json``: an Ed25519 private JWK, see :func:`new_signing_key`.

        Raises:
            SettingsError: it is no such key. The text never holds any of it.
        """
        self._key = _private_key(key_jwk_json)
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._lifetime = lifetime

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
        """A compact JWS about one call, valid from now for the signer's lifetime.

        ``reference``: what the agent's system asks for. ``verified_at``: when a code was
        accepted (aware), or None. ``destination``: the logical name of who answers.
        """
        now = self._clock.now()
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
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
        if verified_at is not None:
            claims["verified_at"] = int(verified_at.timestamp())
        return self.sign(TOKEN_TYPE, claims)

    def sign(self, kind: str, claims: dict[str, Any]) -> str:
        """A compact JWS of media type ``kind``, which tells it from every other."""
        header = {"alg": _ALGORITHM, "typ": kind, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, registry=_REGISTRY)

    def jwks(self) -> dict[str, Any]:
        """The public keys that check results (RFC 7517), for ``/.well-known/jwks.json``."""
        return {"keys": [dict(self._key.as_dict(private=False))]}


def verify(
    token: str, jwks: dict[str, Any], *, audience: str, issuer: str | None, now: datetime
) -> dict[str, Any]:
    """The claims of a result that is signed by a key of ``jwks`` and valid ``now`` (aware).

    ``audience``: who relies on it. ``issuer``: who must have signed, None for anyone whose key
    is in ``jwks``. Clocks may differ by a minute.

    Raises:
        SignatureInvalid: malformed, forged, of another kind, for somebody else, or expired.
    """
    claims = signed_claims(token, jwks, TOKEN_TYPE, "result")
    _check_claims(claims, audience=audience, issuer=issuer, now=now)
    return claims


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


def _private_key(key_jwk_json: str) -> OKPKey:
    try:
        key = OKPKey.import_key(json.loads(key_jwk_json))
    except (JoseError, ValueError, TypeError, KeyError):
        raise SettingsError("the signing key is not a JWK of type OKP", hint=_KEY_HINT) from None
    if key.curve_name != _CURVE or not key.is_private:
        raise SettingsError(f"the signing key is not an {_CURVE} private key", hint=_KEY_HINT)
    key.ensure_kid()
    return key


def _public_keys(jwks: dict[str, Any]) -> dict[str, OKPKey]:
    try:
        keys = KeySet.import_key_set(jwks).keys  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise SignatureInvalid("the key set is not a JWKS", hint="RFC 7517 section 5") from None
    return {
        str(key.kid): key
        for key in keys
        if isinstance(key, OKPKey) and key.curve_name == _CURVE and key.kid
    }
