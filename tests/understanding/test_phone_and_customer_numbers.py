"""Registered phone numbers and customer numbers, said and keyed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding import customer_number, phone_number
from ivr.understanding.value import Understood


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("090の1234の5678です", "+819012345678"),
        ("携帯は、ぜろきゅうぜろ、いちにさんよんの、ごろくななはちです", "+819012345678"),
        ("電話番号はえーと〇九〇ハイフン一二三四ハイフン五六七八でございます", "+819012345678"),
        ("(03) 1234-5678", "+81312345678"),
        ("自宅の電話番号は０４５の１２３の４５６７", "+81451234567"),
        ("プラス八一の九〇の一二三四の五六七八", "+819012345678"),
        ("+81 90 1234 5678", "+819012345678"),
        ("zero nine zero, one two three four, five six seven eight", "+819012345678"),
        ("my mobile number is oh eight oh, double one two three, 4567", "+818011234567"),
        ("plus one, four one five, five five five, two six seven eight", "+14155552678"),
    ],
)
def test_phone_numbers_said(text: str, value: str) -> None:
    assert phone_number.parse(text, confidence=0.8) == Understood("ok", value, 0.8)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("090の1234の567", Understood("invalid", None, 0.8, "no_such_number")),
        ("090の1234の5678の90123456", Understood("invalid", None, 0.8, "wrong_length")),
        ("1", Understood("invalid", None, 0.8, "wrong_length")),
        ("090の0000の0000", Understood("invalid", None, 0.8, "no_such_number")),
        ("0120の123の456", Understood("invalid", None, 0.8, "shared_number")),
        ("0570の012の345", Understood("invalid", None, 0.8, "shared_number")),
        ("90の1234の5678", Understood("unclear", "+819012345678", 0.8, "zero_missing")),
        ("090の1234の五六何とか", Understood("unclear", None, 0.0, "not_understood")),
        ("電話番号はわかりません", Understood("none", None, 0.0, "no_digits")),
    ],
)
def test_what_is_no_phone_number(text: str, found: Understood) -> None:
    assert phone_number.parse(text, confidence=0.8) == found


@given(st.from_regex(r"0[789]0[1-9][0-9]{7}", fullmatch=True, alphabet="0123456789"))
def test_any_mobile_said_and_read_back(number: str) -> None:
    value = f"+81{number[1:]}"
    assert phone_number.keyed(number) == Understood("ok", value, 1.0)
    for language in ("ja", "en"):
        words = phone_number.spoken(value, language=language)
        assert phone_number.parse(words, confidence=1.0).value == value


@pytest.mark.parametrize(
    ("value", "language", "words"),
    [
        ("+819012345678", "ja", "0、9、0の、1、2、3、4の、5、6、7、8"),
        ("+81312345678", "en", "0, 3. 1, 2, 3, 4. 5, 6, 7, 8"),
        ("+14155552678", "ja", "プラス、1の、4、1、5の、5、5、5の、2、6、7、8"),
        ("+14155552678", "en", "plus 1. 4, 1, 5. 5, 5, 5. 2, 6, 7, 8"),
    ],
)
def test_phone_numbers_read_back_in_groups(value: str, language: str, words: str) -> None:
    assert phone_number.spoken(value, language=language) == words


@pytest.mark.parametrize("value", ["09012345678", "+81", "+81 90 1234 5678", ""])
def test_only_e164_is_read_back(value: str) -> None:
    with pytest.raises(ValueError, match=r"from E\.164") as caught:
        phone_number.spoken(value, language="ja")
    assert "1234" not in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "status", "reason"),
    [
        ("", "none", "no_digits"),
        ("0901234567", "invalid", "no_such_number"),
        ("0901234", "invalid", "wrong_length"),
        ("090*1234567", "invalid", "not_digits"),
        ("0120123456", "invalid", "shared_number"),
    ],
)
def test_keyed_phone_numbers_that_are_none(keys: str, status: str, reason: str) -> None:
    found = phone_number.keyed(keys)
    assert (found.status, found.value, found.reason) == (status, None, reason)


@pytest.mark.parametrize(
    "text",
    [
        "12345678",
        "お客様番号は一二三四ハイフン五六七八です",
        "会員番号は、いちにさんよんの、ごろくななはち",
        "1234-5678",
        "my customer number is one two three four dash five six seven eight",
    ],
)
def test_customer_numbers_said(text: str) -> None:
    found = customer_number.parse(text, confidence=0.8, length=8)
    assert found == Understood("ok", "12345678", 0.8)


def test_a_customer_number_has_its_length() -> None:
    found = customer_number.parse("一二三四", confidence=0.8, length=8)
    assert found == Understood("invalid", None, 0.8, "wrong_length")


@given(number=st.from_regex("[0-9]{1,12}", fullmatch=True, alphabet="0123456789"))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_any_customer_number_read_back(language: str, number: str) -> None:
    words = customer_number.spoken(number, language=language)
    assert customer_number.parse(words, confidence=1.0).value == number


def test_customer_numbers_rest_after_every_fourth_digit() -> None:
    assert customer_number.spoken("123456", language="ja") == "1、2、3、4の、5、6"
    with pytest.raises(ValueError, match="from its digits"):
        customer_number.spoken("12a", language="ja")


@pytest.mark.parametrize(
    ("heard", "registered", "decision"),
    [
        ("+819012345678", ("+819012345678", None), "pass"),
        ("+819012345678", (None, "090-1234-5678"), "pass"),
        ("+819012345678", ("０９０（１２３４）５６７８",), "pass"),
        ("+819012345678", ("+81312345678", "+819012345678"), "pass"),
        ("+819012345678", ("+819012345679",), "confirm"),
        ("+819012345678", ("+81901234567",), "confirm"),
        ("+819012345678", ("+819012345687",), "fail"),
        ("+819012345678", (None, None), "fail"),
        ("+819012345678", (), "fail"),
        ("+819012345678", ("",), "fail"),
        ("", ("+819012345678",), "fail"),
    ],
)
def test_phones_are_compared_in_e164(
    heard: str, registered: tuple[str | None, ...], decision: str
) -> None:
    found = phone_number.compare_phones(heard, registered)
    assert found.decision == decision
    assert (found.score == 1.0) == (decision == "pass")
    assert 0.0 <= found.score <= 1.0


@pytest.mark.parametrize(
    ("heard", "registered", "decision"),
    [
        ("12345678", "12345678", "pass"),
        ("12345678", "1234-5678", "pass"),
        ("12345678", "K-12345678-X", "pass"),
        ("12345678", "１２３４ ５６７８", "pass"),
        ("12345678", "12345679", "fail"),
        ("12345678", "1234567", "fail"),
        ("12345678", "", "fail"),
        ("", "", "fail"),
    ],
)
def test_customer_numbers_are_equal_or_not(heard: str, registered: str, decision: str) -> None:
    found = customer_number.compare_numbers(heard, registered)
    assert found.decision == decision
    assert (found.score == 1.0) == (decision == "pass")


def test_a_phone_number_said_anew_is_read_back() -> None:
    found = phone_number.parse("090 1234 5678、いえ、080 1234 5678", confidence=1.0)
    assert (found.status, found.value, found.reason) == ("unclear", "+818012345678", "corrected")
