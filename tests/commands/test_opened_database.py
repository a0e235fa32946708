"""The database that a command opens is let go of, however the command ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.clock import ManualClock, SystemClock
from ivr.commands.opened_database import opened_database
from ivr.errors import RecordsError, SettingsError
from ivr.records.database import Database
from ivr.settings import load_settings


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> list[Database]:
    """Every database that was let go of."""
    disposed: list[Database] = []
    dispose = Database.dispose

    def noted(self: Database) -> None:
        disposed.append(self)
        dispose(self)

    monkeypatch.setattr(Database, "dispose", noted)
    return disposed


def test_it_is_this_installations_on_the_systems_clock(home: Path, gone: list[Database]) -> None:
    with opened_database() as db:
        db.upgrade()
        assert isinstance(db.clock, SystemClock)
        assert gone == []
    assert gone == [db]
    assert list((home / "var").glob("*.sqlite3"))


def test_settings_and_clock_may_be_given(
    home: Path, tmp_path: Path, clock: ManualClock, gone: list[Database]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    settings = load_settings().model_copy(update={"var_dir": elsewhere})
    with opened_database(settings, clock) as db:
        db.upgrade()
        assert db.clock is clock
    assert gone == [db]
    assert [file.parent for file in tmp_path.rglob("*.sqlite3")] == [elsewhere]


def test_it_is_let_go_of_after_an_error(home: Path, gone: list[Database]) -> None:
    with pytest.raises(RecordsError, match="no such call"), opened_database() as db:
        raise RecordsError("no such call")
    assert gone == [db]


def test_a_setting_that_is_wrong_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, gone: list[Database]
) -> None:
    monkeypatch.setenv("IVR_DATABASE_URL", "nonsense")
    with pytest.raises(SettingsError), opened_database():
        pass
    assert gone == []
