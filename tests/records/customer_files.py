"""Files of customers as companies export them, to be read and imported."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

HEADER = (
    "number,surname,given,surname_kana,given_kana,birthdate,"
    "mobile,landline,email,language,contact_changed"
)
GOOD = {
    "number": "A1",
    "surname": "山田",
    "given": "花子",
    "surname_kana": "ヤマダ",
    "given_kana": "ハナコ",
    "birthdate": "1950-05-03",
    "mobile": "090-0000-0001",
    "landline": "",
    "email": "",
    "language": "",
    "contact_changed": "",
}
NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
SAMPLE = Path(__file__).parents[2] / "flows" / "verify" / "customers.csv"


def quiet(done: int, total: int) -> None:
    """No progress shown."""


def row(**changes: str) -> str:
    return ",".join((GOOD | changes).values())


def write(file: Path, *lines: str, header: str = HEADER) -> None:
    file.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
