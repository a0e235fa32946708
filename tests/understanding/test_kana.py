"""Kana folding and roman letters."""

from __future__ import annotations

import pytest

from ivr.understanding import kana


def test_folding() -> None:
    assert kana.katakana("さとうｻﾄｳ") == "サトウサトウ"
    assert kana.hiragana("サトー花子") == "さとー花子"
    assert kana.is_kana("サトーさとう")
    assert not kana.is_kana("佐トウ")
    assert not kana.is_kana("")


@pytest.mark.parametrize(
    ("reading", "letters"),
    [
        ("サトウ", "satou"),
        ("ジュンイチ", "junichi"),
        ("ハットリ", "hattori"),
        ("マッチ", "matchi"),
        ("キョウコ", "kyouko"),
        ("ジョージ", "jooji"),
        ("ティナ", "tina"),
        ("シンペイ", "shinpei"),
        ("ッア", "a"),
        ("ー", ""),
    ],
)
def test_romaji(reading: str, letters: str) -> None:
    assert kana.romaji(reading) == letters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Satō", "satou"),
        ("Shimpei", "sinpei"),
        ("Ohno", "oono"),
        ("Jun'ichi", "zyuniti"),
        ("FUJITSU", "huzitu"),
        ("Matchi", "macchi".replace("cc", "tc")),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert kana.romaji_key(one) == kana.romaji_key(other)


def test_long_vowels_are_dropped_but_not_at_the_start() -> None:
    assert kana.without_long_o_and_u(kana.romaji_key("satou")) == "sato"
    assert kana.without_long_o_and_u(kana.romaji_key("yuuko")) == "yuko"
    assert kana.without_long_o_and_u(kana.romaji_key("oono")) == "ouno"
