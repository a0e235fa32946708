"""Japanese numbers in kanji, kana and figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.ja import numbers


@given(st.integers(1, 9999))
def test_what_is_written_is_read(number: int) -> None:
    assert numbers.parse(numbers.kanji(number)) == numbers.Number(number)


@given(st.integers(0, 9999))
def test_digits_one_by_one(number: int) -> None:
    digits = f"{number:04}"
    kanji = "".join("〇一二三四五六七八九"[int(digit)] for digit in digits)
    assert numbers.parse(digits) == numbers.Number(number, 4)
    assert numbers.parse(kanji) == numbers.Number(number, 4)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("じゅう", 10),
        ("しちじゅうしち", 77),
        ("ろっぴゃく", 600),
        ("はっせんさんびゃくよんじゅうく", 8349),
        ("せんきゅーひゃくはちじゅー", 1980),
        ("にせんじゅうきゅう", 2019),
        ("いちきゅうはちご", 1985),
        ("2千", 2000),
        ("廿五", 25),
        ("一千九百", 1900),
        ("弐拾", 20),
        ("二〇十九", 2019),
        ("一九八十五", 1985),
        ("05", 5),
    ],
)
def test_numbers(text: str, value: int) -> None:
    parsed = numbers.parse(text)
    assert parsed is not None
    assert parsed.value == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "御十",
        "十五十",
        "五百百",
        "十〇",
        "19百",
        "二十三四",
        "いっ",
        "ろっじゅう",
        "12345",
        "〇十",
        "1a",
    ],
)
def test_no_numbers(text: str) -> None:
    assert numbers.parse(text) is None


@pytest.mark.parametrize("number", [0, -1, 10_000])
def test_only_small_numbers_are_written(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 9999"):
        numbers.kanji(number)
