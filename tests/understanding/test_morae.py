"""Morae: what is levelled, and how far apart readings are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding import mora

KANA = st.text(alphabet="アイウエオカガキサシタヅノハフョンッーティ", max_size=8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("サトウ", "サトー"),
        ("サトウ", "サトオ"),
        ("さとう", "サトウ"),
        ("オオノ", "オーノ"),
        ("オオノ", "オウノ"),
        ("ケイコ", "ケーコ"),
        ("ユウコ", "ユーコ"),
        ("カヅキ", "カズキ"),
        ("ヂロウ", "ジロウ"),
        ("ミヲ", "ミオ"),
        ("ヴィヴィ", "ビビ"),
        ("フィリ", "フイリ"),
        ("ショウジ", "ショージ"),
        ("ｻﾄｳ", "サトウ"),
        ("サトウ・", "サトウ"),
    ],
)
def test_spellings_of_one_sound(one: str, other: str) -> None:
    assert mora.level(one) == mora.level(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("サトウ", "サイトウ"),
        ("オノ", "オオノ"),
        ("コンドウ", "エンドウ"),
        ("ユキ", "ユウキ"),
        ("ショウジ", "シヨウジ"),
        ("ティナ", "テイナ"),
        ("ミナ", "ミンナ"),
        ("カト", "カトウ"),
        ("ハット", "ハト"),
    ],
)
def test_different_sounds_stay_different(one: str, other: str) -> None:
    assert mora.level(one) != mora.level(other)


def test_morae_are_beats() -> None:
    assert mora.morae(mora.level("キョウコ")) == ("キョ", "ー", "コ")
    assert mora.morae(mora.level("シンイッチ")) == ("シ", "ン", "イ", "ッ", "チ")


def test_small_kana_full_size() -> None:
    assert mora.full_size(mora.level("ショウジ")) == mora.full_size(mora.level("シヨウジ"))


def test_what_a_telephone_confuses_is_nearer() -> None:
    voiced = mora.distance("サカキ", "サガキ")
    other = mora.distance("サカキ", "サオキ")
    assert 0 < voiced < other == 1.0


@given(KANA)
def test_a_level_reading_has_no_spelling_left(reading: str) -> None:
    level = mora.level(reading)
    assert not set(level) & set("ヅヂヲヴヰヱァィゥェォヮヵヶ")
    assert not level.startswith("ー")


@given(KANA, KANA)
def test_distance_is_one_both_ways_and_zero_for_the_same(one: str, other: str) -> None:
    a, b = mora.level(one), mora.level(other)
    assert mora.distance(a, b) == mora.distance(b, a)
    assert (mora.distance(a, b) == 0) == (mora.morae(a) == mora.morae(b))


def test_the_weights_come_from_the_table() -> None:
    # Voicing, then place, then anything else.
    costs = [mora.distance("サカキ", other) for other in ("サガキ", "サタキ", "サナキ")]
    assert costs == sorted(costs)
    assert len(set(costs)) == 3
    assert costs[0] == mora.CHEAPEST
    assert mora.distance("サトー", "サト") < 1


@given(st.text(alphabet="アイウエオカガキサシタツヅヲトノハフャョッンワヰル", max_size=8))
def test_plain_kana_level_as_all_kana_do(reading: str) -> None:
    assert mora.level(reading) == mora.level_sign_by_sign(reading)


@given(KANA, KANA, st.sampled_from([0.5, 1.0]))
def test_closeness_is_exact_where_it_matters(one: str, other: str, limit: float) -> None:
    a, b = mora.level(one), mora.level(other)
    off, score = mora.closeness(a, b, at_most=limit)
    exact = mora.distance(a, b)
    assert off == exact or min(off, exact) > limit
    assert 0.0 <= score <= 1.0


@given(st.text(st.sampled_from([chr(code) for code in range(0x3041, 0x30FD)]), min_size=1))
def test_a_steady_first_sign_stays(reading: str) -> None:
    assert reading[0] not in mora.STEADY or mora.level(reading)[0] == reading[0]
