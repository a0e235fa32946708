"""Customers from a CSV file: read twice, first to find every problem, then to store them.

No message quotes what a cell holds.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from sqlalchemy.orm import Session

from ivr.errors import FilesError, Problem
from ivr.records import audit, customer_imports, customers
from ivr.records.audit import Entry
from ivr.records.customer_fields import COLUMNS, OPTIONAL_COLUMNS, customer_of
from ivr.records.customers import CustomerData, Stored
from ivr.records.database import Database

#: Problems reported in one run.
MAX_PROBLEMS = 200
_BATCH = 1000

Progress = Callable[[int, int], None]


def store_file(
    db: Database, path: Path, progress: Progress, *, who: str = "process", why: str = ""
) -> Stored:
    """Store every customer of a CSV file. ``progress`` is called with (stored so far, all of
    them) after each batch. ``who`` and ``why`` are for the audit.

    The whole file is checked first, outside any transaction. Each batch is a transaction of its
    own, so that calls wait for no more than one. Where this was killed or failed, what is stored
    stays, and the same file goes on where it was.

    Raises:
        FilesError: everything wrong with the file, at most :data:`MAX_PROBLEMS` problems with
            line and field, and nothing was stored; or it was changed while it was read.
        RecordsUnavailable: the database cannot take more now.
        RecordsError: another process is importing this file.
    """
    now = db.clock.now()
    digest = _digest(path)
    state = _begun(db, path, digest, now)
    rows = _customers(path, now, skip=state.stored.all)
    while True:
        batch = list(islice(rows, _BATCH))
        ends = state.stored.all + len(batch) >= state.total
        if (ends or not batch) and _digest(path) != digest:
            raise FilesError([Problem(str(path), 0, 0, "was changed while it was read")])
        with db.writing() as session:
            first = state.stored.all == 0
            if batch:
                stored = customers.put_all(session, batch, now)
                state = customer_imports.advance(session, state, stored)
            if ends:
                customer_imports.end(session, state)
                _note(session, "customers.imported", state, who, why, now)
            elif first:
                _note(session, "customers.import_begun", state, who, why, now)
        progress(state.stored.all, state.total)
        if ends:
            return state.stored


def _begun(db: Database, path: Path, digest: str, now: datetime) -> customer_imports.Progress:
    """The import of this file that was broken off, or a new one of a file without problems."""
    file_index = db.index.of("file", digest)
    with db.reading() as session:
        known = customer_imports.find(session, file_index)
    return known or customer_imports.Progress(file_index, check_file(path, now))


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise FilesError([Problem(str(path), 0, 0, message)]) from None


def _note(
    session: Session,
    what: str,
    state: customer_imports.Progress,
    who: str,
    why: str,
    now: datetime,
) -> None:
    details = {"added": state.stored.added, "updated": state.stored.updated}
    audit.note(session, Entry(who, what, "", why, details), now)


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


def _customers(path: Path, now: datetime, *, skip: int) -> Iterator[CustomerData]:
    """The customers of a file after the first ``skip``."""
    for item in _rows(path, now, skip=skip):
        if isinstance(item, Problem):  # the file changed since it was checked
            raise FilesError([item])
        yield item.customer


def _rows(path: Path, now: datetime, *, skip: int = 0) -> Iterator[_Row | Problem]:
    """Every row after the first ``skip``, or what is wrong with it. A problem of the whole file
    ends the reading."""
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
                if not any(cell.strip() for cell in cells):
                    continue
                if skip:
                    skip -= 1
                else:
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
    missing = [each for each in COLUMNS if each not in (*header, *OPTIONAL_COLUMNS)]
    if missing:
        message = f"columns are missing: {', '.join(missing)}"
        problems.append(Problem(name, 1, len(header) + 1, message))
    return problems
