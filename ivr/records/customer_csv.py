"""Customers from a CSV file: read twice, first to find every problem, then to store them all.

No message quotes what a cell holds.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from ivr.errors import FilesError, Problem
from ivr.records import audit, customers
from ivr.records.audit import Entry
from ivr.records.customer_fields import COLUMNS, customer_of
from ivr.records.customers import CustomerData, Stored
from ivr.records.database import Database

#: Problems reported in one run.
MAX_PROBLEMS = 200
_BATCH = 500

Progress = Callable[[int, int], None]


def store_file(
    db: Database, path: Path, progress: Progress, *, who: str = "process", why: str = ""
) -> Stored:
    """Store every customer of a CSV file, or none. ``progress`` is called with (stored so far,
    all of them) after each batch. ``who`` and ``why`` are for the audit.

    The file is checked before the transaction begins, so that calls wait for the storing only.

    Raises:
        FilesError: everything wrong with the file, at most :data:`MAX_PROBLEMS` problems with
            line and field; nothing was stored.
        RecordsUnavailable: the database cannot take them now; nothing was stored.
    """
    now = db.clock.now()
    total = check_file(path, now)
    stored = Stored()
    with db.writing() as session:
        rows = _customers(path, now)
        while batch := list(islice(rows, _BATCH)):
            stored += customers.put_all(session, batch, now)
            progress(stored.added + stored.updated, total)
        details = {"added": stored.added, "updated": stored.updated}
        audit.note(session, Entry(who, "customers.imported", "", why, details), now)
    return stored


def check_file(path: Path, now: datetime) -> int:
    """How many customers a file holds; ``now`` is the aware instant that nothing lies after.

    Raises:
        FilesError: everything wrong with it, at most :data:`MAX_PROBLEMS` problems.
    """
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for item in _rows(path, now):
        if isinstance(item, Problem):
            problems.append(item)
        else:
            first = seen.setdefault(item.customer.number, item.line)
            if first != item.line:
                message = f"number is already in line {first}"
                problems.append(Problem(str(path), item.line, item.number_field, message))
        if len(problems) >= MAX_PROBLEMS:
            problems = problems[:MAX_PROBLEMS]
            break
    if problems:
        raise FilesError(problems)
    return len(seen)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    number_field: int
    customer: CustomerData


def _customers(path: Path, now: datetime) -> Iterator[CustomerData]:
    for item in _rows(path, now):
        if isinstance(item, Problem):  # the file changed since it was checked
            raise FilesError([item])
        yield item.customer


def _rows(path: Path, now: datetime) -> Iterator[_Row | Problem]:
    """Every row, or what is wrong with it. A problem of the whole file ends the reading."""
    name = str(path)
    line = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            wrong = _header_problems(name, header)
            yield from wrong
            if wrong:
                return
            line = reader.line_num
            for cells in reader:
                first, line = line + 1, reader.line_num
                if any(cell.strip() for cell in cells):
                    yield from _row(name, first, header, cells, now)
    except UnicodeDecodeError:
        message = "is not UTF-8 from around here on: save it as 'CSV UTF-8'"
        yield Problem(name, line + 1, 1, message)
    except csv.Error:
        yield Problem(name, line + 1, 1, 'is no CSV: is a quotation mark (") left open?')
    except OSError as error:
        yield Problem(name, 0, 0, f"cannot be read: {error.strerror}")


def _row(
    name: str, line: int, header: Sequence[str], cells: Sequence[str], now: datetime
) -> Iterator[_Row | Problem]:
    if len(cells) != len(header):
        message = f"has {len(cells)} fields, not {len(header)}"
        yield Problem(name, line, min(len(cells), len(header)) + 1, message)
        return
    customer = customer_of(dict(zip(header, cells, strict=True)), now)
    if isinstance(customer, CustomerData):
        yield _Row(line, header.index("number") + 1, customer)
        return
    for bad in customer:
        yield Problem(name, line, header.index(bad.column) + 1, f"{bad.column} {bad.message}")


def _header_problems(name: str, header: Sequence[str]) -> list[Problem]:
    problems = []
    for field, column in enumerate(header, start=1):
        if column not in COLUMNS:
            near = get_close_matches(column, COLUMNS, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            problems.append(Problem(name, 1, field, f"unknown column{hint}"))
        elif column in header[: field - 1]:
            problems.append(Problem(name, 1, field, f"column {column!r} is there twice"))
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        message = f"columns are missing: {', '.join(missing)}"
        problems.append(Problem(name, 1, len(header) + 1, message))
    return problems
