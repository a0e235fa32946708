"""The customer directory that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from ivr.clock import Clock
from ivr.errors import RecordsUnavailable, SettingsError
from ivr.identity.crm_directory import CrmDirectory
from ivr.identity.directory import RecordsDirectory
from ivr.identity.paced_directory import PacedDirectory
from ivr.identity.ports import Directory
from ivr.identity.table_directory import TableDirectory
from ivr.identity.table_mapping import read_mapping
from ivr.records import customers
from ivr.records.company_engine import CompanyDatabase
from ivr.records.database import Database
from ivr.settings import Settings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChosenDirectory:
    """``directory`` is what calls ask. ``report`` says whether it works, in lines without personal
    data; it and ``open`` raise what is wrong. ``close`` lets go of connections."""

    directory: Directory
    open: Callable[[], None]
    report: Callable[[], list[str]]
    close: Callable[[], None]

    def start(self) -> None:
        """Refuse what no waiting mends, before the first call; one that only does not answer now
        is logged.

        Raises:
            FilesError: the company's table is not as its file says, or lacks an index.
            RecordsError: the CRM refuses the key, or answers otherwise than documented.
        """
        try:
            self.open()
        except RecordsUnavailable as error:
            # No message of ours holds personal data.
            _log.warning("directory_unavailable", what=error.message)


def choose_directory(settings: Settings, db: Database, clock: Clock) -> ChosenDirectory:
    """Our own table, or the company's own system, paced. Connects to nothing yet.

    Raises:
        SettingsError: a setting is missing or cannot be used.
        FilesError: everything wrong with the file that describes the table.
    """
    if settings.directory == "records":
        own = RecordsDirectory(db)
        return ChosenDirectory(own, lambda: None, lambda: _own_report(db), lambda: None)
    outside = _table(settings, clock) if settings.directory == "table" else _crm(settings, clock)
    paced = PacedDirectory(outside, clock, seconds=settings.directory_seconds)
    return ChosenDirectory(paced, outside.open, outside.report, outside.close)


def _table(settings: Settings, clock: Clock) -> TableDirectory:
    url = settings.directory_url.get_secret_value()
    if not url or not settings.directory_file:
        raise SettingsError("IVR_DIRECTORY=table needs IVR_DIRECTORY_URL and IVR_DIRECTORY_FILE")
    mapping = read_mapping(Path(settings.directory_file))
    return TableDirectory(CompanyDatabase(url, settings.database_wait_s), mapping, clock)


def _crm(settings: Settings, clock: Clock) -> CrmDirectory:
    return CrmDirectory(
        settings.directory_url.get_secret_value(),
        settings.directory_key.get_secret_value(),
        clock,
        timeout_s=settings.directory_seconds,
    )


def _own_report(db: Database) -> list[str]:
    with db.reading() as session:
        number, fit = customers.count(session), customers.keys_fit(session)
    if not fit:
        raise SettingsError(
            "IVR_INDEX_KEY is not the key the customers were stored with: nobody would be found"
        )
    return [f"the table of customers in {db.where} holds {number} customers; the keys fit"]
