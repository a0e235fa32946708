"""Encryption of single fields, and keyed indexes that find them again.

Neither error text nor ``repr`` ever holds a plaintext or a key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ivr.errors import RecordsError, SettingsError

KEY_BYTES = 32
#: The number of the key that wrote tokens of version 1: the field key of the settings itself.
FIRST_VERSION = 0
_NONCE_BYTES = 12
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_TOKEN = re.compile(
    r"(?:v1|v2\.(?P<key>[1-9][0-9]{0,8}))\.(?P<sealed>[A-Za-z0-9_-]+={0,2})", re.ASCII
)


def checked_key(key: bytes, purpose: str) -> bytes:
    """``key``, if it has 32 bytes; otherwise SettingsError that names its ``purpose``."""
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"the {purpose} key has {len(key)} bytes, not {KEY_BYTES}",
            hint="make one with: openssl rand -base64 32",
        )
    return key


class Sealed(str):
    """An encrypted field as it is stored. Nothing else can be written to such a column."""

    __slots__ = ()


class UnknownKey(RecordsError):
    """A field is encrypted with a data key that this process does not hold (yet)."""


class Place(NamedTuple):
    """Where a field belongs: a token opens nowhere else. ``row`` is the row's own name, which
    never changes."""

    table: str
    column: str
    row: str

    def __str__(self) -> str:
        """Without the row, whose name belongs to somebody."""
        return f"{self.table}.{self.column}"


class FieldCipher:
    """AES-256-GCM with a random 96-bit nonce per field (NIST SP 800-38D, section 8.2.2).

    A token reads ``v2.KEY.`` + base64url(nonce, ciphertext, tag); KEY is the data key's number.
    Table, column, row and number are associated data. Tokens of version 1 (``v1.…``) are bound
    to table and column only; they open while key :data:`FIRST_VERSION` is held. Random nonces
    bound one key to 2**32 fields.
    """

    def __init__(self, keys: Mapping[int, bytes], *, writes_with: int | None) -> None:
        """``keys``: data keys of 32 bytes by number; ``writes_with``: the number of the key that
        encrypts, None: nothing can be encrypted."""
        self._keys = {number: AESGCM(checked_key(key, "data")) for number, key in keys.items()}
        self._writes_with = writes_with

    def encrypt(self, plain: str, place: Place) -> Sealed:
        """A token for ``plain`` that opens in this place only."""
        if self._writes_with is None:
            raise RecordsError("there is no data key to encrypt with", hint="ivr database upgrade")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self._writes_with].encrypt(
            nonce, plain.encode(), _associated(self._writes_with, place)
        )
        return Sealed(
            prefix_of(self._writes_with) + base64.urlsafe_b64encode(nonce + sealed).decode()
        )

    def decrypt(self, token: str, place: Place) -> str:
        """The text that :meth:`encrypt` was given.

        Raises:
            UnknownKey: the key it was made with is not held here.
            RecordsError: it is no token, was changed, or belongs to another place.
        """
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise RecordsError(
                f"{place} holds something that is not encrypted by this version",
                hint="was the database written by a newer version, or by hand?",
            )
        key, sealed = found.groups()
        number = int(key or FIRST_VERSION)
        aead = self._keys.get(number)
        if aead is None:
            raise UnknownKey(
                f"{place} is encrypted with data key {number}, which is not there",
                hint="was it destroyed, or is data_keys not of this database? See docs/keys.md",
            )
        associated = str(place).encode() if key is None else _associated(number, place)
        try:
            # What base64.urlsafe_b64decode does, without its layers: a day has 40 customers.
            raw = binascii.a2b_base64(sealed.encode().translate(_URL_SAFE))
            return aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], associated).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise RecordsError(
                f"{place} cannot be decrypted",
                hint="was the value changed, or moved here from another row?",
            ) from None


def prefix_of(key: int) -> str:
    """How every token made with this data key begins."""
    return "v1." if key == FIRST_VERSION else f"v2.{key}."


def _associated(key: int, place: Place) -> bytes:
    # Each part with its length, so that no two places read the same.
    return _column(key, place.table, place.column) + _counted(place.row)


@lru_cache(maxsize=1024)
def _column(key: int, table: str, column: str) -> bytes:
    return b"".join(map(_counted, ("v2", str(key), table, column)))


# The fields of a row are opened one after the other.
@lru_cache(maxsize=16)
def _counted(part: str) -> bytes:
    raw = part.encode()
    return len(raw).to_bytes(4) + raw


class BlindIndex:
    """HMAC-SHA256 of a value: equal values are found, the value is not readable."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 random bytes, not the cipher's; another length raises SettingsError."""
        self._key = checked_key(key, "index")

    def of(self, kind: str, value: str) -> str:
        """64 hexadecimal digits; ``kind`` ("phone", "birthdate") keeps domains apart.

        The value is taken as it is: bring it to one spelling (E.164, ISO date) first.
        """
        message = kind.encode() + b"\x00" + value.encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
