"""Eras: spans and arithmetic."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.ja import eras


@given(st.dates(date(1868, 1, 25), date(2100, 1, 1)))
def test_every_day_has_an_era_that_gives_its_year_back(day: date) -> None:
    era, year = eras.of(day)
    assert era.spans(day)
    assert era.year(year) == day.year
    assert year >= 1


def test_eras_follow_each_other_without_a_gap() -> None:
    for before, after in zip(eras.ERAS, eras.ERAS[1:], strict=False):
        assert before.last is not None
        assert after.first - before.last in (timedelta(0), timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "kanji", "year"),
    [
        (date(1912, 7, 29), "明治", 45),
        (date(1912, 7, 30), "大正", 1),
        (date(1926, 12, 25), "昭和", 1),
        (date(1989, 1, 7), "昭和", 64),
        (date(1989, 1, 8), "平成", 1),
        (date(2019, 4, 30), "平成", 31),
        (date(2019, 5, 1), "令和", 1),
    ],
)
def test_days_of_change(day: date, kanji: str, year: int) -> None:
    era, number = eras.of(day)
    assert (era.kanji, number) == (kanji, year)


def test_before_the_first_era_there_is_none() -> None:
    with pytest.raises(ValueError, match="no era"):
        eras.of(date(1868, 1, 24))


def test_keys_are_those_of_the_prompts() -> None:
    assert {key: era.kanji for key, era in eras.BY_KEY.items()} == {
        "1": "明治",
        "2": "大正",
        "3": "昭和",
        "4": "平成",
        "5": "令和",
    }
