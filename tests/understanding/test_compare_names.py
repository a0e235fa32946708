"""Comparing a heard name with a registered one: near is never a pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.compare import Comparison, compare
from ivr.understanding.en import names as english
from ivr.understanding.ja import names as japanese
from ivr.understanding.mora import full_size, level
from ivr.understanding.name_pairs import compare_texts
from ivr.understanding.value import HeardName

MORAE = "アイウエオカキクケコガサシスタチツテトナニヌノハヒフマミムモヤユヨラリルレロワンショリュ"
READINGS = st.lists(st.sampled_from(MORAE), min_size=1, max_size=5).map("".join)


def heard(surname: str, given_name: str = "タロウ") -> HeardName:
    return HeardName("", "", "", (surname,), (given_name,), (surname + given_name,))


def against(name: HeardName, surname_kana: str, given_kana: str = "タロウ") -> str:
    return compare(
        name, surname="", given="", surname_kana=surname_kana, given_kana=given_kana
    ).decision


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("サトウ", "サイトウ"),
        ("サトウ", "カトウ"),
        ("カトウ", "イトウ"),
        ("イトウ", "ゴトウ"),
        ("オノ", "オオノ"),
        ("コンドウ", "エンドウ"),
        ("ナカタ", "ナカダ"),
        ("カワタ", "カドタ"),
        ("ショウジ", "シヨウジ"),
        ("タカハシ", "タカバシ"),
    ],
)
def test_look_alikes_never_pass_for_each_other(one: str, other: str) -> None:
    assert against(heard(one), other) != "pass"
    assert against(heard(other), one) != "pass"
    assert against(heard("ヤマダ", one), "ヤマダ", other) != "pass"


@pytest.mark.parametrize(
    ("said", "registered"),
    [
        ("サトー", "サトウ"),
        ("サトオ", "サトウ"),
        ("さとう", "サトウ"),
        ("オーノ", "オオノ"),
        ("カヅキ", "カズキ"),
        ("コヲリ", "コオリ"),
        ("サトウ", "ｻﾄｳ"),
    ],
)
def test_spellings_of_one_sound_pass(said: str, registered: str) -> None:
    assert against(heard(said), registered) == "pass"


@pytest.mark.parametrize(
    ("said", "registered", "decision"),
    [
        ("ナカタ", "ナカダ", "confirm"),
        ("ショウジ", "シヨウジ", "confirm"),
        ("サトウ", "カトウ", "fail"),
        ("オノ", "オオノ", "fail"),
        ("スズキ", "タカハシ", "fail"),
    ],
)
def test_near_is_a_confirmation_at_most(said: str, registered: str, decision: str) -> None:
    assert against(heard(said), registered) == decision


def test_two_near_parts_are_not_near_together() -> None:
    assert against(heard("ナカタ", "タロウ"), "ナカダ", "タロウ") == "confirm"
    assert against(heard("ナカタ", "タロウ"), "ナカダ", "ダロウ") == "fail"


def test_any_reading_of_the_kanji_will_do() -> None:
    name = HeardName("河野裕子", "河野", "裕子", ("カワノ", "コウノ"), ("ヒロコ", "ユウコ"))
    assert against(name, "コウノ", "ヒロコ") == "pass"
    assert against(name, "カワノ", "ユウコ") == "pass"


def test_a_rare_reading_is_confirmed() -> None:
    name = HeardName(
        "竹内花子", "竹内", "花子", ("タケウチ", "タケノウチ"), ("ハナコ",), (), ("タケノウチ",)
    )
    assert against(name, "タケウチ", "ハナコ") == "pass"
    assert against(name, "タケノウチ", "ハナコ") == "confirm"
    # Near a rare reading is nothing.
    assert against(name, "タゲノウチ", "ハナコ") == "fail"


@pytest.mark.parametrize(
    ("text", "surname_kana", "given_kana", "decision"),
    [
        ("竹内太郎", "タケウチ", "タロウ", "pass"),
        ("竹内太郎", "タケノウチ", "タロウ", "confirm"),
        ("山田陽翔", "ヤマダ", "ハルト", "pass"),
        ("山田陽翔", "ヤマダ", "アキト", "confirm"),
        ("山田陽翔", "ヤマダ", "ケンタ", "fail"),
        ("齊藤太郎", "サイトウ", "タロウ", "pass"),
        # Readings that the kanji have elsewhere only confirm.
        ("大木太郎", "オオキ", "タロウ", "pass"),
        ("大木太郎", "オオギ", "タロウ", "confirm"),
        ("藤原太郎", "フジワラ", "タロウ", "pass"),
        ("藤原太郎", "フジハラ", "タロウ", "confirm"),
        ("山田航", "ヤマダ", "ワタル", "pass"),
        ("山田航", "ヤマダ", "コウ", "confirm"),
        ("大野太郎", "オノ", "タロウ", "fail"),
        ("斎藤太郎", "サトウ", "タロウ", "fail"),
    ],
)
def test_kanji_by_their_readings(
    text: str, surname_kana: str, given_kana: str, decision: str
) -> None:
    name = japanese.parse(text, asked="full", confidence=1.0).value
    assert isinstance(name, HeardName)
    assert against(name, surname_kana, given_kana) == decision


def test_spelling_without_a_fitting_reading_is_confirmed() -> None:
    name = HeardName("山田陽翔", "山田", "陽翔", ("ヤマダ",), ())
    registered = {"surname_kana": "ヤマダ", "given_kana": "ハルト"}
    assert compare(name, surname="山田", given="陽翔", **registered).decision == "confirm"
    assert compare(name, surname="山田", given="春人", **registered).decision == "fail"


def test_the_whole_may_fit_where_the_split_does_not() -> None:
    name = HeardName("", surnames=("アラ",), givens=("イサオ",), wholes=("アライサオ",))
    assert against(name, "アライ", "サオ") == "pass"
    assert against(HeardName("", wholes=("サトーウメ",)), "サトウ", "ウメ") == "pass"


@pytest.mark.parametrize(
    "name",
    [
        HeardName(""),
        HeardName("", surnames=("サトウ",)),
        HeardName("", givens=("タロウ",)),
        HeardName("", surnames=("・",), givens=("タロウ",)),
    ],
)
def test_half_a_name_fails(name: HeardName) -> None:
    assert against(name, "サトウ") == "fail"


def test_a_registration_without_furigana_never_passes() -> None:
    name = HeardName("佐藤太郎", "佐藤", "太郎", ("サトウ",), ("タロウ",))
    for kana in (
        {"surname_kana": "", "given_kana": "タロウ"},
        {"surname_kana": "サトウ", "given_kana": "-"},
    ):
        assert compare(name, surname="佐藤", given="太郎", **kana) == Comparison("fail", 0.0)


@pytest.mark.parametrize(
    ("text", "surname_kana", "given_kana", "decision"),
    [
        ("Taro Yamada", "ヤマダ", "タロウ", "pass"),
        ("yamada taro", "ヤマダ", "タロウ", "pass"),
        ("Tarou Yamada", "ヤマダ", "タロウ", "pass"),
        ("Junichi Endo", "エンドウ", "ジュンイチ", "pass"),
        ("Shinpei Kondo", "コンドウ", "シンペイ", "pass"),
        ("Shimpei Kondo", "コンドウ", "シンペイ", "pass"),
        ("Ken Ohno", "オオノ", "ケン", "pass"),
        ("Ken Ono", "オノ", "ケン", "pass"),
        ("Ken Ono", "オオノ", "ケン", "confirm"),
        ("Ken Kondo", "エンドウ", "ケン", "fail"),
        ("Ken Sato", "サイトウ", "ケン", "fail"),
        ("Sato", "サトウ", "ケン", "fail"),
    ],
)
def test_roman_letters(text: str, surname_kana: str, given_kana: str, decision: str) -> None:
    name = english.parse(text, asked="full", confidence=1.0).value
    assert isinstance(name, HeardName)
    assert against(name, surname_kana, given_kana) == decision


@pytest.mark.parametrize(
    ("text", "given_name", "decision"),
    [
        ("Bob Smith", "Robert", "confirm"),
        ("Robert Smith", "Bob", "confirm"),
        ("Robert Smith", "Robert", "pass"),
        ("Robert Paul Smith", "Robert", "confirm"),
        ("Robert Smith", "Robert Paul", "confirm"),
        ("Bill Smith", "Robert", "fail"),
        ("Bob Smyth", "Robert", "fail"),
    ],
)
def test_nicknames_and_middle_names_are_hints(text: str, given_name: str, decision: str) -> None:
    name = english.parse(text, asked="full", confidence=1.0).value
    assert isinstance(name, HeardName)
    found = compare(
        name, surname="Smith", given=given_name, surname_kana="スミス", given_kana="ロバート"
    )
    assert found.decision == decision


def test_registered_letters_count_for_letters() -> None:
    name = HeardName("John Smith", "Smith", "John")
    registered = {"surname_kana": "スミス", "given_kana": "ジョン"}
    assert compare(name, surname="SMITH", given="john", **registered).decision == "pass"
    assert compare(name, surname="須見巣", given="ジョン", **registered).decision == "fail"


@pytest.mark.parametrize(
    ("text", "surname", "given", "surname_kana", "given_kana"),
    [
        ("佐藤花子です", "佐藤", "花子", "サトウ", "ハナコ"),
        ("サトーハナコです", "佐藤", "花子", "サトウ", "ハナコ"),
        ("左藤華子と申します", "佐藤", "花子", "サトウ", "ハナコ"),
        ("斎藤一", "斉藤", "肇", "サイトウ", "ハジメ"),
    ],
)
def test_from_utterance_to_pass(
    text: str, surname: str, given: str, surname_kana: str, given_kana: str
) -> None:
    name = japanese.parse(text, asked="full", confidence=1.0).value
    assert isinstance(name, HeardName)
    found = compare(
        name, surname=surname, given=given, surname_kana=surname_kana, given_kana=given_kana
    )
    assert found == Comparison("pass", 1.0)


@pytest.mark.parametrize(
    ("text", "part", "registered", "decision"),
    [
        # Words that a call would ask back about, and kana and kanji nobody knows as names.
        ("朝陽", "given", "アサヒ", "pass"),
        ("ヌベヌベ", "surname", "ヌベヌベ", "pass"),
        ("ヌベヌベ", "surname", "ヌベヌヘ", "confirm"),
        ("松本秋華", "", "マツモト シュウカ", "confirm"),
        ("松本 秋華", "", "マツモト ジロウ", "fail"),
        ("123", "surname", "サトウ", "fail"),
        ("", "", "サトウ タロウ", "fail"),
    ],
)
def test_a_text_that_is_said_to_be_a_name(
    text: str, part: str, registered: str, decision: str
) -> None:
    assert compare_texts(text, registered, part=part).decision == decision


@given(READINGS, READINGS, READINGS, READINGS)
def test_only_what_sounds_the_same_passes(one: str, two: str, three: str, four: str) -> None:
    found = compare(heard(one, two), surname="", given="", surname_kana=three, given_kana=four)
    parts = level(one) == level(three) and level(two) == level(four)
    whole = level(one + two) == level(three + four)
    assert (found.decision == "pass") == (parts or whole)
    assert 0.0 <= found.score <= 1.0
    assert (found.score == 1.0) == (found.decision == "pass")


@given(READINGS, READINGS)
def test_every_name_passes_for_itself(surname: str, given_name: str) -> None:
    assert against(heard(surname, given_name), surname, given_name) == "pass"
    small = heard(full_size(surname), full_size(given_name))
    assert against(small, surname, given_name) in {"pass", "confirm"}
