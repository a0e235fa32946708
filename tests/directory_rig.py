"""A directory over a table that a company has already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivr.clock import Clock
from ivr.identity.table_directory import TableDirectory
from ivr.identity.table_mapping import read_mapping
from ivr.records.company_engine import CompanyDatabase
from ivr.rehearsal.company_table import MAPPING


@contextmanager
def table_directory(
    url: str, folder: Path, clock: Clock, mapping: str = MAPPING
) -> Iterator[TableDirectory]:
    """A directory over the table that ``mapping`` describes."""
    file = folder / "directory.yaml"
    file.write_text(mapping, encoding="utf-8")
    made = TableDirectory(CompanyDatabase(url, 30), read_mapping(file), clock)
    try:
        yield made
    finally:
        made.close()
