"""``ivr customers check``: does the directory work, without showing anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import ROOT, Ivr
from fakes.directory_server import KEY, DirectoryServer

from ivr.rehearsal.company_table import INDEXES, MAPPING, TABLE, run

_SAMPLE = ROOT / "flows" / "verify" / "customers.csv"


def test_our_own_table(ivr: Ivr) -> None:
    ivr("database", "upgrade")
    ivr("customers", "import", _SAMPLE)
    ran = ivr("customers", "check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("holds 25 customers; the keys fit\n")


def test_our_own_table_with_another_index_key(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    ivr("database", "upgrade")
    ivr("customers", "import", _SAMPLE)
    monkeypatch.setenv("IVR_INDEX_KEY", "A" * 43 + "=")
    ran = ivr("customers", "check")
    assert ran.code == 1
    assert "nobody would be found" in ran.err


def test_a_companys_table(ivr: Ivr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "company.sqlite3"
    database.touch()
    run(f"sqlite:///{database}", TABLE, INDEXES[0])
    run(
        f"sqlite:///{database}",
        "INSERT INTO kokyaku (kokyaku_no, shimei_kana, seinengappi) VALUES"
        " ('1', 'ヤマダ ハナコ', '19850305'), ('2', '山田', '19850305')",
    )
    mapping = tmp_path / "directory.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    monkeypatch.setenv("IVR_DIRECTORY", "table")
    monkeypatch.setenv("IVR_DIRECTORY_URL", f"sqlite:///{database}")
    monkeypatch.setenv("IVR_DIRECTORY_FILE", str(mapping))
    ran = ivr("customers", "check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1:] == [
        "of the first 2 rows 1 can be used",
        "  given_kana: 1 cannot be read",
        "  surname_kana: 1 cannot be read",
        "phones that several customers share are not noticed: no column of phones has an index",
    ]
    run(f"sqlite:///{database}", "DROP INDEX ix_seinengappi")
    broken = ivr("customers", "check")
    assert (broken.code, broken.out) == (1, "")
    assert broken.err == (f"{mapping}:6:14: no index on it: each call would read the whole table\n")


def test_a_crm(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    with DirectoryServer() as server:
        monkeypatch.setenv("IVR_DIRECTORY", "crm")
        monkeypatch.setenv("IVR_DIRECTORY_URL", server.url)
        monkeypatch.setenv("IVR_DIRECTORY_KEY", KEY)
        monkeypatch.setenv("IVR_DIRECTORY_SECONDS", "5")
        ran = ivr("customers", "check")
        assert ran.code == 0
        assert "answers as documented, in " in ran.out
        monkeypatch.setenv("IVR_DIRECTORY_KEY", "another secret")
        refused = ivr("customers", "check")
    assert refused.code == 1
    assert "refuses the key" in refused.err
    assert "another secret" not in refused.err
