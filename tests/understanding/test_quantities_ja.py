"""Japanese numbers of any size, as people write and say them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.ja import quantities
from ivr.understanding.value import Understood


def parse(text: str) -> Understood:
    return quantities.parse(text, confidence=0.9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三", "3"),
        ("〇", "0"),
        ("五万", "50000"),
        ("四億五千万", "450000000"),
        ("3万4,500円", "34500"),
        ("7万8千2百56", "78256"),
        ("105千万", "1050000000"),
        ("2.5万", "25000"),
        ("一万五千億", "1500000000000"),
        ("一兆十", "1000000000010"),
        ("二二三", "223"),
        ("はっせんまん", "80000000"),
        ("さんじゅうにまんごせん", "325000"),
        ("にさんよんよんごご", "234455"),
        ("三千 八百 九十六 万 四千", "38964000"),
        ("えーと、三人です", "3"),
        ("ひとり", "1"),
        ("ふたつです", "2"),
        ("三つ", "3"),
        ("四人", "4"),
        ("十二回です", "12"),
        ("1,234,567", "1234567"),
    ],
)
def test_numbers(text: str, value: str) -> None:
    assert parse(text) == Understood("ok", value, 0.9)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("十万以上", "vague"),
        ("100あまり万", "vague"),
        ("約三百", "vague"),
        ("数十人", "vague"),
        ("万五", "not_understood"),
        ("五万五万", "not_understood"),
        ("2の5乗", "not_understood"),
        ("5,00", "not_understood"),
        ("2.53", "not_understood"),
        ("三人か四人", "not_understood"),
        ("12 34", "not_understood"),
        ("九" * 100, "not_understood"),
    ],
)
def test_what_is_no_certain_number(text: str, reason: str) -> None:
    assert parse(text) == Understood("unclear", None, 0.0, reason)


@pytest.mark.parametrize("text", ["", "わかりません", "たくさん", "はい"])
def test_no_number(text: str) -> None:
    assert parse(text) == Understood("none", None, 0.0, "no_number")


def written(number: int) -> str:
    """Kanji, four figures at a time."""
    out = ""
    for size, sign in ((10**12, "兆"), (10**8, "億"), (10**4, "万"), (1, "")):
        group, number = divmod(number, size)
        small = ""
        for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
            figure, group = divmod(group, place)
            if figure:
                one = figure == 1 and place > 1 and not (place == 1000 and sign)
                small += ("" if one else "一二三四五六七八九"[figure - 1]) + unit
        out += small + sign if small else ""
    return out


@given(st.integers(1, 10**16 - 1))
def test_what_is_written_is_read(number: int) -> None:
    assert parse(written(number)).value == str(number)
    assert parse(str(number)).value == str(number)
    assert parse(f"{number:,}").value == str(number)


@given(st.text(alphabet="一二三九十百千万億兆〇05,.人円んまんにさ ", max_size=15))
def test_any_text_keeps_the_contract(text: str) -> None:
    found = parse(text)
    assert (found.status == "ok") == (found.value is not None) == (found.reason == "")
