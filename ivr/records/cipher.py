"""Encryption of single fields, and keyed indexes that find them again.

Neither error text nor ``repr`` ever holds a plaintext or a key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ivr.errors import RecordsError, SettingsError

KEY_BYTES = 32
_NONCE_BYTES = 12
_PREFIX = "v1."


def _checked(key: bytes, purpose: str) -> bytes:
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"the {purpose} key has {len(key)} bytes, not {KEY_BYTES}",
            hint="make one with: openssl rand -base64 32",
        )
    return key


class FieldCipher:
    """AES-256-GCM with a random 96-bit nonce per field (NIST SP 800-38D, section 8.2.2).

    A token reads ``v1.`` + base64url(nonce, ciphertext, tag). ``v1`` names the key and the
    algorithm, so that keys can rotate. Random nonces bound one key to 2**32 fields.
    """

    def __init__(self, key: bytes) -> None:
        """``key``: 32 random bytes; another length raises SettingsError."""
        self._aead = AESGCM(_checked(key, "field"))

    def encrypt(self, plain: str, context: str) -> str:
        """A token for ``plain``; ``context`` is ``table.column``, and decryption demands the
        same, so a token copied into another column does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, plain.encode(), context.encode())
        return _PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()

    def decrypt(self, token: str, context: str) -> str:
        """The text that :meth:`encrypt` was given.

        Raises:
            RecordsError: the token is no token, was changed, belongs to another column, or was
                made with another key.
        """
        if not token.startswith(_PREFIX):
            raise RecordsError(
                f"{context} holds something that is not encrypted by this version",
                hint="was the database written by a newer version, or by hand?",
            )
        try:
            raw = base64.urlsafe_b64decode(token[len(_PREFIX) :])
            return self._aead.decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()
            ).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise RecordsError(
                f"{context} cannot be decrypted",
                hint="is IVR_FIELD_KEY the key this database was written with?",
            ) from None


class BlindIndex:
    """HMAC-SHA256 of a value: equal values are found, the value is not readable."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 random bytes, not the cipher's; another length raises SettingsError."""
        self._key = _checked(key, "index")

    def of(self, kind: str, value: str) -> str:
        """64 hexadecimal digits; ``kind`` ("phone", "birthdate") keeps domains apart.

        The value is taken as it is: bring it to one spelling (E.164, ISO date) first.
        """
        message = kind.encode() + b"\x00" + value.encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
