"""Between rows and the frozen records that other rooms see; no ORM object leaves this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import sqlalchemy
from sqlalchemy import Select, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ivr.records.cipher import BlindIndex, Place, Sealed, UnknownKey
from ivr.records.columns import Encrypted
from ivr.records.engines import upsert
from ivr.records.key_ring import KeyRing
from ivr.records.models import Base

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

_INDEX = "ivr.records.index"
_RING = "ivr.records.key_ring"


class Shape(Generic[R]):
    """A record type whose fields are all columns of ``model``, under the same names; seals and
    opens those that are encrypted."""

    def __init__(self, model: type[Base], record: type[R]) -> None:
        self.names = tuple(field.name for field in fields(record))
        self.columns = tuple(getattr(model, name) for name in self.names)
        self._model = model
        self._record = record
        self._encrypted = [name for name in self.names if name in encrypted(model)]
        self._table = model.__tablename__
        # Put together once: that takes longer than storing.
        self._add = sqlalchemy.insert(cast(Table, model.__table__))

    def select(self) -> Select[Any]:
        """A SELECT of exactly these columns."""
        return select(*self.columns)

    def make(self, session: Session, row: Sequence[Any] | None) -> R | None:
        """The record of a row that :meth:`select` or a RETURNING of ``columns`` gave."""
        return None if row is None else self._opened(session, row)

    def one(self, session: Session, statement: Select[Any]) -> R | None:
        """The first record of a statement that began with :meth:`select`, or None."""
        return self.make(session, session.execute(statement.limit(1)).one_or_none())

    def all(
        self, session: Session, statement: Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[R]:
        """Every record of a statement that began with :meth:`select`; ``values`` are those of its
        parameters."""
        return [self._opened(session, row) for row in session.execute(statement, values)]

    def add(self, session: Session, record: R) -> None:
        """Store a record that is not there yet."""
        session.execute(self._add, self.values(session, record))

    def values(self, session: Session, record: R) -> dict[str, Any]:
        """Column values of a record."""
        values = {name: getattr(record, name) for name in self.names}
        row = row_name(self._model, values)
        for name in self._encrypted:
            values[name] = seal(session, self._model, name, row, values[name])
        return values

    def _opened(self, session: Session, row: Sequence[Any]) -> R:
        values = dict(zip(self.names, row, strict=True))
        named = row_name(self._model, values)
        ring, types = key_ring(session), encrypted(self._model)
        for name in self._encrypted:
            token = values[name]
            if token is not None:
                text = _text(session, ring, token, Place(self._table, name, named))
                values[name] = types[name].of_text(text)
        return self._record(**values)


@cache
def encrypted(model: type[Base]) -> dict[str, Encrypted]:
    """The encrypted columns of a table, by name."""
    return {
        column.name: column.type
        for column in model.__table__.columns
        if isinstance(column.type, Encrypted)
    }


def row_name(model: type[Base], values: Mapping[str, Any]) -> str:
    """The name of a row for good, from its column values."""
    return "/".join(str(values[name]) for name in model.row_name)


def seal(session: Session, model: type[Base], column: str, row: str, value: Any) -> Sealed | None:
    """``value`` as the column ``column`` of the row named ``row`` stores it; None stays None."""
    if value is None:
        return None
    place = Place(model.__tablename__, column, row)
    return key_ring(session).cipher.encrypt(encrypted(model)[column].to_text(value), place)


def unseal(session: Session, model: type[Base], column: str, row: str, token: Any) -> Any:
    """What :func:`seal` was given.

    Raises:
        RecordsError: the token was changed, moved here, or its key is gone.
    """
    if token is None:
        return None
    place = Place(model.__tablename__, column, row)
    return encrypted(model)[column].of_text(_text(session, key_ring(session), token, place))


def _text(session: Session, ring: KeyRing, token: str, place: Place) -> str:
    try:
        return ring.cipher.decrypt(token, place)
    except UnknownKey:
        # Keys began to rotate after this transaction: see them now.
        ring.load(session.connection())
        return ring.cipher.decrypt(token, place)


def insert(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ``ON CONFLICT`` in the dialect of this session."""
    return upsert(session.get_bind().dialect, model)


def session_info(index: BlindIndex, ring: KeyRing) -> dict[Any, Any]:
    """What a session carries in its ``info`` for the repositories."""
    return {_INDEX: index, _RING: ring}


def key_ring(session: Session) -> KeyRing:
    """The data keys of the session's database."""
    ring: KeyRing = session.info[_RING]
    return ring


def blind_index(session: Session) -> BlindIndex:
    """The blind index of the session's database."""
    index: BlindIndex = session.info[_INDEX]
    return index


def phone_index(session: Session, e164: str | None) -> str | None:
    """Blind index of a phone number; None where there is none or it is withheld."""
    return blind_index(session).of("phone", e164) if e164 else None
