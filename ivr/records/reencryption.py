"""Fields encrypted anew with another data key, batch by batch, while calls go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    RowMapping,
    Table,
    Text,
    func,
    not_,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from ivr.errors import RecordsError
from ivr.records.cipher import Sealed, prefix_of
from ivr.records.database import Database
from ivr.records.models import Base
from ivr.records.rows import encrypted, row_name, seal, unseal

#: Rows of a batch: one write transaction, some ten milliseconds.
_BATCH = 100
#: Seconds between two batches, so that calls that wait for the database come first.
_PAUSE_S = 0.02

#: Called with what is done now, how much of it is, and how much there is: rows or seconds.
Progress = Callable[[str, float, float], None]


@dataclass
class Tally:
    """Rows that were encrypted anew, and fields that could not be read (column, row's name)."""

    rows: int = 0
    unreadable: dict[tuple[str, str], None] = field(default_factory=dict)


def _models() -> list[type[Base]]:
    models = (cast("type[Base]", mapper.class_) for mapper in Base.registry.mappers)
    return sorted((m for m in models if encrypted(m)), key=lambda model: model.__tablename__)


def rows_under(session: Session, number: int) -> Iterator[int]:
    """For each table, how many rows hold a field under this data key."""
    take_time(session)
    for model in _models():
        under = or_(*(_begins(model, column, number) for column in encrypted(model)))
        yield session.execute(select(func.count()).where(under)).scalar_one()


def stale_rows(session: Session, number: int) -> dict[type[Base], int]:
    """For each table, how many rows hold a field under another key."""
    take_time(session)
    counting = {model: select(func.count()).where(_stale(model, number)) for model in _models()}
    return {model: session.execute(query).scalar_one() for model, query in counting.items()}


def take_time(session: Session) -> None:
    """Let this transaction count large tables: in PostgreSQL, statements of calls may not last."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))


def _stale(model: type[Base], number: int) -> ColumnElement[bool]:
    # An empty field, NULL, is neither under this key nor under another.
    return or_(*(not_(_begins(model, column, number)) for column in encrypted(model)))


def _begins(model: type[Base], column: str, number: int) -> ColumnElement[bool]:
    return type_coerce(_table(model).c[column], Text).startswith(prefix_of(number))


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)


def sweep(db: Database, number: int, tally: Tally, progress: Progress) -> None:
    """Encrypt anew every row that holds a field under another key than ``number``."""
    with db.reading() as session:
        db.keys.load(session.connection())
        pending = stale_rows(session, number)
    total, done = sum(pending.values()), 0
    for model in (model for model, count in pending.items() if count):
        after: tuple[Any, ...] | None = None
        while True:
            rows, changes = _batch(db, model, number, after, tally)
            if not rows:
                break
            tally.rows += _store(db, model, changes)
            done += len(rows)
            progress("encrypting anew", min(done, total), total)
            after = _key_of(model, rows[-1])
            db.clock.sleep(_PAUSE_S)


@dataclass(frozen=True, slots=True)
class _Change:
    """A row's primary key, and its tokens before and after."""

    key: tuple[Any, ...]
    before: Mapping[str, Sealed]
    after: Mapping[str, Sealed]


def _batch(
    db: Database, model: type[Base], number: int, after: tuple[Any, ...] | None, tally: Tally
) -> tuple[Sequence[RowMapping], list[_Change]]:
    """The next rows that are to be encrypted anew, in the order of their primary key, and what
    they change to."""
    table = _table(model)
    place = list(table.primary_key.columns)
    names = dict.fromkeys([*(c.name for c in place), *model.row_name, *encrypted(model)])
    query = select(*(table.c[name] for name in names)).where(_stale(model, number))
    if after is not None:
        query = query.where(tuple_(*place) > after)
    with db.reading() as session:
        take_time(session)
        rows = session.execute(query.order_by(*place).limit(_BATCH)).mappings().all()
        return rows, [_change(session, model, number, row, tally) for row in rows]


def _change(
    session: Session, model: type[Base], number: int, row: RowMapping, tally: Tally
) -> _Change:
    name = row_name(model, dict(row))
    before: dict[str, Sealed] = {}
    after: dict[str, Sealed] = {}
    for column in encrypted(model):
        token = row[column]
        if token is None or token.startswith(prefix_of(number)):
            continue
        try:
            plain = unseal(session, model, column, name, token)
        except RecordsError:
            tally.unreadable[f"{model.__tablename__}.{column}", name] = None
            continue
        sealed = seal(session, model, column, name, plain)
        if sealed is not None:
            before[column], after[column] = token, sealed
    return _Change(_key_of(model, row), before, after)


def _key_of(model: type[Base], row: RowMapping) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in _table(model).primary_key.columns)


def _store(db: Database, model: type[Base], changes: Sequence[_Change]) -> int:
    """Store changes of rows that are still as they were read; how many there were."""
    table = _table(model)
    place = tuple_(*table.primary_key.columns)
    stored = 0
    with db.writing() as session:
        # Rows that somebody else holds are left for the next sweep: waiting for them could end
        # in a deadlock with an import.
        mine = select(*table.primary_key.columns).where(place.in_([c.key for c in changes]))
        held = {tuple(row) for row in session.execute(mine.with_for_update(skip_locked=True))}
        for change in changes:
            if change.key not in held or not change.after:
                continue
            same = [table.c[column] == token for column, token in change.before.items()]
            statement = update(table).where(place == change.key, *same).values(change.after)
            stored += cast("CursorResult[Any]", session.execute(statement)).rowcount
    return stored
