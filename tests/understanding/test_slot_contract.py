"""The contract that every slot type keeps, in every language it is spoken in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow import model
from ivr.flow.grammars import NOTHING, read_grammar
from ivr.understanding import card_numbers, slots
from ivr.understanding.ja import address, numbers
from ivr.understanding.slot_types import SLOT_TYPES
from ivr.understanding.value import HeardName, Hypothesis, Understood, Value

GRAMMARS = Path(__file__).parents[2] / "grammars"
TODAY = date(2026, 11, 22)
REASON = re.compile(r"[a-z]+(?:_[a-z]+)*")
CARD = "4111111111111111"
#: What the types without a grammar of their own borrow: digits are codes of any length.
BORROWED = {"digits": "code"}
EVERY_TYPE = pytest.mark.parametrize("slot_type", SLOT_TYPES)
EVERY = pytest.mark.parametrize(("slot_type", "language"), list(product(SLOT_TYPES, ("ja", "en"))))
#: Words of every slot, so that texts made up of them come near to answers of any kind.
WORDS = (
    "昭和", "六十年", "三月", "五日", "元年", "山田", "太郎", "さとう", "と申します", "いち",
    "に", "さん", "の", "ゼロ", "九", "十", "百", "1", "-",
    "アットマーク", "ドット", "ジーメール", "コム", "エー", "えー", "キュー", "数字の",
    "東京都", "渋谷区", "神南", "しぶやく", "丁目", "番地", "号", "プラス", "です", "、",
    "march", "fifth", "nineteen", "double", "oh", "at", "dot", "gmail", "com", "as in", "bravo",
    "Shibuya-ku", "Tokyo", "plus", "my", "is", "smith", " ",
)  # fmt: skip
#: Said over and over: what a caller who never stops might make of an answer.
LONG = ("しぶやく", "一二三", "渋谷区神南一の", "アットマーク", "4", "さとう", "march 5 ")
#: Costly steps (looking at one stretch of a text) that one answer may take.
MOST_STEPS = 10_000
TEXTS = st.text(max_size=30) | st.lists(st.sampled_from(WORDS), max_size=12).map("".join)
TEXTS |= st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


@pytest.fixture(scope="module", autouse=True)
def dictionaries() -> None:
    """Loaded before the first example, which would otherwise be seconds slower than the rest."""
    slots.warm(("name", "address"))


def parse(slot_type: str, language: str, text: str, stated: float = 1.0) -> Understood:
    return slots.parse(slot_type, [Hypothesis(text, stated)], language=language, today=TODAY)


@cache
def understood(slot_type: str, language: str) -> tuple[tuple[str, Value], ...]:
    """The slot's own samples that hold a value, and what they are understood to mean."""
    name = BORROWED.get(slot_type, slot_type)
    reading = read_grammar(GRAMMARS / language / f"{name}.yaml")
    found = [
        (sample.say, parse(slot_type, language, sample.say))
        for sample in reading.samples
        if sample.value != NOTHING
    ]
    assert found
    assert all(one.status == "ok" for _, one in found), found
    return tuple((say, one.value) for say, one in found if one.value is not None)


def check(found: Understood) -> None:
    """Status, value, confidence and reason agree."""
    assert 0.0 <= found.confidence <= 1.0
    assert found.value is None or isinstance(found.value, str | HeardName)
    assert found.value != ""
    if found.status == "ok":
        assert found.value is not None
        assert found.confidence > 0.0
        assert found.reason == ""
        return
    assert REASON.fullmatch(found.reason)
    if found.status == "none":
        assert (found.value, found.confidence) == (None, 0.0)


@EVERY
@given(text=TEXTS, stated=st.floats(0.01, 1.0))
def test_any_text_is_answered_and_always_alike(
    slot_type: str, language: str, text: str, stated: float
) -> None:
    found = parse(slot_type, language, text, stated)
    check(found)
    assert found.confidence <= stated or found.status == "invalid"
    assert parse(slot_type, language, text, stated) == found


@EVERY_TYPE
@given(keys=st.text(alphabet="0123456789*#", max_size=20) | st.text(max_size=5))
def test_any_keys_are_answered_and_always_alike(slot_type: str, keys: str) -> None:
    found = slots.parse_keys(slot_type, keys, today=TODAY)
    check(found)
    assert slots.parse_keys(slot_type, keys, today=TODAY) == found
    if slot_type in model.SPOKEN_TYPES:
        assert found.status == "none"


@EVERY
def test_a_recogniser_that_is_half_sure_makes_a_slot_no_surer(
    slot_type: str, language: str
) -> None:
    for say, _ in understood(slot_type, language):
        assert 0.0 < parse(slot_type, language, say, 0.5).confidence <= 0.5


@EVERY
@pytest.mark.parametrize(
    "noise", ["", " ", "、。", "えーと", "um", "はい", "わかりません", "[unk]"]
)
def test_noise_holds_nothing(slot_type: str, language: str, noise: str) -> None:
    assert parse(slot_type, language, noise).status == "none"


@EVERY
def test_a_value_read_back_is_the_value_again(slot_type: str, language: str) -> None:
    for say, value in understood(slot_type, language):
        words = slots.spoken(slot_type, value, language=language)
        again = parse(slot_type, language, words)
        assert (again.status, _sound(again.value)) == ("ok", _sound(value)), say


@EVERY
@given(text=TEXTS)
def test_whatever_has_a_value_can_be_read_back(slot_type: str, language: str, text: str) -> None:
    found = parse(slot_type, language, text)
    if found.value is not None:
        words = slots.spoken(slot_type, found.value, language=language)
        assert words
        if not isinstance(found.value, HeardName):
            assert parse(slot_type, language, words).value == found.value


@pytest.mark.parametrize(
    ("slot_type", "keys"),
    [
        ("birthdate", "3600305"),
        ("birthdate", "19850305"),
        ("code", "123456"),
        ("digits", "007"),
        ("customer_number", "0012345678"),
        ("phone_number", "09012345678"),
        ("phone_number", "0312345678"),
        ("address", "1500041"),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_keys_read_back_are_the_value_again(slot_type: str, keys: str, language: str) -> None:
    found = slots.parse_keys(slot_type, keys, today=TODAY)
    assert found.value is not None
    words = slots.spoken(slot_type, found.value, language=language)
    assert parse(slot_type, language, words).value == found.value


@EVERY_TYPE
def test_a_value_of_another_kind_is_refused_without_naming_it(slot_type: str) -> None:
    wrong: Value = "秘密" if slot_type == "name" else HeardName("秘密", surname_text="秘密")
    with pytest.raises(ValueError, match=r"read back|no value of") as caught:
        slots.spoken(slot_type, wrong, language="ja")
    assert "秘密" not in str(caught.value)


@EVERY
@pytest.mark.parametrize(
    "card",
    [
        CARD,
        "4111 1111 1111 1111",
        "四一一一の一一一一の一一一一の一一一一",
        "よんいちいちいち、いちいちいちいち、いちいちいちいち、いちいちいちいち",
    ],
)
def test_no_slot_keeps_a_card_number(slot_type: str, language: str, card: str) -> None:
    """Requirement A6: alone, before an answer and behind it."""
    for say in (card, *(said for said, _ in understood(slot_type, language))):
        for text in (card, f"{say}、カード番号は{card}です", f"カード番号は{card}です、{say}"):
            found = parse(slot_type, language, text)
            assert not _digits_of_a_card(found.value), text


def _digits_of_a_card(value: Value | None) -> bool:
    text = value.text if isinstance(value, HeardName) else (value or "")
    return card_numbers.mask_card_numbers(text) != text or CARD in text


@EVERY
@pytest.mark.parametrize("extra", ["暗証番号は九八七六です", "母の旧姓は鷲尾です"])
def test_extras_are_dropped(slot_type: str, language: str, extra: str) -> None:
    """Requirement D1: what was volunteered is in no value, whether the answer was taken or not."""
    for say, value in understood(slot_type, language):
        found = parse(slot_type, language, f"{say}、{extra}")
        kept = found.value.text if isinstance(found.value, HeardName) else (found.value or "")
        assert "9876" not in kept
        assert "鷲尾" not in kept
        if found.status == "ok":
            assert _sound(found.value) == _sound(value)


@EVERY_TYPE
@pytest.mark.parametrize("words", LONG)
def test_a_story_is_no_answer(slot_type: str, words: str) -> None:
    found = parse(slot_type, "ja", words * (slots.MOST_SIGNS_SPELT + 1))
    assert found == Understood("none", None, 0.0, "too_long")


@EVERY_TYPE
@pytest.mark.parametrize(
    ("module", "function"),
    [(address, "fold"), (numbers, "parse"), (card_numbers, "_luhn"), (address, "level")],
)
def test_the_work_for_the_longest_answer_is_bounded(
    slot_type: str, module: Any, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps, not seconds: what a caller who never stops costs, whatever the machine."""
    counted = _counting(monkeypatch, module, function)
    for words in LONG:
        counted.clear()
        parse(slot_type, "ja", (words * slots.MOST_SIGNS)[: slots.MOST_SIGNS])
        assert len(counted) <= MOST_STEPS, words


def _counting(monkeypatch: pytest.MonkeyPatch, module: Any, function: str) -> list[None]:
    counted: list[None] = []
    original: Callable[..., Any] = getattr(module, function)

    def counting(*args: Any) -> Any:
        counted.append(None)
        return original(*args)

    monkeypatch.setattr(module, function, counting)
    return counted


def _sound(value: Value | None) -> object:
    if isinstance(value, HeardName):
        return value.surname_text, value.given_text, value.surnames, value.givens
    return value
