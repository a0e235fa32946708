"""Names from abroad in a Japanese call: any order, and never a near one."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ivr.understanding.compare import compare
from ivr.understanding.ja import names
from ivr.understanding.mora import level
from ivr.understanding.names import Asked
from ivr.understanding.value import HeardName, Understood

pytestmark = pytest.mark.usefixtures("dictionary")

KATAKANA = (
    "ジョン",
    "スミス",
    "マリア",
    "ガルシア",
    "グエン",
    "ブラウン",
    "アリ",
    "リー",
    "キム",
    "シルバ",
)


def parse(text: str, asked: Asked = "full") -> Understood:
    return names.parse(text, asked=asked, confidence=1.0)


def against(text: str, surname_kana: str, given_kana: str) -> str:
    name = parse(text).value
    assert isinstance(name, HeardName)
    return compare(
        name, surname="", given="", surname_kana=surname_kana, given_kana=given_kana
    ).decision


@pytest.mark.parametrize(
    "text",
    [
        "ジョン スミス",
        "ジョン・スミス",
        "ｼﾞｮﾝ･ｽﾐｽです",
        "ジョン＝スミスと申します",
        "えーと、ジョン・スミスでございます",
        "スミス ジョン",
        "スミス・ジョンです",
        "スミスジョン",
        "ジョンスミスです",
        "じょん すみす です",
    ],
)
def test_either_order_passes_for_either_order(text: str) -> None:
    assert (parse(text).status, parse(text).reason) == ("ok", "")
    assert against(text, "スミス", "ジョン") == "pass"
    assert against(text, "ジョン", "スミス") == "pass"
    assert against(text, "スミス", "スミス") != "pass"
    assert against(text, "スミズ", "ジョン") != "pass"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("マリア・ガルシア", "ok"),
        ("リー ウェイ", "ok"),
        ("グエン・ヴァン・アン", "ok"),
        ("マイケル・ジェームズ・ブラウン", "ok"),
        ("パク・ジミン", "ok"),
        ("やまだ ジョン", "ok"),
        ("グエン ティ フォン", "unclear"),
        ("ワン・シャオミン", "unclear"),
        ("レ・ティ・ホア", "unclear"),
        ("ダ シルバ パウロ", "unclear"),
    ],
)
def test_a_part_that_nobody_knows_is_confirmed(text: str, status: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == (status, "" if status == "ok" else "unknown_name")
    parts = text.replace("・", " ").split()
    assert against(text, parts[0], "".join(parts[1:])) == "pass"
    assert against(text, parts[-1], "".join(parts[:-1])) == "pass"


@pytest.mark.parametrize(
    ("text", "surname_kana", "given_kana", "decision"),
    [
        ("ジョン・マイケル・スミス", "スミス", "ジョン マイケル", "pass"),
        ("ジョン・マイケル・スミス", "スミス", "ジョン", "confirm"),
        ("ジョン・スミス", "スミス", "ジョン マイケル", "confirm"),
        ("ジョン・スミス", "スミス", "ジョン・マイケル", "confirm"),
        ("ジョン・スミス", "スミス", "マイケル ジョン", "fail"),
        ("ジョン・スミス", "スミス", "マイケル", "fail"),
        ("リー・ウェイ", "リー", "ウェン", "fail"),
        ("キム ヨンス", "キム", "ヨンス", "pass"),
        ("ハナコ ヤマダ", "ヤマダ", "ハナコ", "pass"),
    ],
)
def test_middle_names_are_hints(
    text: str, surname_kana: str, given_kana: str, decision: str
) -> None:
    assert against(text, surname_kana, given_kana) == decision


@pytest.mark.parametrize(
    ("text", "asked", "reason"),
    [
        ("スミスです", "full", "given_missing"),
        ("スミスです", "surname", ""),
        ("ジョンです", "given", ""),
    ],
)
def test_one_part_alone(text: str, asked: Asked, reason: str) -> None:
    found = parse(text, asked)
    assert (found.status, found.reason) == ("unclear" if reason else "ok", reason)
    assert isinstance(found.value, HeardName)
    assert (found.value.surnames, found.value.givens) == (
        ((), ("ジョン",)) if asked == "given" else (("スミス",), ())
    )


@pytest.mark.parametrize(
    "text",
    [
        "オペレーター",
        "オペレーター オネガイ",
        "カード キャンセル",
        "ボタン オペレーター",
        "モウイチド オネガイ",
        "りんご みかん",
    ],
)
def test_ordinary_words_in_katakana_are_no_name(text: str) -> None:
    assert (parse(text).status, parse(text).value) == ("none", None)


def test_two_surnames_are_not_taken_for_a_name_from_abroad() -> None:
    assert parse("サトウ サイトウ").status == "unclear"
    assert parse("ヨシダ アライ").status != "ok"


@given(*[st.sampled_from(KATAKANA)] * 4)
def test_only_the_same_parts_pass(one: str, two: str, surname: str, given_name: str) -> None:
    assume(one != two)
    same = {level(one + two), level(two + one)}
    decision = against(f"{one}・{two}", surname, given_name)
    assert (decision == "pass") == (level(surname + given_name) in same)
