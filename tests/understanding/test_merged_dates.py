"""Year, month and day said in several utterances."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken_dates import japanese

from ivr.understanding.birthdate import Reading, conclude, merge
from ivr.understanding.en import birthdate as english
from ivr.understanding.ja import birthdate as japanese_birthdate
from ivr.understanding.value import Understood

TODAY = date(2026, 11, 22)
READERS = {"ja": japanese_birthdate.read, "en": english.read}


def said(*texts: str, language: str = "ja") -> Understood:
    held = Reading()
    for text in texts:
        reading = READERS[language](text)
        if reading is not None:
            held = merge(held, reading)
    return conclude(held, today=TODAY, confidence=1.0)


@pytest.mark.parametrize(
    "texts",
    [
        ("昭和六十年", "三月", "五日"),
        ("昭和六十年です", "三月五日です"),
        ("三月五日", "昭和六十年"),
        ("五日", "えーと", "三月", "昭和六十年"),
        ("昭和六十年三月", "御日", "五日"),
        ("昭和六十年三月", "三月五日"),
        ("平成二年一月一日", "昭和六十年三月五日"),
    ],
)
def test_the_parts_make_one_date(texts: tuple[str, ...]) -> None:
    assert said(*texts) == Understood("ok", "1985-03-05", 1.0)


def test_parts_in_english() -> None:
    found = said("March fifth", "nineteen eighty five", language="en")
    assert found == Understood("ok", "1985-03-05", 1.0)


@pytest.mark.parametrize(
    ("texts", "status", "value", "reason"),
    [
        (("昭和六十年", "三月"), "unclear", None, "day_missing"),
        (("三月五日",), "unclear", None, "year_missing"),
        (("昭和六十年四月", "三月五日"), "unclear", "1985-03-05", "said_anew"),
        (("昭和六十四年", "五月", "一日"), "unclear", "1989-05-01", "era_mismatch"),
        (("昭和六十年", "二月", "三十日"), "invalid", None, "impossible_date"),
        (("六十年", "三月五日"), "unclear", None, "year_missing"),
    ],
)
def test_what_the_parts_leave_doubtful(
    texts: tuple[str, ...], status: str, value: str | None, reason: str
) -> None:
    found = said(*texts)
    assert (found.status, found.value, found.reason) == (status, value, reason)


def test_what_is_still_missing() -> None:
    assert Reading().missing == ("year", "month", "day")
    assert merge(Reading(month=3), Reading(year=1985)).missing == ("day",)


@given(st.dates(date(1906, 11, 22), TODAY), st.permutations(["年", "月", "日"]))
def test_any_order_gives_the_date(day: date, order: list[str]) -> None:
    text = japanese(day)["era kanji"]
    year, _, rest = text.partition("年")
    month, _, number = rest.partition("月")
    parts = {"年": f"{year}年", "月": f"{month}月", "日": number}
    assert said(*(parts[sign] for sign in order)) == Understood("ok", str(day), 1.0)
