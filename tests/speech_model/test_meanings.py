"""Dates and digits heard in other words than said, names in another spelling."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech_model import meanings, numbers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("しろう", "しろー"),
        ("おおの", "おーの"),
        ("えいこ", "ええこ"),
        ("こづか", "こずか"),
    ],
)
def test_homophones_sound_the_same(one: str, other: str) -> None:
    assert meanings.sound([one]) == meanings.sound([other])


def test_sound_does_not_know_where_words_end() -> None:
    assert meanings.sound(["そう", "です"]) == meanings.sound(["そうです"])
    assert meanings.sound(["はい", "[unk]"]) != meanings.sound(["はい"])


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("ぜろ きゅう なな", "097"),
        ("れい く しち", "097"),
        ("まる よん の ご", "045"),
        ("にー ごー し", "254"),
        ("いち はい", None),
        ("いち [unk]", None),
        ("の", None),
        ("", None),
    ],
)
def test_digits_by_value(words: str, digits: str | None) -> None:
    assert meanings.digits(words.split()) == digits


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "しょうわ よんじゅう なな ねん く がつ みっか",
            "しょうわ しじゅう しち ねん の きゅう がつ みっか",
        ),
        (
            "せん きゅうひゃく はちじゅう ねん し がつ ついたち",
            "せいれき せん きゅうひゃく はちじゅう ねん よん がつ ついたち",
        ),
        (
            "へいせい がん ねん いち がつ に にち です",
            "えーと へいせい がん ねん いち がつ に にち うまれ です",
        ),
    ],
)
def test_dates_in_other_words_are_the_same(one: str, other: str) -> None:
    assert meanings.date(one.split()) == meanings.date(other.split())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("しょうわ ご ねん し がつ みっか", "しょうわ ご ねん しち がつ みっか"),
        ("しょうわ ご ねん し がつ みっか", "へいせい ご ねん し がつ みっか"),
        ("しょうわ ご ねん し がつ みっか", "しょうわ ご ねん し がつ じゅう みっか"),
        ("しょうわ ご ねん し がつ とおか", "しょうわ ご ねん し がつ"),
        ("しょうわ ご ねん し がつ はち にち", "しょうわ ご じゅう ねん し がつ はち にち"),
    ],
)
def test_other_dates_differ(one: str, other: str) -> None:
    assert meanings.date(one.split()) != meanings.date(other.split())


@given(st.randoms(use_true_random=False))
def test_what_follows_the_day_does_not_matter(random: Random) -> None:
    said, _ = numbers.date(random)
    assert meanings.date([*said, "に", "なります"]) == meanings.date(said)
    assert meanings.date(said)
