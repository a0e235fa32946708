"""Keyed hashes of the audit: HMAC-SHA256 over JSON lists, 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence


def row_mac(key: bytes, fields: Sequence[object], before: str) -> str:
    """The hash that a row with these ``fields`` carries after a row whose hash is ``before``."""
    return _hmac(key, ["honnin audit row", before, *fields])


def head_seal(key: bytes, position: int, mac: str) -> str:
    """The seal of a head that says: the chain ends at ``position``, with ``mac``."""
    return _hmac(key, ["honnin audit head", position, mac])


def base_seal(key: bytes, position: int, mac: str) -> str:
    """The seal of a base that says: the chain begins after ``position``, whose row had ``mac``."""
    return _hmac(key, ["honnin audit base", position, mac])


def fingerprint(key: bytes, name: str, value: str) -> str:
    """Tells whether a value changed, and not what it is; 16 hexadecimal digits."""
    return _hmac(key, ["honnin audit fingerprint", name, value])[:16]


def _hmac(key: bytes, parts: Sequence[object]) -> str:
    # SQLite gives back whatever type somebody put into a column.
    message = json.dumps(parts, separators=(",", ":"), default=lambda value: {"": repr(value)})
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()
