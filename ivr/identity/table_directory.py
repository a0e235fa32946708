"""A directory in a table or view that the company has already; it is only ever read."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat
from sqlalchemy import RowMapping, Select

from ivr.clock import Clock
from ivr.errors import FilesError, RecordsError
from ivr.identity.foreign_customers import Read, candidate_of, read_customer
from ivr.identity.ports import Candidate, Customer, Directory, T
from ivr.identity.table_columns import TableColumns, read_columns
from ivr.identity.table_mapping import MappingFile
from ivr.records.company_engine import CompanyDatabase

#: People with one birthdate that are looked at; a day that has more stands for days that nobody
#: knows.
MOST_BORN = 5000
#: Rows that :meth:`TableDirectory.report` reads.
SAMPLE = 1000


class TableDirectory:
    """Implements :class:`ivr.identity.ports.Directory`: one SELECT by an index for each look-up.

    Every look-up raises :class:`ivr.errors.RecordsError` where the table is not as the file says.
    """

    def __init__(self, database: CompanyDatabase, file: MappingFile, clock: Clock) -> None:
        """Connects to nothing yet; see :meth:`open`."""
        self._database = database
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: TableColumns | None = None

    def open(self) -> None:
        """See that the table is as the file says, and that no look-up would read all of it.

        Raises:
            FilesError: what does not fit, at its line of the file.
            RecordsUnavailable: the database cannot answer now.
        """
        with self._database.reading() as connection:
            found = read_columns(connection, self._file)
        with self._lock:
            self._opened = found

    def report(self) -> list[str]:
        """What a look at the table says, without anything that is in it. Raises like
        :meth:`open`."""
        self.open()
        columns = self._columns()
        read = [self._read(row) for row in self._rows(columns.everything.limit(SAMPLE))]
        usable = sum(each.customer is not None for each in read)
        unusable = Counter(name for each in read for name in each.unusable)
        return [
            f"{self._file.mapping.table} in {self._database.where} can be read, by indexes",
            f"of the first {len(read)} rows {usable} can be used",
            *(f"  {name}: {times} cannot be read" for name, times in sorted(unusable.items())),
            "phones that several customers share are "
            + ("noticed" if columns.phones else "not noticed: no column of phones has an index"),
        ]

    def born_on(self, birthdate: date) -> Sequence[Candidate]:
        """See :meth:`Directory.born_on`; refused where more than :data:`MOST_BORN` have it."""
        rows = self._rows(self._columns().born_on(birthdate).limit(MOST_BORN + 1))
        if len(rows) > MOST_BORN:
            raise RecordsError(
                f"more than {MOST_BORN} customers have one birthdate",
                hint="does it stand for birthdates that are not known?",
            )
        found = (self._read(row, birthdate).customer for row in rows)
        candidates = (candidate_of(each) for each in found if each is not None)
        return sorted(candidates, key=lambda each: each.id)

    def by_ids(self, ids: Collection[str]) -> Sequence[Customer]:
        """See :meth:`Directory.by_ids`."""
        found = (self._read(row).customer for row in self._rows(self._columns().by_ids(ids)))
        # Databases may take 'a1' for 'A1'.
        return [each for each in found if each is not None and each.id in ids]

    def by_id(self, customer_id: str) -> Customer | None:
        """See :meth:`Directory.by_id`."""
        return next(iter(self.by_ids([customer_id])), None)

    def with_phones(self, phones: Collection[str]) -> Collection[str]:
        """See :meth:`Directory.with_phones`. Nobody where no column of phones has an index; numbers
        are found in the spellings of :func:`spellings` only."""
        columns = self._columns()
        if not columns.phones:
            return ()
        return {str(row["id"]) for row in self._rows(columns.by_phones(spellings(phones)))}

    def together(self, look_up: Callable[[Directory], T]) -> T:
        """See :meth:`Directory.together`."""
        return look_up(self)

    def close(self) -> None:
        """Close idle connections."""
        self._database.close()

    def _columns(self) -> TableColumns:
        with self._lock:
            if self._opened is None:
                try:
                    with self._database.reading() as connection:
                        self._opened = read_columns(connection, self._file)
                except FilesError:
                    raise RecordsError(
                        "the company's table is not as its file says", hint="ivr customers check"
                    ) from None
            return self._opened

    def _rows(self, statement: Select[Any]) -> Sequence[RowMapping]:
        with self._database.reading() as connection:
            return connection.execute(statement).mappings().all()

    def _read(self, row: RowMapping, born: date | None = None) -> Read:
        cells = dict(row)
        written = cells.pop("birthdate", None)
        born = born or self._columns().day(written)
        return read_customer(
            {str(name): cell for name, cell in cells.items()}, born, self._clock.now()
        )


def spellings(phones: Collection[str]) -> list[str]:
    """How tables write numbers in E.164: +819012345678, 819012345678, 090-1234-5678,
    09012345678."""
    found: dict[str, None] = {}
    for phone in phones:
        national = phonenumbers.format_number(phonenumbers.parse(phone), PhoneNumberFormat.NATIONAL)
        digits = re.sub(r"[^0-9]", "", national)
        found |= dict.fromkeys((phone, phone.removeprefix("+"), national, digits))
    return list(found)
