"""Between rows and the frozen records that other rooms see; no ORM object leaves this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ivr.records.cipher import BlindIndex
from ivr.records.models import Base

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

_INDEX = "ivr.records.index"


class Shape(Generic[R]):
    """A record type whose fields are all columns of ``model``, under the same names."""

    def __init__(self, model: type[Base], record: type[R]) -> None:
        self.names = tuple(field.name for field in fields(record))
        self.columns = tuple(getattr(model, name) for name in self.names)
        self._record = record

    def select(self) -> Select[Any]:
        """A SELECT of exactly these columns."""
        return select(*self.columns)

    def make(self, row: Sequence[Any] | None) -> R | None:
        """The record of a row that :meth:`select` or a RETURNING of ``columns`` gave."""
        return None if row is None else self._record(*row)

    def one(self, session: Session, statement: Select[Any]) -> R | None:
        """The first record of a statement that began with :meth:`select`, or None."""
        return self.make(session.execute(statement.limit(1)).one_or_none())

    def all(self, session: Session, statement: Select[Any]) -> list[R]:
        """Every record of a statement that began with :meth:`select`."""
        return [self._record(*row) for row in session.execute(statement)]

    def values(self, record: R) -> dict[str, Any]:
        """Column values of a record."""
        return {name: getattr(record, name) for name in self.names}


def insert(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ``ON CONFLICT`` in the dialect of this session."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model)
    return postgresql.insert(model)


def session_info(index: BlindIndex) -> dict[Any, Any]:
    """What a session carries in its ``info`` for the repositories."""
    return {_INDEX: index}


def blind_index(session: Session) -> BlindIndex:
    """The blind index of the session's database."""
    index: BlindIndex = session.info[_INDEX]
    return index


def phone_index(session: Session, e164: str | None) -> str | None:
    """Blind index of a phone number; None where there is none or it is withheld."""
    return blind_index(session).of("phone", e164) if e164 else None
