"""Digits, said and keyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding import digits
from ivr.understanding.value import Understood


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("123456", "123456"),
        ("１２３４５６です", "123456"),
        ("一二三四五六", "123456"),
        ("いち に さん よん ご ろく", "123456"),
        ("イチニーサンシーゴーロク", "123456"),
        ("えーと、ぜろ、きゅう、まる", "090"),
        ("零七しちなな", "0777"),
        ("れい はち く きゅう", "0899"),
        ("〇九〇の一二三四の五六七八", "09012345678"),
        ("090-1234-5678", "09012345678"),
        ("one two three four five six", "123456"),
        ("oh double seven, zero triple nine", "0770999"),
        ("Um, it's 1 2 3 4", "1234"),
    ],
)
def test_digits_one_by_one(text: str, value: str) -> None:
    assert digits.parse(text, confidence=0.9) == Understood("ok", value, 0.9)


@pytest.mark.parametrize(
    "text",
    [
        "十二",
        "じゅうに",
        "12万",
        "1.5",
        "一二三四五六、いえ七",
        "一二三かな四",
        "twenty three",
        "one two or three",
        "double",
        "two double",
    ],
)
def test_other_words_among_digits_forbid_a_value(text: str) -> None:
    found = digits.parse(text, confidence=1.0)
    assert found.value is None
    assert found.status in {"unclear", "none"}


@pytest.mark.parametrize("text", ["", "わかりません", "はい", "hello", "です"])
def test_no_digits(text: str) -> None:
    assert digits.parse(text, confidence=1.0) == Understood("none", None, 0.0, "no_digits")


def test_a_length_is_exact() -> None:
    assert digits.parse("12345", confidence=1.0, length=6).reason == "wrong_length"
    assert digits.parse("1234567", confidence=1.0, length=6).status == "invalid"
    assert digits.parse("123456", confidence=1.0, length=6).value == "123456"


@pytest.mark.parametrize(
    ("keys", "status", "reason"),
    [
        ("123456", "ok", ""),
        ("12345", "invalid", "wrong_length"),
        ("", "none", "no_digits"),
        ("12345*", "invalid", "not_digits"),
        ("１２３４５６", "invalid", "not_digits"),
    ],
)
def test_keys(keys: str, status: str, reason: str) -> None:
    found = digits.keyed(keys, length=6)
    assert (found.status, found.reason) == (status, reason)
    assert found.value == (keys if status == "ok" else None)


def test_read_back_one_by_one() -> None:
    assert digits.spoken("090", language="ja") == "0、9、0"
    assert digits.spoken("090", language="en") == "0, 9, 0"


@given(st.text(alphabet="0123456789", min_size=1, max_size=20))
def test_what_is_read_back_is_understood(text: str) -> None:
    for language in ("ja", "en"):
        spoken = digits.spoken(text, language=language)
        assert digits.parse(spoken, confidence=1.0) == Understood("ok", text, 1.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一二三四、いえ、一二三五", "1235"),
        ("いちにさんし しつれいしました いちにさんご", "1235"),
        ("1234じゃなくて1235です", "1235"),
        ("1 2 3 4 間違えました 1 2 3 5", "1235"),
        ("one two three four, no, one two three five", "1235"),
        ("one two three four no sorry one two three five", "1235"),
        # Not as long: nobody knows which of them it replaces.
        ("一二三四、いえ、五", None),
        ("一二三四、いえ", None),
        ("one two three four, sorry", None),
    ],
)
def test_digits_taken_back_are_read_back(text: str, value: str | None) -> None:
    found = digits.parse(text, confidence=1.0)
    assert (found.status, found.value, found.reason) == ("unclear", value, "corrected")
    assert found.confidence < 1.0
    wanted = digits.parse(text, confidence=1.0, length=4)
    assert (wanted.value, wanted.reason) == (value, "corrected")


@pytest.mark.parametrize(
    "text", ["すみません、一二三四", "いえ、一二三四です", "sorry, one two three four"]
)
def test_an_apology_before_digits_takes_nothing_back(text: str) -> None:
    assert digits.parse(text, confidence=1.0) == Understood("ok", "1234", 1.0)


@pytest.mark.parametrize("text", ["いいえ", "違います", "no", "sorry"])
def test_a_correction_alone_is_no_digit(text: str) -> None:
    assert digits.parse(text, confidence=1.0).status == "none"
