"""Who wraps the data keys: the key of the settings, or a key management service.

Data keys encrypt fields and chain the audit; they are random, made here, and stored in the
database only wrapped. Whoever has the database without the wrapper reads nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ivr.errors import RecordsError
from ivr.records.cipher import KEY_BYTES, checked_key

_NONCE_BYTES = 12
_PREFIX = "local."


class KeyWrapper(Protocol):
    """Wraps and unwraps data keys. Called when a process starts or keys rotate, never for a
    field, and never while a transaction waits, so it may take seconds."""

    def wrap(self, key: bytes, context: str) -> str:
        """``key`` (32 bytes) as printable text that only :meth:`unwrap` with the same
        ``context`` ("field 3") turns back.

        Raises:
            RecordsUnavailable: the service does not answer now.
        """
        ...

    def unwrap(self, wrapped: str, context: str) -> bytes:
        """What :meth:`wrap` was given.

        Raises:
            RecordsUnavailable: the service does not answer now.
            RecordsError: it cannot be unwrapped.
        """
        ...

    def first_version(self) -> bytes:
        """The key that databases of version 0001 were encrypted with directly.

        Raises:
            RecordsError: it is not known here.
        """
        ...


class SettingsKeyWrapper:
    """Wraps with keys derived from ``IVR_FIELD_KEY`` (HKDF-SHA256, RFC 5869, then AES-256-GCM).

    A wrapped key reads ``local.ID.`` + base64url; ID names the wrapping key without telling it.
    """

    def __init__(self, key: bytes, before: bytes | None = None) -> None:
        """``key``: 32 bytes, wraps and unwraps. ``before``: the one it replaces, unwraps only.
        Another length raises SettingsError."""
        self._field_key = checked_key(key, "field")
        self._before = None if before is None else checked_key(before, "former field")
        given = [self._field_key, *([] if self._before is None else [self._before])]
        self._wrapping = {_id_of(derived): derived for derived in map(_wrapping_key, given)}
        self._wraps_with = _id_of(_wrapping_key(self._field_key))

    def wrap(self, key: bytes, context: str) -> str:
        """See :class:`KeyWrapper`."""
        nonce = os.urandom(_NONCE_BYTES)
        aead = AESGCM(self._wrapping[self._wraps_with])
        sealed = aead.encrypt(nonce, checked_key(key, "data"), context.encode())
        return f"{_PREFIX}{self._wraps_with}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unwrap(self, wrapped: str, context: str) -> bytes:
        """See :class:`KeyWrapper`."""
        name, _, sealed = wrapped.removeprefix(_PREFIX).partition(".")
        key = self._wrapping.get(name)
        if key is None or not wrapped.startswith(_PREFIX):
            raise RecordsError(
                f"the data key '{context}' is wrapped by another key",
                hint="is IVR_FIELD_KEY the key this database was written with?",
            )
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode())
        except (InvalidTag, binascii.Error, ValueError):
            raise RecordsError(
                f"the data key '{context}' was changed in the database", hint="restore a backup"
            ) from None

    def first_version(self) -> bytes:
        """See :class:`KeyWrapper`."""
        return self._before or self._field_key


def _wrapping_key(field_key: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"honnin data key wrapping").derive(field_key)


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"honnin wrapping key name" + key).hexdigest()[:12]
