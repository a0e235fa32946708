"""A bare number answers the question for one part of a birthdate, and no other."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spoken_dates import japanese

from ivr.understanding import slots
from ivr.understanding.birthdate import Part, Reading
from ivr.understanding.en import birthdate as english
from ivr.understanding.ja import bare_numbers
from ivr.understanding.ja.numbers import kanji
from ivr.understanding.value import Hypothesis, Understood

TODAY = date(2026, 11, 22)


def said(*texts: str, language: str = "ja", held: Reading | None = None) -> Understood:
    held, found = held or Reading(), Understood("none")
    for text in texts:
        found, held = slots.parse_date_part(
            [Hypothesis(text, 1.0)], language=language, today=TODAY, held=held
        )
    return found


@pytest.mark.parametrize(
    ("text", "asked", "value"),
    [
        ("五", "month", 5),
        ("ごです", "month", 5),
        ("5", "month", 5),
        ("５", "day", 5),
        ("〇五", "month", 5),
        ("えーと、十二ですね", "month", 12),
        ("いえ、しち", "month", 7),
        ("しちです", "day", 7),
        ("くです", "month", 9),
        ("にじゅうさん", "day", 23),
        ("三十一 です", "day", 31),
        ("一九八五", "year", 1985),
        ("1985", "year", 1985),
        ("せんきゅうひゃくはちじゅうごです", "year", 1985),
        ("昭和六十", "year", 1985),
        ("しょうわ ろくじゅう です", "year", 1985),
        ("昭和の六十です", "year", 1985),
        ("令和元です", "year", 2019),
    ],
)
def test_a_number_alone(text: str, asked: Part, value: int | None) -> None:
    reading = bare_numbers.read(text, asked)
    found = None if reading is None or reading.hidden else getattr(reading, asked)
    assert found == value


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("十三", "month"),
        ("0", "month"),
        ("三五", "month"),
        ("三十二", "day"),
        ("六十", "year"),
        ("85", "year"),
        ("ろくじゅう", "year"),
        ("0", "year"),
    ],
)
def test_a_number_that_cannot_be_the_part_is_unclear(text: str, asked: Part) -> None:
    reading = bare_numbers.read(text, asked)
    assert reading is not None
    assert reading.hidden


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("はい", "month"),
        ("五回", "month"),
        ("五つ", "day"),
        ("もう一度", "month"),
        ("よ", "month"),
        ("昭和五", "month"),
        ("一番", "day"),
        ("", "day"),
    ],
)
def test_other_words_are_no_number(text: str, asked: Part) -> None:
    assert bare_numbers.read(text, asked) is None


@pytest.mark.parametrize(
    ("text", "asked", "month", "day"),
    [
        ("five", "month", 5, None),
        ("it's 5", "month", 5, None),
        ("oh five", "month", 5, None),
        ("the fifth", "day", None, 5),
        ("twenty five", "day", None, 25),
        ("the twenty fifth", "day", None, 25),
        ("31", "day", None, 31),
        ("fifteen", "month", None, None),
        ("five six", "month", None, None),
    ],
)
def test_english(text: str, asked: Part, month: int | None, day: int | None) -> None:
    reading = english.read(text, asked)
    assert reading is not None
    assert (reading.year, reading.month, reading.day) == (None, month, day)


@given(st.dates(date(1907, 1, 1), date(2026, 11, 1)))
def test_bare_numbers_make_the_date(day: date) -> None:
    year = japanese(day)["era kanji"].partition("年")[0] + "年"
    assert said(year, kanji(day.month), kanji(day.day)) == Understood("ok", str(day), 1.0)
    assert said(f"{day.year}年", str(day.month), str(day.day)).value == str(day)


@given(st.integers(0, 99), st.sampled_from(["{}", "{}です", "{}年", "えーと、{}"]))
def test_two_figures_are_never_a_year(number: int, form: str) -> None:
    for text in (str(number), f"{number:02}", kanji(number) if number else "〇"):
        found = said(form.format(text), held=Reading(month=3, day=5))
        assert (found.status in ("unclear", "none"), found.value) == (True, None)


@given(st.text(max_size=10), st.sampled_from(["year", "month", "day"]))
def test_any_text(text: str, asked: Part) -> None:
    reading = bare_numbers.read(text, asked)
    assert reading is None or reading.hidden or getattr(reading, asked) is not None
