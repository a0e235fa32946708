"""The columns of a company's table: what they hold, and how they are searched by an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    Select,
    String,
    Table,
    inspect,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import TypeEngine

from ivr.errors import FilesError, Problem
from ivr.flow.suggestion import did_you_mean
from ivr.identity.table_mapping import BIRTHDATE_FORMATS, MappingFile

_PHONES = ("mobile", "landline")
_CANDIDATE = ("id", "number", "name", "surname", "given", "name_kana", "surname_kana", "given_kana")


@dataclass(frozen=True, slots=True)
class TableColumns:
    """``cells``: our name -> their column. ``birthdates``: the type their birthdates have, with
    ``written`` for ``strptime`` where it is text or a number. ``phones``: the columns of phones
    that can be searched by an index."""

    cells: Mapping[str, ColumnElement[Any]]
    birthdates: TypeEngine[Any]
    written: str
    phones: tuple[ColumnElement[Any], ...] = ()

    @property
    def everything(self) -> Select[Any]:
        """Every cell of every row."""
        return select(*(cell.label(name) for name, cell in self.cells.items()))

    def born_on(self, day: date) -> Select[Any]:
        """What names are compared by, of everybody born on a day."""
        wanted = (self.cells[name].label(name) for name in _CANDIDATE if name in self.cells)
        # Not in order: a database may read along the index of ids then, all of it.
        return select(*wanted).where(self._born(day))

    def by_ids(self, ids: Collection[str]) -> Select[Any]:
        """Every cell of the rows with these ids. One that is no number is nobody's where theirs
        are numbers."""
        column = self.cells["id"]
        keys: list[Any] = list(ids)
        if not isinstance(column.type, String):
            keys = [int(each) for each in ids if re.fullmatch(r"-?[0-9]{1,18}", each)]
        return self.everything.where(column.in_(keys))

    def by_phones(self, spellings: Collection[str]) -> Select[Any]:
        """The ids of rows with a phone that is written so."""
        found = or_(*(each.in_(spellings) for each in self.phones))
        return select(self.cells["id"].label("id")).where(found)

    def day(self, written: object) -> date | None:
        """A birthdate as it is stored; None where it is none."""
        if isinstance(written, datetime):
            return written.date()
        if isinstance(written, date):
            return written
        if isinstance(written, Decimal | float):
            written = int(written)
        cell = "" if written is None else str(written).strip()
        try:
            if isinstance(self.birthdates, Date | DateTime):  # text in SQLite
                return date.fromisoformat(cell[:10])
            return datetime.strptime(cell, self.written).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            return None

    def _born(self, day: date) -> ColumnElement[bool]:
        column = self.cells["birthdate"]
        as_text = isinstance(column.type, String)
        if isinstance(self.birthdates, DateTime):
            after = day + timedelta(days=1) if day < date.max else day
            ends = [
                each.isoformat() if as_text else datetime.combine(each, time())
                for each in (day, after)
            ]
            return (column >= ends[0]) & (column < ends[1])
        if isinstance(self.birthdates, Date):
            return column == (day.isoformat() if as_text else day)
        year = f"{day.year:04d}"  # strftime leaves the zeros out
        written = day.strftime(self.written.replace("%Y", year))
        return column == (written if as_text else int(written))


def read_columns(connection: Connection, file: MappingFile) -> TableColumns:
    """The columns that a mapping names, as the database describes them.

    Raises:
        FilesError: what does not fit, each at its line of the file: no such table or column, a
            birthdate of another kind, no index that a look-up could use.
    """
    mapping = file.mapping
    try:
        table = Table(
            mapping.table, MetaData(), schema=mapping.schema_name, autoload_with=connection
        )
    except NoSuchTableError:
        message = "there is no such table or view, or its user may not read it"
        raise FilesError([file.problem(("table",), message)]) from None
    named = mapping.columns.named()
    there = [column.name for column in table.columns]
    problems = [
        file.problem(("columns", name), f"there is no such column{did_you_mean(column, there)}")
        for name, column in named.items()
        if column not in there
    ]
    problems = problems or _birthdate_problems(table.columns[named["birthdate"]].type, file)
    if problems:
        raise FilesError(problems)
    found = TableColumns(
        {name: _as_text(connection, table.columns[column]) for name, column in named.items()},
        table.columns[named["birthdate"]].type,
        BIRTHDATE_FORMATS[mapping.birthdate_format or "YYYY-MM-DD"],
    )
    by_key = {"birthdate": found.born_on(date(1950, 1, 1)), "id": found.by_ids(["1"])}
    problems = [
        file.problem(("columns", name), "no index on it: each call would read the whole table")
        for name, statement in by_key.items()
        if not _by_index(connection, table, named[name], statement)
    ]
    if problems:
        raise FilesError(problems)
    phones = tuple(
        column
        for name in _PHONES
        if (column := found.cells.get(name)) is not None
        and isinstance(column.type, String)
        and _by_index(connection, table, named[name], select(column).where(column.in_(["0"])))
    )
    return TableColumns(found.cells, found.birthdates, found.written, phones)


def _birthdate_problems(theirs: TypeEngine[Any], file: MappingFile) -> list[Problem]:
    chosen = file.mapping.birthdate_format
    place, message = ("birthdate_format",), ""
    if isinstance(theirs, Date | DateTime):
        message = "the column holds dates: leave birthdate_format out" if chosen else ""
    elif isinstance(theirs, String):
        message = "" if chosen else "the column of birthdates holds text: add birthdate_format"
    elif isinstance(theirs, Integer | Numeric):
        if chosen != "YYYYMMDD":
            message = "the column of birthdates holds numbers: birthdate_format must be YYYYMMDD"
    else:
        message = f"is of type {theirs}, not a date, a time, text or a number"
        return [file.problem(("columns", "birthdate"), message)]
    return [file.problem(place, message)] if message else []


def _as_text(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    # SQLite keeps dates as text; one that is no date would break a whole answer.
    if connection.dialect.name == "sqlite" and isinstance(column.type, Date | DateTime):
        return type_coerce(column, String)
    return column


def _by_index(connection: Connection, table: Table, column: str, statement: Select[Any]) -> bool:
    """Whether the database would answer without reading the whole table. One whose plans are not
    known here must have an index that begins with the column, and a view has none."""
    reads_all = _PLANS.get(connection.dialect.name)
    if reads_all is None:
        return column in _leading_columns(connection, table)
    sql = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
    return not reads_all(connection, sql.replace(":", "\\:"))  # no parameters of text()


def _sqlite_reads_all(connection: Connection, sql: str) -> bool:
    plan = connection.execute(text(f"EXPLAIN QUERY PLAN {sql}")).all()
    return any(str(step[-1]).startswith("SCAN") for step in plan)


def _postgresql_reads_all(connection: Connection, sql: str) -> bool:
    # A small table is read as a whole, index or not: ask what else there is.
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    (found,) = connection.execute(text(f"EXPLAIN (FORMAT JSON) {sql}")).scalar_one()
    # An index that is read without a condition is read as a whole.
    return any(
        step["Node Type"] == "Seq Scan"
        or ("Index" in step["Node Type"] and "Index Cond" not in step)
        for step in _steps(found["Plan"])
    )


def _steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for step in plan.get("Plans", ()):
        yield from _steps(step)


_PLANS: Mapping[str, Callable[[Connection, str], bool]] = {
    "sqlite": _sqlite_reads_all,
    "postgresql": _postgresql_reads_all,
}


def _leading_columns(connection: Connection, table: Table) -> set[str]:
    """The columns that an index or key of a table begins with."""
    inspector = inspect(connection)
    keys = inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
    first = keys[:1]
    for found in (inspector.get_indexes, inspector.get_unique_constraints):
        for each in found(table.name, schema=table.schema):
            first += [name for name in each["column_names"][:1] if name is not None]
    return set(first)
