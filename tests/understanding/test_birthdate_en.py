"""English birthdates: words and figures, never a guess."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding import slots
from ivr.understanding.value import Hypothesis, Understood

TODAY = date(2026, 11, 22)
DAYS = st.dates(date(1906, 11, 22), TODAY)


def parse(text: str) -> Understood:
    return slots.parse("birthdate", [Hypothesis(text, 1.0)], language="en", today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "March 5, 1985",
        "march fifth nineteen eighty five",
        "March five nineteen eighty-five",
        "the fifth of March, 1985",
        "5 March 1985",
        "5th of mar. 1985",
        "It's the 5th of March 1985, please",
        "um, my date of birth is March the fifth nineteen eighty five",
        "I was born on Tuesday, March 5th, 1985",
        "nineteen eighty five march fifth",
        "1985-03-05",
        "1985/3/5",
        "05/Mar/1985",
        "March-1985-05",
        "19850305",
        "March fourth, no, fifth, 1985",
        "April, sorry, March 5 1985",
        "March 4 1985, I mean March 5 1985",
    ],
)
def test_every_usual_way_to_say_one_day(text: str) -> None:
    assert parse(text) == Understood("ok", "1985-03-05", 1.0, "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("May second nineteen oh nine", "1909-05-02"),
        ("twenty fifth of December nineteen hundred and seven", "1907-12-25"),
        ("January first two thousand and five", "2005-01-01"),
        ("January first two thousand", "2000-01-01"),
        ("june twentieth twenty fourteen", "2014-06-20"),
        ("july twenty second two thousand eight", "2008-07-22"),
        ("march twenty one one nine eight five", "1985-03-21"),
        ("first wednesday of october 2014", "2014-10-01"),
        ("23-2020-September", "2020-09-23"),
        ("1985-3-5", "1985-03-05"),
        ("Tuesday, March 5, 1985", "1985-03-05"),
        ("june nineteen nineteen ten", "1910-06-19"),
        ("October eighteen nineteen twenty", "1920-10-18"),
        ("the thirty first of may nineteen forty five", "1945-05-31"),
    ],
)
def test_more_days(text: str, value: str) -> None:
    assert parse(text) == Understood("ok", value, 1.0, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3/5/1985", "day_month_order"),
        ("oh three oh five nineteen eighty five", "day_month_order"),
        ("March fifth eighty five", "century_missing"),
        ("3/5/85", "century_missing"),
        ("March 5 '85", "century_missing"),
        ("March nineteen eighty five", "day_missing"),
        ("January two thousand and five", "day_missing"),
        ("March 5", "year_missing"),
        ("1985/03/1-", "not_understood"),
        ("2i March 1985", "not_understood"),
        ("March -5, 1985", "not_understood"),
        ("March twenty on 1985", "not_understood"),
        ("March nineteen nineteen nine", "century_missing"),
        ("it is not March fifth 1985", "not_understood"),
        ("March 5 1985 or March 6", "not_understood"),
        ("March 5 1985 April", "not_understood"),
        ("before March 5 1985", "not_understood"),
        ("it isn't March 5 1985", "not_understood"),
        ("somewhere around March 1985", "not_understood"),
        ("March fifth nineteen gibberish eighty five", "not_understood"),
        ("second friday of march 1985", "nth_weekday"),
        ("the 3rd thu in may 1985", "nth_weekday"),
        ("March 5 1985, no", "corrected"),
        ("March 5 " + "um " * 50 + "1985", "not_understood"),
    ],
)
def test_what_is_doubtful_has_no_value(text: str, reason: str) -> None:
    assert parse(text) == Understood("unclear", None, 0.0, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("25/12/1985", "1985-12-25", "day_month_order"),
        ("12/25/1985", "1985-12-25", "day_month_order"),
        ("3/3/1985", "1985-03-03", "day_month_order"),
        ("Monday, March 5, 1985", "1985-03-05", "weekday_mismatch"),
        ("1985/03/5", "1985-03-05", "uneven_figures"),
        ("I'll go back March 5, 1985", "1985-03-05", "extra_words"),
        ("March fifth nineteen eighty five was a special day", "1985-03-05", "extra_words"),
    ],
)
def test_what_has_to_be_confirmed(text: str, value: str, reason: str) -> None:
    assert parse(text) == Understood("unclear", value, 0.5, reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("February 29 1985", "impossible_date"),
        ("June thirty first nineteen eighty", "impossible_date"),
        ("November 23 2026", "future"),
        ("the fifth of March nineteen oh five", "too_old"),
    ],
)
def test_what_cannot_be(text: str, reason: str) -> None:
    understood = parse(text)
    assert (understood.status, understood.reason) == ("invalid", reason)


@pytest.mark.parametrize("text", ["", "yes", "I don't know", "what was that", "John Smith"])
def test_no_date_at_all(text: str) -> None:
    assert parse(text) == Understood("none", None, 0.0, "no_date")


@given(DAYS)
def test_a_date_read_back_is_understood_as_itself(day: date) -> None:
    assert parse(slots.spoken("birthdate", str(day), language="en")).value == str(day)


WORDS = (
    *("march", "may", "first", "second", "5th", "two", "five", "twenty", "thirty", "one", "oh"),
    *("nineteen", "eighty", "hundred", "thousand", "and", "the", "of", "no", "sorry", "hello"),
    *("1985", "5", "12", "3/5/1985"),
)


@given(st.lists(st.sampled_from(WORDS), max_size=9))
def test_any_words_give_a_possible_birthdate_or_none(words: list[str]) -> None:
    found = parse(" ".join(words))
    if found.status == "ok":
        assert date.fromisoformat(str(found.value)) <= TODAY
        assert found.reason == ""
    else:
        assert found.reason
