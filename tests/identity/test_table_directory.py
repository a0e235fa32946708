"""A company's own table: read as its file says, by an index, and never written to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from directory_rig import table_directory
from people import customer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ivr.clock import ManualClock
from ivr.errors import FilesError, RecordsError, RecordsUnavailable, SettingsError
from ivr.identity import table_columns
from ivr.identity import table_directory as module
from ivr.identity.ports import Customer
from ivr.identity.table_directory import TableDirectory, spellings
from ivr.identity.table_mapping import read_mapping
from ivr.records.company_engine import CompanyDatabase
from ivr.records.database import Database
from ivr.rehearsal.company_table import INDEXES, MAPPING, TABLE, fill, run

HANAKO = customer(id="1000001")
_BORN = HANAKO.birthdate


def problems(raised: Callable[[], object]) -> list[str]:
    """What is wrong, as ``line:column: message``."""
    with pytest.raises(FilesError) as caught:
        raised()
    return [f"{each.line}:{each.column}: {each.message}" for each in caught.value.problems]


def opened(url: str, folder: Path, clock: ManualClock, mapping: str = MAPPING) -> list[str]:
    """What is wrong when a table is opened; empty where nothing is."""
    with table_directory(url, folder, clock, mapping) as directory:
        try:
            directory.open()
        except FilesError as error:
            return [f"{each.line}:{each.column}: {each.message}" for each in error.problems]
    return []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("table: kokyaku", "tabel: kokyaku", ["1:1: ", "1:1: "]),
        ("  id: kokyaku_no\n", "", ["2:1: "]),
        ("  id: kokyaku_no", "  id: 7", ["3:7: "]),
        ("birthdate_format: YYYYMMDD", "birthdate_format: DDMMYYYY", ["13:19: "]),
        ("  name_kana: shimei_kana\n", "", ["3:3: "]),
        ("  name: shimei\n", "  name: shimei\n  surname: sei\n", ["3:3: "]),
        ("  name_kana: shimei_kana", "  name_kana: k\n  given_kana: g", ["3:3: "]),
        ("  mobile: keitai", "  mobil: keitai", ["7:3: "]),
        ("  mobile: keitai", "  mobile:", ["7:3: "]),
    ],
)
def test_a_file_that_is_wrong_is_told_with_line_and_column(
    tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    file = tmp_path / "directory.yaml"
    file.write_text(MAPPING.replace(old, new), encoding="utf-8")
    found = problems(lambda: read_mapping(file))
    assert [each.split(" ")[0] + " " for each in found] == said, found


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="no such file"):
        read_mapping(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", []),
        ("table: kokyaku", "table: kokyak", ["1:8: there is no such table or view, or"]),
        (
            "birthdate: seinengappi",
            "birthdate: seinengapi",
            ["6:14: there is no such column (did you mean 'seinengappi'?)"],
        ),
        (
            "keitai\n  landline: denwa",
            "kei\n  landline: den",
            ["7:11: there is no such column", "8:13: there is no such column"],
        ),
        (
            "\nbirthdate_format: YYYYMMDD",
            "",
            ["1:1: the column of birthdates holds text: add birthdate_format"],
        ),
        (
            "birthdate: seinengappi",
            "birthdate: renrakusaki_henko",
            ["13:19: the column holds dates: leave birthdate_format out"],
        ),
        ("id: kokyaku_no", "id: shimei", ["3:7: no index on it: each call would read"]),
        ("birthdate: seinengappi", "birthdate: mail", ["6:14: no index on it: each call would"]),
    ],
)
def test_what_does_not_fit_the_table_is_told_at_its_line(
    database: Database,
    database_url: str,
    tmp_path: Path,
    clock: ManualClock,
    old: str,
    new: str,
    said: list[str],
) -> None:
    run(database_url, TABLE, *INDEXES)
    found = opened(database_url, tmp_path, clock, MAPPING.replace(old, new))
    assert len(found) == len(said), found
    assert all(one.startswith(start) for one, start in zip(found, said, strict=True)), found


def test_a_missing_index_is_named_and_no_call_reads_the_whole_table(
    database: Database, database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    run(database_url, TABLE)
    fill(database_url, [HANAKO])
    with table_directory(database_url, tmp_path, clock) as directory:
        with pytest.raises(RecordsError, match="not as its file says") as caught:
            directory.born_on(_BORN)
        assert not isinstance(caught.value, RecordsUnavailable)
        # It is looked at again: an index helps without a new start.
        run(database_url, *INDEXES)
        assert [each.id for each in directory.born_on(_BORN)] == [HANAKO.id]


def test_a_view_is_as_good_as_a_table(
    database: Database, database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    run(
        database_url,
        TABLE,
        *INDEXES,
        "CREATE TABLE mails (kokyaku_no VARCHAR(20) PRIMARY KEY, address VARCHAR(254))",
        "CREATE VIEW callers AS SELECT kokyaku.*, mails.address FROM kokyaku"
        " LEFT JOIN mails ON mails.kokyaku_no = kokyaku.kokyaku_no",
        "INSERT INTO mails VALUES ('1000001', 'new@example.jp')",
    )
    fill(database_url, [HANAKO])
    mapping = MAPPING.replace("table: kokyaku", "table: callers").replace(": mail", ": address")
    with table_directory(database_url, tmp_path, clock, mapping) as directory:
        found = directory.by_id(HANAKO.id)
        assert found is not None
        assert found.email == "new@example.jp"
        assert [each.id for each in directory.born_on(_BORN)] == [HANAKO.id]


def test_a_view_without_an_index_behind_it_is_told(
    database: Database, database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    run(database_url, TABLE, "CREATE VIEW callers AS SELECT * FROM kokyaku")
    found = opened(
        database_url, tmp_path, clock, MAPPING.replace("table: kokyaku", "table: callers")
    )
    assert [each.partition(": ")[0] for each in found] == ["6:14"]


_KINDS = {
    "date": ("DATE", "'1985-03-05'", None),
    "timestamp": ("TIMESTAMP", "'1985-03-05 00:00:00'", None),
    "late in the day": ("TIMESTAMP", "'1985-03-05 23:59:59'", None),
    "integer": ("INTEGER", "19850305", "YYYYMMDD"),
    "numeric": ("NUMERIC(8)", "19850305", "YYYYMMDD"),
    "text": ("VARCHAR(10)", "'19850305'", "YYYYMMDD"),
    "hyphens": ("CHAR(10)", "'1985-03-05'", "YYYY-MM-DD"),
    "slashes": ("VARCHAR(10)", "'1985/03/05'", "YYYY/MM/DD"),
}


@pytest.mark.parametrize("kind", sorted(_KINDS))
@pytest.mark.parametrize("ids", ["INTEGER", "BIGINT", "VARCHAR(9)"])
def test_birthdates_and_ids_of_every_kind(
    database: Database,
    database_url: str,
    tmp_path: Path,
    clock: ManualClock,
    kind: str,
    ids: str,
) -> None:
    type_, written, chosen = _KINDS[kind]
    run(
        database_url,
        f"CREATE TABLE people (id {ids} PRIMARY KEY, kana VARCHAR(80), born {type_})",
        "CREATE INDEX ix_born ON people (born)",
        f"INSERT INTO people VALUES (7, 'ﾔﾏﾀﾞ ﾊﾅｺ', {written})",
    )
    mapping = "table: people\ncolumns: {id: id, name_kana: kana, birthdate: born}\n"
    mapping += f"birthdate_format: {chosen}\n" if chosen else ""
    with table_directory(database_url, tmp_path, clock, mapping) as directory:
        (found,) = directory.born_on(_BORN)
        assert (found.id, found.number, found.surname_kana) == ("7", "7", "ヤマダ")
        assert directory.by_id("7") == Customer("7", "7", "", "", "ヤマダ", "ハナコ", _BORN)
        assert directory.by_id("x") is None
        assert directory.born_on(date(1985, 3, 4)) == []
        assert directory.born_on(date(1985, 3, 6)) == []
        assert list(directory.with_phones(["+819012345678"])) == []


def test_numbers_that_are_no_birthdates_need_another_column(
    database: Database, database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    run(
        database_url,
        "CREATE TABLE people (id INTEGER PRIMARY KEY, kana TEXT, born INTEGER, ok BOOLEAN)",
        "CREATE INDEX ix_born ON people (born)",
    )
    mapping = "table: people\ncolumns: {{id: id, name_kana: kana, birthdate: {}}}\n"
    (found,) = opened(database_url, tmp_path, clock, mapping.format("born"))
    assert "birthdate_format must be YYYYMMDD" in found
    (found,) = opened(database_url, tmp_path, clock, mapping.format("ok"))
    assert "is of type BOOLEAN, not a date" in found


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"shimei_kana": "やまだ　はなこ"}, {}),
        ({"shimei_kana": "ﾔﾏﾀﾞ ﾊﾅｺ"}, {}),
        ({"shimei_kana": " ヤマダ   ハナコ "}, {}),
        ({"shimei": None}, {"surname": "", "given": ""}),
        ({"keitai": "+81 90 1234 5678"}, {}),
        ({"keitai": "（０９０）１２３４－５６７８"}, {}),
        ({"keitai": "03-1234-5678"}, {"mobile": None}),
        ({"keitai": "なし"}, {"mobile": None}),
        ({"denwa": "0120-000-000"}, {"landline": None}),
        ({"denwa": ""}, {"landline": None}),
        ({"mail": "unknown"}, {"email": None}),
        ({"hoho": "voice"}, {"preferred": "voice"}),
        ({"hoho": "pigeon"}, {}),
        ({"gengo": "fr"}, {"language": "ja"}),
        ({"gengo": "en"}, {"language": "en"}),
        (
            {"renrakusaki_henko": "2026-11-05 09:30:00"},
            {"contact_changed": datetime(2026, 11, 5, 0, 30, tzinfo=UTC)},
        ),
        ({"renrakusaki_henko": "2027-01-01 00:00:00"}, {"contact_changed": None}),
        # Nobody can be found by these.
        ({"shimei_kana": "ヤマダハナコ"}, None),
        ({"shimei_kana": "山田 花子"}, None),
        ({"shimei_kana": None}, None),
        ({"seinengappi": "19850230"}, None),
        ({"seinengappi": ""}, None),
    ],
)
def test_cells_are_brought_to_our_spellings(
    database: Database,
    database_url: str,
    tmp_path: Path,
    clock: ManualClock,
    cells: dict[str, str | None],
    expected: dict[str, object] | None,
) -> None:
    run(database_url, TABLE, *INDEXES)
    fill(database_url, [HANAKO])
    ((column, cell),) = cells.items()
    with database.engine.begin() as connection:
        update = text(f"UPDATE kokyaku SET {column} = :cell")
        connection.execute(update, {"cell": cell})
    with table_directory(database_url, tmp_path, clock) as directory:
        found = directory.by_id(HANAKO.id)
    values = {name: getattr(HANAKO, name) for name in Customer.__dataclass_fields__}
    assert found == (None if expected is None else Customer(**values | expected | _number()))


def _number() -> dict[str, object]:
    return {"number": HANAKO.id}


def test_a_row_that_cannot_be_read_does_not_hide_the_others(
    database: Database, database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    run(database_url, TABLE, *INDEXES)
    fill(database_url, [HANAKO, customer(id="2", surname_kana="x"), customer(id="3")])
    with table_directory(database_url, tmp_path, clock) as directory:
        assert [each.id for each in directory.born_on(_BORN)] == [HANAKO.id, "3"]


def test_a_day_that_stands_for_unknown_days_is_refused(
    database: Database,
    database_url: str,
    tmp_path: Path,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_BORN", 2)
    run(database_url, TABLE, *INDEXES)
    fill(database_url, [customer(id=str(number)) for number in range(2)])
    with table_directory(database_url, tmp_path, clock) as directory:
        assert len(directory.born_on(_BORN)) == 2
        fill(database_url, [customer(id="more")])
        with pytest.raises(RecordsError, match="more than 2 customers have one birthdate"):
            directory.born_on(_BORN)


def test_the_report_counts_and_quotes_nothing(
    database: Database, database_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    run(database_url, TABLE, *INDEXES[:1])
    fill(database_url, [HANAKO, customer(id="2", surname_kana="山"), customer(id="3")])
    run(database_url, "UPDATE kokyaku SET keitai = 'secret'")
    with table_directory(database_url, tmp_path, clock) as directory:
        first, *lines = directory.report()
    assert first.startswith("kokyaku in the ")
    assert lines == [
        "of the first 3 rows 2 can be used",
        "  mobile: 3 cannot be read",
        "  surname_kana: 1 cannot be read",
        "phones that several customers share are not noticed: no column of phones has an index",
    ]


def test_the_table_cannot_be_written(database: Database, database_url: str, tmp_path: Path) -> None:
    run(database_url, TABLE)
    company = CompanyDatabase(database_url, 30)
    with pytest.raises(RecordsError), company.reading() as connection:
        connection.execute(text("INSERT INTO kokyaku (kokyaku_no, seinengappi) VALUES ('1', '2')"))
    company.close()


def test_a_database_that_is_away_is_told_without_its_password(
    tmp_path: Path, clock: ManualClock
) -> None:
    for url in (
        f"sqlite:///{tmp_path}/none.sqlite3",
        "postgresql://user:hidden@127.0.0.1:1/none?connect_timeout=2",
    ):
        with table_directory(url, tmp_path, clock) as directory:
            with pytest.raises(RecordsUnavailable) as caught:
                directory.born_on(_BORN)
            assert "hidden" not in f"{caught.value!r} {caught.value.__cause__}"


@pytest.mark.parametrize("url", ["nonsense", "nosuch://host/name", "oracle+cx_oracle://h/n"])
def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(SettingsError):
        CompanyDatabase(url, 1)


def test_where_no_plan_is_asked_for_indexes_and_keys_are_looked_at(
    database: Database,
    database_url: str,
    tmp_path: Path,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As with databases that the project does not know: their plans have other words."""
    monkeypatch.setattr(table_columns, "_PLANS", {})
    run(database_url, TABLE)
    assert [each[:5] for each in opened(database_url, tmp_path, clock)] == ["6:14:"]
    run(database_url, *INDEXES)
    assert opened(database_url, tmp_path, clock) == []
    run(database_url, "CREATE VIEW callers AS SELECT * FROM kokyaku")
    view = MAPPING.replace("table: kokyaku", "table: callers")
    assert len(opened(database_url, tmp_path, clock, view)) == 2


def test_another_kind_of_database_is_opened_by_its_driver(
    sqlite_url: str,
    tmp_path: Path,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ivr.records.company_engine._READ_ONLY", frozenset())
    run(sqlite_url, TABLE, *INDEXES)
    fill(sqlite_url, [HANAKO])
    with table_directory(sqlite_url, tmp_path, clock) as directory:
        assert [each.id for each in directory.born_on(_BORN)] == [HANAKO.id]


@pytest.mark.parametrize(
    ("phone", "written"),
    [
        ("+819012345678", {"+819012345678", "819012345678", "090-1234-5678", "09012345678"}),
        ("+81312345678", {"+81312345678", "81312345678", "03-1234-5678", "0312345678"}),
        ("+81455550123", {"+81455550123", "81455550123", "045-555-0123", "0455550123"}),
    ],
)
def test_spellings_of_a_phone(phone: str, written: set[str]) -> None:
    assert set(spellings([phone])) == written


def test_a_directory_that_is_opened_connects_once(
    sqlite_database: Database, sqlite_url: str, tmp_path: Path, clock: ManualClock
) -> None:
    run(sqlite_url, TABLE, *INDEXES)
    with table_directory(sqlite_url, tmp_path, clock) as directory:
        assert isinstance(directory, TableDirectory)
        directory.born_on(_BORN)
        run(sqlite_url, "DROP TABLE kokyaku")
        with pytest.raises(RecordsUnavailable) as caught:
            directory.born_on(_BORN)
        assert isinstance(caught.value.__cause__, SQLAlchemyError | None)
