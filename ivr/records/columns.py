"""Column types: encrypted text and instants that are always aware UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from weakref import WeakKeyDictionary

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from ivr.records.cipher import FieldCipher

# A dialect object belongs to one engine, so two databases with different keys live side by side.
_CIPHERS: WeakKeyDictionary[Dialect, FieldCipher] = WeakKeyDictionary()


def use_cipher(dialect: Dialect, cipher: FieldCipher) -> None:
    """Let every :class:`Encrypted` column reached through ``dialect`` use ``cipher``."""
    _CIPHERS[dialect] = cipher


class Encrypted(TypeDecorator[str]):
    """Text that is encrypted on its way in and decrypted on its way out. Never searchable."""

    impl = Text
    cache_ok = True

    def __init__(self, context: str) -> None:
        """``context``: ``table.column``, bound to every token."""
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _CIPHERS[dialect].encrypt(value, self.context)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _CIPHERS[dialect].decrypt(value, self.context)


class EncryptedDate(TypeDecorator[date]):
    """A date, encrypted as its ISO text. Never searchable."""

    impl = Text
    cache_ok = True

    def __init__(self, context: str) -> None:
        """``context``: ``table.column``, bound to every token."""
        super().__init__()
        self.context = context

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _CIPHERS[dialect].encrypt(value.isoformat(), self.context)

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        if value is None:
            return None
        return date.fromisoformat(_CIPHERS[dialect].decrypt(value, self.context))


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
