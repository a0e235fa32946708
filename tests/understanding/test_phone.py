"""Phone numbers, said digit by digit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding import phone
from ivr.understanding.value import Understood


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("090-1234-5678", "+819012345678"),
        ("ぜろきゅうぜろのいちにさんよんのごろくななはち", "+819012345678"),
        ("〇三の一二三四の五六七八です", "+81312345678"),
        ("oh nine oh, one two three four, five six seven eight", "+819012345678"),
        ("+81 90 1234 5678", "+819012345678"),
        ("010 44 20 7946 0018", "+442079460018"),
    ],
)
def test_phone_numbers(text: str, value: str) -> None:
    assert phone.parse(text, confidence=0.9) == Understood("ok", value, 0.9)


@pytest.mark.parametrize("text", ["090-1234-567", "090-1234-56789", "いちにさん", "0" * 11])
def test_what_no_numbering_plan_holds(text: str) -> None:
    found = phone.parse(text, confidence=0.9)
    assert found == Understood("invalid", None, 0.9, "no_such_phone_number")


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("わかりません", "none", "no_digits"),
        ("", "none", "no_digits"),
        ("090の何とか", "unclear", "not_understood"),
    ],
)
def test_what_is_no_number(text: str, status: str, reason: str) -> None:
    found = phone.parse(text, confidence=0.9)
    assert (found.status, found.value, found.reason) == (status, None, reason)


@given(st.from_regex(r"0[789]0[1-9][0-9]{7}", fullmatch=True), st.integers(0, 10))
def test_a_lost_or_doubled_digit_is_never_another_phone(number: str, at: int) -> None:
    assert phone.parse(number, confidence=1.0).value == f"+81{number[1:]}"
    for broken in (number[:at] + number[at + 1 :], number[: at + 1] + number[at:]):
        if at > 2:
            assert phone.parse(broken, confidence=1.0).status == "invalid"
