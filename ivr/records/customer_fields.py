"""One row of a customer file: each cell checked and brought to its one spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from ivr.records.customers import CustomerData, new_id
from ivr.records.phone_numbers import may_be_mobile, to_e164

COLUMNS = (
    "number",
    "surname",
    "given",
    "surname_kana",
    "given_kana",
    "birthdate",
    "mobile",
    "landline",
    "email",
    "language",
    "contact_changed",
    "preferred",
)
#: Columns that a file may leave out.
OPTIONAL_COLUMNS = ("preferred",)
#: Ways to get codes.
WAYS = ("sms", "voice", "email")
LANGUAGES = ("ja", "en")

JAPAN = timezone(timedelta(hours=9))
# Japan took the Gregorian calendar on 1873-01-01 (Meiji 6).
_FIRST_BIRTHDATE = date(1873, 1, 1)
_MAX_NAME = 60
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KANA = re.compile(r"[ァ-ヴー・]+")
# Dot-atoms only (RFC 5322, 3.2.3), dots anywhere: Japanese carriers gave out "a..b.@…" for years.
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


@dataclass(frozen=True, slots=True)
class BadCell:
    """What is wrong in one column, without what it holds."""

    column: str
    message: str


def customer_of(row: Mapping[str, str], now: datetime) -> CustomerData | list[BadCell]:
    """The customer of a row (column name -> cell), or everything wrong with it.

    ``now`` is aware: no birthdate and no change of contact lies after it. The id is new.
    """
    bad: list[BadCell] = []
    cells: dict[str, object] = {}
    for column in COLUMNS:
        try:
            cells[column] = read_cell(column, row.get(column, ""), now)
        except ValueError as error:
            bad.append(BadCell(column, str(error)))
    return bad or CustomerData(id=new_id(), **cells)  # type: ignore[arg-type]


def read_cell(column: str, cell: str, now: datetime) -> object:
    """One cell of :data:`COLUMNS` in its one spelling.

    Raises:
        ValueError: what is wrong with it, without what it holds.
    """
    return _READERS[column](cell.strip(), now)


def _number(cell: str, _now: datetime) -> str:
    number = unicodedata.normalize("NFKC", cell)
    if not _NUMBER.fullmatch(number):
        raise ValueError("must be 1 to 64 letters, digits, - or _")
    return number


def _name(cell: str, _now: datetime) -> str:
    if not cell:
        raise ValueError("is empty")
    if len(cell) > _MAX_NAME or not cell.isprintable():
        raise ValueError(f"must be at most {_MAX_NAME} printable characters")
    return cell


def _kana(cell: str, _now: datetime) -> str:
    # NFKC: half-width katakana become full-width, and a loose dakuten joins its kana.
    text = unicodedata.normalize("NFKC", cell)
    katakana = "".join(chr(ord(mark) + 0x60) if "ぁ" <= mark <= "ゖ" else mark for mark in text)
    if not _KANA.fullmatch(katakana) or len(katakana) > _MAX_NAME:
        raise ValueError(f"must be 1 to {_MAX_NAME} katakana, without spaces")
    return katakana


def _birthdate(cell: str, now: datetime) -> date:
    birthdate = _day(cell)
    if birthdate > now.astimezone(JAPAN).date():
        raise ValueError("lies in the future")
    if birthdate < _FIRST_BIRTHDATE:
        raise ValueError(f"lies before {_FIRST_BIRTHDATE}")
    return birthdate


def _mobile(cell: str, now: datetime) -> str | None:
    number = _landline(cell, now)
    if number is not None and not may_be_mobile(number):
        raise ValueError("is no mobile of Japan (060, 070, 080, 090): move it to landline")
    return number


def _landline(cell: str, _now: datetime) -> str | None:
    return to_e164(cell) if cell else None


def _email(cell: str, _now: datetime) -> str | None:
    if not cell:
        return None
    if len(cell) > 254 or not _EMAIL.fullmatch(cell):
        raise ValueError("is no e-mail address")
    local, _, domain = cell.rpartition("@")
    return f"{local}@{domain.lower()}"


def _language(cell: str, _now: datetime) -> str:
    if cell and cell not in LANGUAGES:
        raise ValueError(f"must be {' or '.join(LANGUAGES)}")
    return cell or LANGUAGES[0]


def _preferred(cell: str, _now: datetime) -> str | None:
    if cell and cell not in WAYS:
        raise ValueError(f"must be {', '.join(WAYS)} or empty")
    return cell or None


def _contact_changed(cell: str, now: datetime) -> datetime | None:
    if not cell:
        return None
    changed = _instant(cell)
    if changed > now:
        raise ValueError("lies in the future")
    return changed


def _instant(cell: str) -> datetime:
    if _DAY.fullmatch(cell):
        return datetime.combine(_day(cell), time(), JAPAN).astimezone(UTC)
    try:
        instant = datetime.fromisoformat(cell)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError("must be a day like 2026-11-05, or an instant with its zone")
    return instant.astimezone(UTC)


def _day(cell: str) -> date:
    try:
        if _DAY.fullmatch(cell):
            return date.fromisoformat(cell)
    except ValueError:
        raise ValueError("is no day of the calendar") from None
    raise ValueError("must be written like 1985-03-05")


_READERS: Mapping[str, Callable[[str, datetime], object]] = {
    "number": _number,
    "surname": _name,
    "given": _name,
    "surname_kana": _kana,
    "given_kana": _kana,
    "birthdate": _birthdate,
    "mobile": _mobile,
    "landline": _landline,
    "email": _email,
    "language": _language,
    "contact_changed": _contact_changed,
    "preferred": _preferred,
}
