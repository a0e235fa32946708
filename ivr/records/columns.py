"""Column types: encrypted fields and instants that are always aware UTC."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from ivr.records.cipher import Sealed


class Encrypted(TypeDecorator[Sealed]):
    """Text that is stored encrypted. Never searchable.

    A column does not know its row, so :class:`ivr.records.rows.Shape` seals and opens values;
    this type lets nothing else through.
    """

    impl = Text
    cache_ok = True

    def to_text(self, value: Any) -> str:
        """The text that is encrypted for ``value``."""
        text: str = value
        return text

    def of_text(self, text: str) -> Any:
        """The value that :meth:`to_text` was given."""
        return text

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> str | None:
        if value is not None and not isinstance(value, Sealed):
            raise ValueError("a field that must be encrypted was to be stored in clear")
        return value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sealed | None:
        return None if value is None else Sealed(value)


class EncryptedDate(Encrypted):
    """A date, encrypted as its ISO text."""

    cache_ok = True

    def to_text(self, value: date) -> str:
        return value.isoformat()

    def of_text(self, text: str) -> date:
        return date.fromisoformat(text)


class EncryptedBytes(Encrypted):
    """Bytes, encrypted as base64."""

    cache_ok = True

    def to_text(self, value: bytes) -> str:
        return b64encode(value).decode()

    def of_text(self, text: str) -> bytes:
        return b64decode(text)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware in (ValueError otherwise), aware UTC out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone")
        utc = value.astimezone(UTC)
        # SQLite has no zones: it keeps the text, whose order is the order of time in UTC.
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
