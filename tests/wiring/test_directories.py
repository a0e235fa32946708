"""The directory that the settings name, and a program that refuses one it could not use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from application_rig import settings_for
from fakes.directory_server import KEY, DirectoryServer
from structlog.testing import capture_logs

from ivr.clock import ManualClock
from ivr.errors import FilesError, RecordsError, SettingsError
from ivr.flow.flow import Flow
from ivr.identity.directory import RecordsDirectory
from ivr.identity.paced_directory import PacedDirectory
from ivr.records.database import Database
from ivr.rehearsal.company_table import INDEXES, MAPPING, TABLE, run
from ivr.settings import Settings
from ivr.wiring.application import build_app
from ivr.wiring.directories import ChosenDirectory, choose_directory


@pytest.fixture
def company(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Settings for a company's table."""
    file = tmp_path / "company.sqlite3"
    file.touch()
    mapping = tmp_path / "directory.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    url = f"sqlite:///{file}"
    run(url, TABLE, *INDEXES)
    yield {"directory": "table", "directory_url": url, "directory_file": str(mapping)}


def chosen(db: Database, clock: ManualClock, **changes: Any) -> ChosenDirectory:
    return choose_directory(Settings(**changes), db, clock)


def in_the_crm(server: DirectoryServer) -> dict[str, Any]:
    """Settings for a company's web service."""
    url = {"directory_url": server.url, "directory_key": KEY}
    return {"directory": "crm", "directory_seconds": 5, **url}


def test_each_kind(sqlite_database: Database, clock: ManualClock, company: dict[str, Any]) -> None:
    own = chosen(sqlite_database, clock)
    assert isinstance(own.directory, RecordsDirectory)
    (line,) = own.report()
    assert line.endswith("holds 0 customers; the keys fit")
    table = chosen(sqlite_database, clock, **company)
    assert isinstance(table.directory, PacedDirectory)
    table.start()
    assert table.report()[0].startswith("kokyaku in the SQLite file ")
    with DirectoryServer() as server:
        crm = chosen(sqlite_database, clock, **in_the_crm(server))
        assert isinstance(crm.directory, PacedDirectory)
        crm.start()
        assert "answers as documented" in crm.report()[0]
    for each in (own, table, crm):
        each.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"directory": "table"},
        {"directory": "table", "directory_url": "sqlite:///x.sqlite3"},
        {"directory": "table", "directory_file": "x.yaml"},
        {"directory": "crm"},
        {"directory": "crm", "directory_url": "https://crm.example.co.jp"},
        {"directory": "crm", "directory_url": "http://crm.example.co.jp", "directory_key": "k"},
    ],
)
def test_what_is_missing_is_told(
    sqlite_database: Database, clock: ManualClock, changes: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="IVR_DIRECTORY"):
        chosen(sqlite_database, clock, **changes)


def test_an_application_refuses_a_table_without_an_index(
    sqlite_database: Database,
    sqlite_url: str,
    tmp_path: Path,
    clock: ManualClock,
    shipped: Flow,
    company: dict[str, Any],
) -> None:
    settings = settings_for(tmp_path / "var", sqlite_url, **company)
    build_app(settings, clock, flow=shipped).close()
    run(company["directory_url"], "DROP INDEX ix_seinengappi")
    with pytest.raises(FilesError, match=r"directory\.yaml:6:14: no index on it"):
        build_app(settings, clock, flow=shipped)


@pytest.mark.parametrize("trouble", [401, "garbage"])
def test_an_application_refuses_a_crm_that_does_not_fit(
    sqlite_database: Database,
    sqlite_url: str,
    tmp_path: Path,
    clock: ManualClock,
    shipped: Flow,
    trouble: int | str,
) -> None:
    with DirectoryServer() as server:
        server.trouble = trouble
        settings = settings_for(tmp_path / "var", sqlite_url, **in_the_crm(server))
        with pytest.raises(RecordsError):
            build_app(settings, clock, flow=shipped)


def test_one_that_only_is_away_is_waited_for(sqlite_database: Database, clock: ManualClock) -> None:
    with DirectoryServer() as server:
        server.trouble = 503
        crm = chosen(sqlite_database, clock, **in_the_crm(server))
        with capture_logs() as logs:
            crm.start()
        crm.close()
    assert [entry["event"] for entry in logs] == ["directory_unavailable"]
    assert KEY not in str(logs)
