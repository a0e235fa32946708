from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from customer_files import HEADER, NOW, quiet, row, write
from found_customers import born_on
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import FilesError
from ivr.records import customers
from ivr.records.customer_csv import MAX_PROBLEMS, check_file, store_file
from ivr.records.customers import CustomerData, Stored
from ivr.records.database import Database


def problems(file: Path) -> list[str]:
    """What is wrong with a file, without its name."""
    with pytest.raises(FilesError) as caught:
        check_file(file, NOW)
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


def imported(database: Database, file: Path) -> CustomerData:
    assert store_file(database, file, quiet) == Stored(added=1)
    with database.reading() as session:
        (number,) = customers.customer_numbers(session)
        assert customers.count(session) == 1
        for day in (date(1950, 5, 3), date(1985, 3, 5)):
            for found in born_on(session, day):
                assert found.number == number
                return replace(found, id="")
    raise AssertionError("nobody was stored")


def test_a_row_becomes_a_customer(database: Database, file: Path) -> None:
    write(
        file,
        row(
            landline="(03) 0000-0002",
            email="Hanako..y@EXAMPLE.jp",
            language="en",
            contact_changed="2026-11-05",
        ),
    )
    assert imported(database, file) == CustomerData(
        id="",
        number="A1",
        surname="山田",
        given="花子",
        surname_kana="ヤマダ",
        given_kana="ハナコ",
        birthdate=date(1950, 5, 3),
        mobile="+819000000001",
        landline="+81300000002",
        email="Hanako..y@example.jp",
        language="en",
        contact_changed=datetime(2026, 11, 4, 15, tzinfo=UTC),  # midnight in Japan
    )


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (HEADER + "\n" + row() + "\n", "utf-8-sig"),
        (HEADER + "\r\n" + row() + "\r\n", "utf-8"),
        (HEADER + "\n" + row(), "utf-8"),
        (HEADER + "\n\n" + row() + "\n,,,,,,,,,,\n\n", "utf-8"),
        (HEADER + "\n" + row(surname='" 山田 "'), "utf-8"),
        (HEADER + "\n" + row(surname_kana="やまだ", given_kana="ﾊﾅｺ"), "utf-8"),
        (HEADER + "\n" + row(surname_kana="ヤマタ\u3099"), "utf-8"),
        (
            ",".join(reversed(HEADER.split(","))) + "\n" + ",".join(reversed(row().split(","))),
            "utf-8",
        ),
    ],
    ids=["bom", "crlf", "no end", "blank", "spaces", "kana", "dakuten", "order"],
)
def test_spellings_of_the_same_file(
    sqlite_database: Database, file: Path, content: str, encoding: str
) -> None:
    file.write_bytes(content.encode(encoding))
    assert imported(sqlite_database, file) == CustomerData(
        id="",
        number="A1",
        surname="山田",
        given="花子",
        surname_kana="ヤマダ",
        given_kana="ハナコ",
        birthdate=date(1950, 5, 3),
        mobile="+819000000001",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": ""}, "2:1: number must be"),
        ({"number": "A 1"}, "2:1: number must be"),
        ({"number": "A" * 65}, "2:1: number must be"),
        ({"surname": " "}, "2:2: surname is empty"),
        ({"surname": "山" * 61}, "2:2: surname must be at most 60"),
        ({"surname": "山\x07田"}, "2:2: surname must be"),
        ({"given": ""}, "2:3: given is empty"),
        ({"surname_kana": "山田"}, "2:4: surname_kana must be 1 to 60 katakana"),
        ({"surname_kana": ""}, "2:4: surname_kana must be"),
        ({"given_kana": "ハナ コ"}, "2:5: given_kana must be"),
        ({"given_kana": "Hanako"}, "2:5: given_kana must be"),
        ({"birthdate": ""}, "2:6: birthdate must be written like 1985-03-05"),
        ({"birthdate": "1950/5/3"}, "2:6: birthdate must be written like 1985-03-05"),
        ({"birthdate": "19500503"}, "2:6: birthdate must be written like 1985-03-05"),
        ({"birthdate": "1950-02-29"}, "2:6: birthdate is no day of the calendar"),
        ({"birthdate": "2026-11-23"}, "2:6: birthdate lies in the future"),
        ({"birthdate": "0950-05-03"}, "2:6: birthdate lies before 1873-01-01"),
        ({"mobile": "9012345678"}, "2:7: mobile is no phone number"),
        ({"mobile": "03-0000-0001"}, "2:7: mobile is no mobile of Japan"),
        ({"landline": "0120-000-000"}, "2:8: landline is a free or shared number"),
        ({"email": "hanako"}, "2:9: email is no e-mail address"),
        ({"email": "a@example.jp>;b@example.jp"}, "2:9: email is no e-mail address"),
        ({"email": "a@" + "b" * 60 + ".example" * 30 + ".jp"}, "2:9: email is no e-mail"),
        ({"language": "fr"}, "2:10: language must be ja or en"),
        ({"contact_changed": "recently"}, "2:11: contact_changed must be a day"),
        ({"contact_changed": "2026-11-05T10:00:00"}, "2:11: contact_changed must be a day"),
        ({"contact_changed": "2026-11-31"}, "2:11: contact_changed is no day"),
        ({"contact_changed": "2026-11-23"}, "2:11: contact_changed lies in the future"),
    ],
)
def test_each_wrong_cell_is_named_and_not_quoted(
    file: Path, changes: dict[str, str], said: str
) -> None:
    write(file, row(**changes))
    (problem,) = problems(file)
    assert problem.startswith(said)
    for value in changes.values():
        assert not value.strip() or value not in problem


@pytest.mark.parametrize(
    ("cell", "preferred"), [("", None), ("sms", "sms"), ("voice", "voice"), ("email", "email")]
)
def test_a_column_that_may_be_left_out(
    sqlite_database: Database, file: Path, cell: str, preferred: str | None
) -> None:
    write(file, f"{row()},{cell}", header=f"{HEADER},preferred")
    assert imported(sqlite_database, file).preferred == preferred


def test_a_way_that_is_none_is_named(file: Path) -> None:
    write(file, f"{row()},fax", header=f"{HEADER},preferred")
    assert problems(file) == ["2:12: preferred must be sms, voice, email or empty"]


def test_today_in_japan_is_a_birthdate(file: Path) -> None:
    write(file, row(birthdate="2026-11-22"))
    assert check_file(file, datetime(2026, 11, 21, 15, tzinfo=UTC)) == 1
    with pytest.raises(FilesError):
        check_file(file, datetime(2026, 11, 21, 14, 59, tzinfo=UTC))


def test_all_problems_come_in_one_run_in_order(file: Path) -> None:
    write(
        file,
        row(birthdate="x", email="x"),
        row(number="A2"),
        '"A3\nB","山\n田"',
        row(number="A2"),
        row(number="A4", mobile="x") + ",more",
    )
    assert problems(file) == [
        "2:6: birthdate must be written like 1985-03-05",
        "2:9: email is no e-mail address",
        "4:3: has 2 fields, not 11",
        "7:1: number is already in line 3",
        "8:12: has 12 fields, not 11",
    ]


def test_no_more_than_two_hundred_problems(file: Path) -> None:
    write(file, *(row(number=f"A{number}", birthdate="x", email="x") for number in range(150)))
    assert len(problems(file)) == MAX_PROBLEMS == 200


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", ["1:1: columns are missing: number, surname"]),
        (HEADER.replace("birthdate", "birthday"), ["1:6: unknown column (did you mean 'birth"]),
        (HEADER + ",number", ["1:12: column 'number' is there twice"]),
        (HEADER.replace(",email", ""), ["1:11: columns are missing: email"]),
        (HEADER.replace(",", ";"), ["1:1: unknown column", "1:2: columns are missing: number"]),
    ],
)
def test_a_wrong_header_ends_the_reading(file: Path, header: str, said: list[str]) -> None:
    write(file, row(birthdate="x"), header=header)
    found = problems(file)
    for expected in said:
        assert any(one.startswith(expected) for one in found)
    assert not any(one.startswith("2:") for one in found)


def test_shift_jis_is_told_with_its_place(file: Path) -> None:
    lines = "\n".join((HEADER, *(row(number=f"A{number}") for number in range(3))))
    file.write_bytes(lines.encode("cp932"))
    (problem,) = problems(file)
    assert "not UTF-8" in problem


def test_an_open_quotation_mark_is_told(file: Path) -> None:
    write(file, row(), row(number="A2", surname='"山田'))
    (problem,) = problems(file)
    assert problem.startswith("3:1: is no CSV")


@pytest.mark.parametrize("place", ["none.csv", "."])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, place: str) -> None:
    with pytest.raises(FilesError, match="cannot be read"):
        check_file(tmp_path / place, NOW)


@given(content=st.binary(max_size=400) | st.text(max_size=200).map(lambda t: t.encode()))
def test_any_bytes_end_in_problems_or_customers(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(HEADER.encode() + b"\n" + content)
    try:
        assert check_file(file, NOW) >= 0
    except FilesError as error:
        assert error.problems
