"""``ivr database`` and ``ivr customers``, as somebody types them."""

import base64
import sqlite3
from pathlib import Path

import pytest
from command_line import Ivr, Ran

SAMPLE = Path(__file__).parents[2] / "flows" / "verify" / "customers.csv"


def test_upgrade_import_check(ivr: Ivr, tmp_path: Path) -> None:
    assert ivr("database", "upgrade").code == 0
    assert (tmp_path / "var" / "honnin.sqlite3").is_file()
    assert "holds 0 customers" in ivr("database", "check").out
    first = ivr("customers", "import", SAMPLE)
    told = "checking the file\nstoring customers\n"
    assert first == Ran(0, "25 customers added, 0 updated\n", told)
    assert ivr("customers", "import", SAMPLE).out == "0 customers added, 25 updated\n"
    assert "holds 25 customers" in ivr("database", "check").out
    assert ivr("database", "upgrade").code == 0


def test_a_broken_file_is_told_row_by_row_and_stores_nothing(ivr: Ivr, tmp_path: Path) -> None:
    ivr("database", "upgrade")
    file = tmp_path / "broken.csv"
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace("1958-07-12", "1958-07-32")
    lines[5] = lines[5].replace("サトウ", "x").replace("イトウ", "Itoh")
    file.write_text("\n".join(lines), encoding="utf-8")
    ran = ivr("customers", "import", file)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [
        "checking the file",
        "nothing was stored, 2 problems:",
        f"{file}:4:6: birthdate is no day of the calendar",
        f"{file}:6:4: surname_kana must be 1 to 60 katakana, without spaces",
    ]
    assert "holds 0 customers" in ivr("database", "check").out


def test_a_missing_file_is_told(ivr: Ivr, tmp_path: Path) -> None:
    ran = ivr("customers", "import", tmp_path / "none.csv")
    assert ran.code == 1
    assert "none.csv: cannot be read" in ran.err


def test_without_a_database_both_say_what_to_run(ivr: Ivr) -> None:
    for arguments in (("database", "check"), ("customers", "import", SAMPLE)):
        ran = ivr(*arguments)
        assert ran.code == 1
        assert "ivr database upgrade" in ran.err
        assert "Traceback" not in ran.err


def test_a_locked_database_is_told(ivr: Ivr, tmp_path: Path) -> None:
    ivr("database", "upgrade")
    other = sqlite3.connect(tmp_path / "var" / "honnin.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ran = ivr("customers", "import", SAMPLE)
    other.close()
    assert ran.code == 1
    assert "locked by another writer" in ran.err


def test_tables_of_another_version_are_told(ivr: Ivr, tmp_path: Path) -> None:
    ivr("database", "upgrade")
    with sqlite3.connect(tmp_path / "var" / "honnin.sqlite3") as other:
        other.execute("UPDATE alembic_version SET version_num = 'older'")
    other.close()
    ran = ivr("database", "check")
    assert ran.code == 1
    assert "tables of another version" in ran.err


@pytest.mark.parametrize("name", ["IVR_INDEX_KEY", "IVR_FIELD_KEY"])
def test_a_wrong_key_is_told(ivr: Ivr, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    ivr("database", "upgrade")
    ivr("customers", "import", SAMPLE)
    key = base64.b64encode(b"k" * 32).decode()
    monkeypatch.setenv(name, key)
    ran = ivr("database", "check")
    assert ran.code == 1
    assert name in ran.err
    assert key not in ran.err
