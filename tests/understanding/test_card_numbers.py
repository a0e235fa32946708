"""Card numbers are masked in whatever form they are said (requirement A6)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ivr.understanding.card_numbers import LONGEST, MASK, SHORTEST, mask_card_numbers

KANJI = dict(zip("0123456789", "〇一二三四五六七八九", strict=True))
KANA = dict(
    zip(
        "0123456789",
        ("ぜろ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"),
        strict=True,
    )
)
ENGLISH = dict(
    zip(
        "0123456789",
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        strict=True,
    )
)
WIDE = dict(zip("0123456789", "０１２３４５６７８９", strict=True))


def check_digit(digits: str) -> str:
    """The digit that makes ``digits`` a number with a correct check digit (Luhn)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if index % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


CARDS = st.from_regex(
    rf"[3-6][0-9]{{{SHORTEST - 2},{LONGEST - 2}}}", fullmatch=True, alphabet="0123456789"
).map(lambda digits: digits + check_digit(digits))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4111111111111111", MASK),
        ("私のカードは4111 1111-1111 1111です", f"私のカードは{MASK}です"),
        ("４１１１－１１１１－１１１１－１１１１", MASK),
        ("四一一一の一一一一の一一一一の一一一一", MASK),
        ("四千百十一、千百十一、千百十一、千百十一です", f"{MASK}です"),
        ("ヨン イチ イチ イチ " + "イチ " * 12 + "です", f"{MASK} です"),
        ("よんいちいちいち、えーと、" + "いち" * 12, MASK),
        ("four one one one double one " + "one " * 10 + "okay", f"{MASK} okay"),
        ("it's forty one eleven eleven eleven eleven eleven eleven eleven", f"it's {MASK}"),
        ("triple four", "triple four"),
        ("よんにいさん" + "いち" * 12 + "ろく", MASK),
        ("よんに" + "いち" * 13 + "ぜろ", MASK),
        ("3782 822463 10005", MASK),
        ("4111111111111111と5500005555555559", f"{MASK}と{MASK}"),
    ],
)
def test_a_card_number_is_masked(text: str, masked: str) -> None:
    assert mask_card_numbers(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "山田太郎です",
        "昭和六十年三月五日です",
        "090-1234-5678",
        "東京都渋谷区神南1-19-11",
        "一二三四五六七八九〇一二",
        "4111111111113",
        "four one one one",
        "0000000000000000",
    ],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert mask_card_numbers(text) == text


@given(card=CARDS, gap=st.sampled_from(["", " ", "-", "、", "の"]), size=st.integers(1, 6))
@pytest.mark.parametrize("digits", [{}, KANJI, KANA, WIDE], ids=["plain", "kanji", "kana", "wide"])
def test_any_card_in_any_japanese_form(
    digits: dict[str, str], card: str, gap: str, size: int
) -> None:
    groups = [card[at : at + size] for at in range(0, len(card), size)]
    said = gap.join("".join(digits.get(digit, digit) for digit in group) for group in groups)
    assert mask_card_numbers(f"番号は{said}です") == f"番号は{MASK}です"


@given(card=CARDS)
def test_any_card_in_english_words(card: str) -> None:
    said = " ".join(ENGLISH[digit] for digit in card)
    assert mask_card_numbers(f"it is {said} okay") == f"it is {MASK} okay"


@given(text=st.text(max_size=60))
def test_masking_twice_masks_no_more(text: str) -> None:
    assert mask_card_numbers(mask_card_numbers(text)) == mask_card_numbers(text)


@given(card=CARDS, before=st.from_regex("[0-9]{1,3}", fullmatch=True, alphabet="0123456789"))
def test_a_digit_too_many_does_not_save_a_card(card: str, before: str) -> None:
    assume(len(before + card) <= LONGEST)
    assert card not in mask_card_numbers(before + card)
    assert mask_card_numbers(before + card) == MASK
