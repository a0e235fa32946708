"""A company's own table: its file names columns that are there, and its cells are written as old
systems write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import yaml
from sqlalchemy import create_engine, text

from ivr.identity.ports import Customer
from ivr.records.customers import CustomerData
from ivr.rehearsal.company_table import INDEXES, MAPPING, TABLE, fill, run

_NUMBERS = ("1", "1000001")
_NAMES = ("山田", "花子", "ヤマダ", "ハナコ")
_BORN = date(1985, 3, 5)


def rows(url: str) -> list[dict[str, object]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM kokyaku ORDER BY kokyaku_no")).mappings()
        told = [dict(row) for row in found]
    engine.dispose()
    return told


def test_cells_are_written_as_old_systems_write_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'company.sqlite3'}"
    run(url, TABLE, *INDEXES)
    fill(
        url,
        [
            Customer(
                *_NUMBERS, *_NAMES, _BORN,
                mobile="+819012345678", landline="+81312345678", email="hanako@example.jp",
                language="en", preferred="voice",
                # After midnight in Japan.
                contact_changed=datetime(2026, 3, 1, 15, 0, 1, tzinfo=UTC),
            ),
            CustomerData("2", "1000002", *_NAMES, _BORN),
        ],
    )  # fmt: skip
    one, other = rows(url)
    assert one == {
        "kokyaku_no": "1",
        "shimei": "山田　花子",
        "shimei_kana": "ヤマダ ハナコ",
        "seinengappi": "19850305",
        "keitai": "090-1234-5678",
        "denwa": "0312345678",
        "mail": "hanako@example.jp",
        "gengo": "en",
        "renrakusaki_henko": "2026-03-02 00:00:01",
        "hoho": "voice",
    }
    assert [name for name, value in other.items() if value is None] == [
        "keitai", "denwa", "mail", "renrakusaki_henko", "hoho",
    ]  # fmt: skip


def test_its_file_names_every_column_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'company.sqlite3'}"
    run(url, TABLE)
    fill(url, [CustomerData(*_NUMBERS, *_NAMES, _BORN)])
    (row,) = rows(url)
    assert set(yaml.safe_load(MAPPING)["columns"].values()) == set(row)
