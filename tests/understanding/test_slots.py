"""The contract of every slot, and keys and read-backs."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding import slots
from ivr.understanding.value import HeardName, Hypothesis, Understood, Value

TODAY = date(2026, 11, 22)
GOOD: dict[tuple[str, str], tuple[str, str]] = {
    ("birthdate", "ja"): ("昭和六十年三月五日です", "1985-03-05"),
    ("birthdate", "en"): ("march fifth nineteen eighty five", "1985-03-05"),
    ("name", "ja"): ("山田太郎です", "山田太郎"),
    ("name", "en"): ("my name is John Smith", "John Smith"),
    ("code", "ja"): ("一二三四五六", "123456"),
    ("code", "en"): ("one two three four five six", "123456"),
    ("digits", "ja"): ("にいさん", "23"),
    ("digits", "en"): ("double two", "22"),
}
EVERY = pytest.mark.parametrize(("slot_type", "language"), GOOD)


def parse(slot_type: str, language: str, *heard: Hypothesis, part: str = "full") -> Understood:
    return slots.parse(slot_type, heard, language=language, today=TODAY, part=part)


def plain(value: Value | None) -> str | None:
    return value.text if isinstance(value, HeardName) else value


@EVERY
def test_a_good_answer(slot_type: str, language: str) -> None:
    text, value = GOOD[slot_type, language]
    found = parse(slot_type, language, Hypothesis(text, 0.7))
    assert (found.status, plain(found.value), found.confidence) == ("ok", value, 0.7)


@EVERY
def test_a_recogniser_without_confidence_is_believed_so_much(slot_type: str, language: str) -> None:
    found = parse(slot_type, language, Hypothesis(GOOD[slot_type, language][0]))
    assert found.confidence == slots.UNSTATED_CONFIDENCE


@EVERY
@pytest.mark.parametrize(("stated", "taken"), [(7.0, 1.0), (-1.0, 0.0)])
def test_confidence_stays_within_bounds(
    slot_type: str, language: str, stated: float, taken: float
) -> None:
    found = parse(slot_type, language, Hypothesis(GOOD[slot_type, language][0], stated))
    assert found.confidence == taken


@EVERY
def test_a_later_hypothesis_counts_where_the_best_holds_nothing(
    slot_type: str, language: str
) -> None:
    text, value = GOOD[slot_type, language]
    nothing = Hypothesis("わかりません" if language == "ja" else "I don't know", 0.9)
    found = parse(slot_type, language, nothing, Hypothesis(text, 0.5))
    assert (found.status, plain(found.value), found.confidence) == ("ok", value, 0.5)


@EVERY
@pytest.mark.parametrize("texts", [(), ("",), ("わかりません", "I don't know")])
def test_nothing_of_the_kind(slot_type: str, language: str, texts: tuple[str, ...]) -> None:
    found = parse(slot_type, language, *(Hypothesis(text, 1.0) for text in texts))
    assert (found.status, found.value, found.confidence) == ("none", None, 0.0)
    assert found.reason


@EVERY
@given(text=st.text(max_size=25), stated=st.floats(0, 1))
def test_any_text_keeps_the_contract(
    slot_type: str, language: str, text: str, stated: float
) -> None:
    found = parse(slot_type, language, Hypothesis(text, stated))
    assert 0.0 <= found.confidence <= stated
    if found.status == "ok":
        assert found.value is not None
        assert found.reason == ""
    else:
        assert found.reason
    if found.status == "none":
        assert found.value is None


@EVERY
def test_what_was_understood_can_be_read_back(slot_type: str, language: str) -> None:
    found = parse(slot_type, language, Hypothesis(GOOD[slot_type, language][0]))
    assert found.value is not None
    assert slots.spoken(slot_type, found.value, language=language)


def test_a_doubtful_best_hypothesis_is_not_settled_by_a_worse_one() -> None:
    best, worse = Hypothesis("昭和六十年三月御日", 0.6), Hypothesis("昭和六十年三月五日", 0.5)
    found = parse("birthdate", "ja", best, worse)
    assert (found.status, found.value) == ("unclear", None)


def test_what_is_asked_for_must_be_known() -> None:
    with pytest.raises(ValueError, match="no such slot type: 'shoe_size'"):
        parse("shoe_size", "ja")
    with pytest.raises(ValueError, match="language 'fr'"):
        parse("name", "fr")
    with pytest.raises(ValueError, match="part of a name: 'middle'"):
        parse("name", "ja", part="middle")
    with pytest.raises(ValueError, match="no such slot type"):
        slots.parse_keys("shoe_size", "1", today=TODAY)
    with pytest.raises(ValueError, match="no such slot type"):
        slots.spoken("shoe_size", "x", language="ja")


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("3600305", "1985-03-05"),
        ("3640107", "1989-01-07"),
        ("4010108", "1989-01-08"),
        ("5010501", "2019-05-01"),
        ("2010730", "1912-07-30"),
        ("1450729", "1912-07-29"),
        ("19850305", "1985-03-05"),
        ("20240229", "2024-02-29"),
    ],
)
def test_keyed_birthdates(keys: str, value: str) -> None:
    assert slots.parse_keys("birthdate", keys, today=TODAY) == Understood("ok", value, 1.0)


@pytest.mark.parametrize(
    ("keys", "status", "reason"),
    [
        ("", "none", "no_digits"),
        ("600305", "invalid", "wrong_length"),
        ("198503051", "invalid", "wrong_length"),
        ("6600305", "invalid", "no_such_era"),
        ("0600305", "invalid", "no_such_era"),
        ("3000305", "invalid", "impossible_date"),
        ("3601305", "invalid", "impossible_date"),
        ("3600230", "invalid", "impossible_date"),
        ("00000101", "invalid", "impossible_date"),
        ("36003*5", "invalid", "not_digits"),
        ("20261123", "invalid", "future"),
        ("19061121", "invalid", "too_old"),
        ("3640501", "unclear", "era_mismatch"),
        ("5010430", "unclear", "era_mismatch"),
    ],
)
def test_keyed_birthdates_that_are_none(keys: str, status: str, reason: str) -> None:
    found = slots.parse_keys("birthdate", keys, today=TODAY)
    assert (found.status, found.reason) == (status, reason)


@given(st.text(alphabet="0123456789*#", max_size=9))
def test_any_keys(keys: str) -> None:
    found = slots.parse_keys("birthdate", keys, today=TODAY)
    if found.status == "ok":
        assert date.fromisoformat(str(plain(found.value))) <= TODAY
    assert bool(found.reason) == (found.status != "ok")


def test_keys_for_other_slots() -> None:
    assert slots.parse_keys("code", "123456", today=TODAY, length=6).value == "123456"
    assert slots.parse_keys("code", "12345", today=TODAY, length=6).reason == "wrong_length"
    assert slots.parse_keys("name", "123", today=TODAY).reason == "not_keyable"


@pytest.mark.parametrize(
    ("value", "language", "words"),
    [
        ("1985-03-05", "ja", "昭和六十年三月五日"),
        ("2019-05-01", "ja", "令和元年五月一日"),
        ("1945-11-30", "ja", "昭和二十年十一月三十日"),
        ("1985-03-05", "en", "March 5, 1985"),
    ],
)
def test_birthdates_read_back(value: str, language: str, words: str) -> None:
    assert slots.spoken("birthdate", value, language=language) == words


def test_a_value_of_another_kind_cannot_be_read_back() -> None:
    with pytest.raises(ValueError, match="HeardName"):
        slots.spoken("name", "山田", language="ja")
    with pytest.raises(ValueError, match="no value of this slot type"):
        slots.spoken("code", HeardName("山田"), language="ja")
    with pytest.raises(ValueError, match="ISO date") as caught:
        slots.spoken("birthdate", "秘密", language="ja")
    assert "秘密" not in str(caught.value)


def test_merging_two_turns() -> None:
    surname = HeardName("佐藤", surname_text="佐藤", surnames=("サトウ",))
    given_name = HeardName("花子", given_text="花子", givens=("ハナコ",))
    merged = HeardName("佐藤花子", "佐藤", "花子", ("サトウ",), ("ハナコ",))
    assert slots.merge_names(surname, given_name) == merged
    full = HeardName("鈴木花子", "鈴木", "花子", ("スズキ",), ("ハナコ",), ("スズキハナコ",))
    assert slots.merge_names(surname, full) == merged
    assert slots.merge_names(full, given_name).surnames == ("スズキ",)


def test_merging_letters() -> None:
    surname = HeardName("Smith", surname_text="Smith")
    given_name = HeardName("John", given_text="John")
    assert slots.merge_names(surname, given_name) == HeardName("John Smith", "Smith", "John")


def test_letters_in_a_japanese_call() -> None:
    found = parse("name", "ja", Hypothesis("John Smithです", 1.0))
    assert found.status == "none"
    assert parse("name", "ja", Hypothesis("John Smith", 1.0)).status == "ok"


def test_warming_up_may_be_repeated() -> None:
    slots.warm()
    slots.warm()
    assert parse("name", "ja", Hypothesis("山田太郎")).status == "ok"
