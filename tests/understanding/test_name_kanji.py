"""Readings put together from kanji, and the table they come from."""

from __future__ import annotations

from collections import Counter

import pytest

from ivr.understanding.ja import name_alignment, name_kanji
from ivr.understanding.ja.kanji_variants import Part
from ivr.understanding.ja.name_dictionary import NameDictionary, Readings

NAMES = [
    ("花子", "ハナコ"),
    ("花美", "ハナミ"),
    ("幸子", "サチコ"),
    ("幸美", "ユキミ"),
    ("幸恵", "サチエ"),
    ("恵子", "ケイコ"),
    ("美子", "ヨシコ"),
    ("奈々", "ナナ"),
    ("奈々子", "ナナコ"),
    ("キミ子", "キミコ"),
    ("大和", "ヤ"),
]


def test_cuts() -> None:
    assert name_alignment.cuts(2, "ハナコ") == [("ハ", "ナコ"), ("ハナ", "コ")]
    assert name_alignment.cuts(2, "キョウ") == [("キョ", "ウ")]
    assert name_alignment.cuts(3, "ハナ") == []
    assert name_alignment.cuts(1, "ンア") == []


def test_kanji_learn_their_parts_from_each_other() -> None:
    pieces = name_alignment.learn(NAMES)
    assert pieces["子", "later", "コ"] == 5
    assert pieces["花", "first", "ハナ"] == 2
    assert pieces["奈", "later", "ナ"] == 2
    assert not any(sign in "キ々和" for sign, _, _ in pieces)


def test_rows_leave_out_what_was_seen_once() -> None:
    pieces: Counter[name_alignment.Piece] = Counter(
        {("花", "first", "ハナ"): 2, ("花", "first", "カ"): 1}
    )
    assert list(name_alignment.lines("given", pieces)) == ["given\t花\tfirst\tハナ\t2"]


def test_compose() -> None:
    found = name_kanji.compose("陽翔", "given", lambda reading: 9 * (reading == "ハルト"))
    assert next(iter(found)) == "ハルト"
    assert found["ハルト"] == 1.0
    assert 0 < found["ヨウショウ"] < 1
    assert list(found.values()) == sorted(found.values(), reverse=True)


@pytest.mark.parametrize("spelling", ["", "龘", "あいうえお", "陽龘"])
def test_what_cannot_be_composed(spelling: str) -> None:
    assert name_kanji.compose(spelling, "given", lambda _: 1) == {}


def test_kana_between_kanji_read_themselves() -> None:
    assert "イクミ" in name_kanji.compose("いく美", "given", lambda _: 1)


@pytest.mark.parametrize(
    ("spelling", "part", "usual", "rare"),
    [
        ("佐藤", "surname", ("サトウ",), ()),
        ("竹内", "surname", ("タケウチ",), ("タケノウチ",)),
        ("木村", "surname", ("キムラ",), ()),
        ("龘龘", "surname", (), ()),
    ],
)
def test_rare_readings_of_surnames(
    dictionary: NameDictionary,
    spelling: str,
    part: Part,
    usual: tuple[str, ...],
    rare: tuple[str, ...],
) -> None:
    found = dictionary.possible(spelling, part)
    assert found.usual == usual
    assert set(rare) <= set(found.rare)
    assert not set(found.usual) & set(found.rare)


def test_both_readings_of_many_names_are_usual(dictionary: NameDictionary) -> None:
    assert set(dictionary.possible("裕子", "given").usual) == {"ユウコ", "ヒロコ"}
    assert set(dictionary.possible("河野", "surname").usual) == {"コウノ", "カワノ"}
    assert "ハジメ" in dictionary.possible("一", "given").usual


def test_an_unlisted_surname_has_no_usual_reading(dictionary: NameDictionary) -> None:
    found = dictionary.possible("鰯沼", "surname")
    assert dictionary.readings("鰯沼", "surname") == ()
    assert found.usual == ()
    assert "イワシヌマ" in found.rare


def test_an_unlisted_given_name_has_one_at_most(dictionary: NameDictionary) -> None:
    found = dictionary.possible("陽翔", "given")
    assert dictionary.readings("陽翔", "given") == ()
    assert found.usual == ("ハルト",)
    assert {"アキト", "ヒロト"} <= set(found.rare)


@pytest.mark.parametrize(
    "spellings",
    [
        ("斎藤", "斉藤", "齋藤", "齊藤"),
        ("渡辺", "渡邉", "渡邊"),
        ("高崎", "髙﨑"),
        ("中沢", "中澤"),
    ],
)
def test_variants_have_the_same_readings(
    dictionary: NameDictionary, spellings: tuple[str, ...]
) -> None:
    found: set[Readings] = {dictionary.possible(each, "surname") for each in spellings}
    assert len(found) == 1
    assert found.pop().usual


def test_common_words(dictionary: NameDictionary) -> None:
    assert dictionary.is_common_word("銀行")
    assert not dictionary.is_common_word("正宗")
