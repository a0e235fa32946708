"""Tokens that open a media stream: for one call, for a few minutes, once."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ivr.clock import Clock
from ivr.telephony.ports import Answers

#: A prompt may be spoken before the stream begins.
_LIFE = timedelta(minutes=5)
_NONCE_BYTES = 12


def derive_token_key(index_key: bytes) -> bytes:
    """The key of stream tokens, 32 bytes, derived from the index key (HKDF-SHA256, RFC 5869)."""
    return HKDF(
        algorithm=SHA256(), length=32, salt=None, info=b"honnin-ivr media streams v1"
    ).derive(index_key)


class StreamTokens:
    """Issues tokens in one process and redeems them in any other with the same key.

    That a token was redeemed is kept where the answers to webhooks are: the first writer wins.
    """

    def __init__(self, key: bytes, used: Answers, clock: Clock) -> None:
        self._key, self._used, self._clock = key, used, clock

    def issue(self, call_sid: str) -> str:
        """A token for one stream of this call: letters, digits, ``-``, ``_`` and dots."""
        until = int((self._clock.now() + _LIFE).timestamp())
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        return f"{until}.{nonce}.{self._seal(call_sid, str(until), nonce)}"

    def redeem(self, token: str, call_sid: str) -> bool:
        """Whether ``token`` opens a stream of this call: issued for it, in time, the first time.

        Raises:
            RecordsUnavailable: the database cannot answer now; the token is still good.
        """
        until, _, rest = token.partition(".")
        nonce, _, seal = rest.partition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(call_sid, until, nonce).encode()):
            return False
        if int(until) < self._clock.now().timestamp():
            return False
        ours = secrets.token_urlsafe(_NONCE_BYTES)
        return self._used.put(f"media-stream:{nonce}", ours) == ours

    def _seal(self, call_sid: str, until: str, nonce: str) -> str:
        message = "\0".join((call_sid, until, nonce)).encode("utf-8", "replace")
        return (
            base64.urlsafe_b64encode(hmac.digest(self._key, message, "sha256"))
            .rstrip(b"=")
            .decode()
        )
