"""The table of data keys: random keys, wrapped, by number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Update, func, select, update

from ivr.records.engines import upsert
from ivr.records.models import HEAD, AuditHead, DataKey

#: What a data key is for: encrypting fields, chaining the audit, or signing results.
Purpose = Literal["field", "audit", "signing"]


@dataclass(frozen=True, slots=True)
class DataKeyRecord:
    """A data key. It is written with from ``active_from`` on, until a younger one is; once
    ``retired_at`` nothing is stored under it any more, once ``destroyed_at`` it is gone.
    Instants are aware UTC."""

    number: int
    purpose: Purpose
    wrapped: str
    created_at: datetime
    active_from: datetime
    retired_at: datetime | None = None
    destroyed_at: datetime | None = None

    @property
    def context(self) -> str:
        """What the wrapped key is bound to."""
        return f"{self.purpose} {self.number}"


_COLUMNS = tuple(getattr(DataKey, field.name) for field in fields(DataKeyRecord))


def every(connection: Connection) -> list[DataKeyRecord]:
    """Every data key, by number."""
    query = select(*_COLUMNS).order_by(DataKey.number)
    return [DataKeyRecord(*row) for row in connection.execute(query)]


def next_number(connection: Connection) -> int:
    """The number of the next key; 1 where there is none."""
    highest = connection.execute(select(func.max(DataKey.number))).scalar_one_or_none()
    return (highest or 0) + 1


def insert(connection: Connection, key: DataKeyRecord) -> bool:
    """Store a key; False where its number is taken, and nothing is changed."""
    values = {field.name: getattr(key, field.name) for field in fields(key)}
    statement = upsert(connection.dialect, DataKey).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=["number"])
    return connection.execute(statement.returning(DataKey.number)).one_or_none() is not None


def begin_chain(connection: Connection, number: int, seal: str) -> None:
    """Store the audit's head together with the key that seals it: a head that is missing later
    was removed."""
    head = {"position": 0, "mac": "", "key_number": number, "seal": seal}
    statement = upsert(connection.dialect, AuditHead).values(name=HEAD, **head)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["name"]))


def rewrap(connection: Connection, number: int, before: str, wrapped: str) -> bool:
    """Replace the wrapped form ``before`` of a key; False where it is another one by now."""
    statement = _of([number]).where(DataKey.wrapped == before).values(wrapped=wrapped)
    return connection.execute(statement.returning(DataKey.number)).one_or_none() is not None


def retire(connection: Connection, numbers: Iterable[int], at: datetime) -> None:
    """Note that nothing is stored under these keys any more."""
    connection.execute(_of(numbers).where(DataKey.retired_at.is_(None)).values(retired_at=at))


def destroy(connection: Connection, number: int, at: datetime) -> None:
    """Forget the key itself; its number and its times stay."""
    connection.execute(_of([number]).values(wrapped="", destroyed_at=at))


def _of(numbers: Iterable[int]) -> Update:
    return update(DataKey).where(DataKey.number.in_(list(numbers)))
