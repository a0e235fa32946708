"""Japanese names: from what a recogniser wrote to readings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.ja import name_dictionary, names
from ivr.understanding.ja.name_dictionary import NameDictionary
from ivr.understanding.names import Asked
from ivr.understanding.value import HeardName, Understood

pytestmark = pytest.mark.usefixtures("dictionary")


def parse(text: str, asked: Asked = "full") -> Understood:
    return names.parse(text, asked=asked, confidence=1.0)


def name_of(understood: Understood) -> HeardName:
    assert isinstance(understood.value, HeardName)
    return understood.value


def usual(readings: tuple[str, ...], name: HeardName) -> tuple[str, ...]:
    return tuple(reading for reading in readings if reading not in name.rare)


@pytest.mark.parametrize(
    ("text", "surname", "given"),
    [
        ("山田太郎", "ヤマダ", "タロウ"),
        ("山田 太郎 です", "ヤマダ", "タロウ"),
        ("えーと、山田太郎と申します。", "ヤマダ", "タロウ"),
        ("はい、私、佐藤花子と申しますが", "サトウ", "ハナコ"),
        ("私の名前は佐藤花子です", "サトウ", "ハナコ"),
        ("佐藤花子の者です", "サトウ", "ハナコ"),
        ("佐藤花子でございます", "サトウ", "ハナコ"),
        ("やまだたろう", "ヤマダ", "タロウ"),
        ("ヤマダ タロウ デス", "ヤマダ", "タロウ"),
        ("サトーハナコです", "サトー", "ハナコ"),
        ("佐藤はなこ", "サトウ", "ハナコ"),
        ("髙橋幸子", "タカハシ", "サチコ"),
        ("髙橋幸子", "タカハシ", "ユキコ"),
        ("えとうたろうです", "エトウ", "タロウ"),
        ("あおきけいこです", "アオキ", "ケイコ"),
        ("一ノ瀬恵", "イチノセ", "メグミ"),
        ("林 香", "ハヤシ", "カオリ"),
        ("陳 美玲", "チン", "ミレイ"),
        ("まきのあい", "マキノ", "アイ"),
        ("河野裕子", "コウノ", "ヒロコ"),
        ("河野裕子", "カワノ", "ユウコ"),
        ("マツナガキヨ", "マツナガ", "キヨ"),
        ("佐藤花子の者ですが", "サトウ", "ハナコ"),
        ("佐藤花子といいます", "サトウ", "ハナコ"),
        ("佐藤花子の", "サトウ", "ハナコ"),
        ("さとうはなこの", "サトウ", "ハナコ"),
        ("おのあやの", "オノ", "アヤノ"),
        ("佐藤花子、様なし", "サトウ", "ハナコ"),
        ("佐藤花子です、よろしくお願いします", "サトウ", "ハナコ"),
        ("こちら佐藤花子と申します", "サトウ", "ハナコ"),
        ("佐藤 花子 と 申し ます", "サトウ", "ハナコ"),
        ("佐藤 花子 で ござい ます", "サトウ", "ハナコ"),
        ("佐藤 佐藤花子です", "サトウ", "ハナコ"),
        ("名字は佐藤、下の名前は花子です", "サトウ", "ハナコ"),
        ("姓は佐藤 名は花子と申します", "サトウ", "ハナコ"),
        ("阿野花子です", "アノ", "ハナコ"),
        ("江藤花子です", "エトウ", "ハナコ"),
        ("齋藤花子", "サイトウ", "ハナコ"),
    ],
)
def test_full_names(text: str, surname: str, given: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("ok", "")
    assert surname in name_of(found).surnames
    assert given in name_of(found).givens


@pytest.mark.parametrize(
    "text",
    [
        "佐藤",
        "佐藤です",
        "さとう",
        "あの、佐藤と申します",
        "長谷川",
        "森",
        "ヤマシタ",
        "やましたです",
    ],
)
def test_a_surname_alone_lacks_the_given_name(text: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("unclear", "given_missing")
    assert name_of(found).surnames
    assert name_of(found).givens == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "はい",
        "いいえ",
        "ソウデスネ",
        "わたしです",
        "なまえですか",
        "まだです",
        "届きました",
        "まちがえました",
        "ええと、その、あれです",
        "さようなら",
        "わかりません",
        "もう一度お願いします",
        "天気がいいですね",
        "昭和六十年三月五日",
        "本人です",
        "です",
        "123",
        "山田電機",
        "山田!太郎🙂",
        "佐藤花子さんです",
        "佐藤様",
        "佐藤花子の妻です",
        "係の者お願いします",
        "山田銀行",
        "佐藤先生",
        "佐藤主人",
        "佐藤友人",
        "山田工業",
    ],
)
def test_what_is_no_name(text: str) -> None:
    found = parse(text)
    assert (found.status, found.value, found.confidence) == ("none", None, 0.0)
    assert found.reason == "no_name"


@pytest.mark.parametrize("text", ["花子", "はなこ", "太一", "けんじです", "林香"])
def test_a_given_name_alone_is_no_answer_to_the_full_name(text: str) -> None:
    assert (parse(text).status, parse(text).reason) == ("none", "surname_missing")


@pytest.mark.parametrize("text", ["マツバヤシ", "ヒョウゴノスケ"])
def test_an_unlisted_part_is_not_taken_apart(text: str) -> None:
    name = name_of(parse(text, "surname"))
    assert (name.surnames, name.givens) == ((text,), ())


@pytest.mark.parametrize(
    ("text", "asked", "surnames", "givens"),
    [
        ("佐藤です", "surname", ("サトウ",), ()),
        ("カナイです", "surname", ("カナイ",), ()),
        ("カンダです", "surname", ("カンダ",), ()),
        ("佐藤花子です", "surname", ("サトウ",), ("ハナコ",)),
        ("佐藤 花子です", "surname", ("サトウ",), ("ハナコ",)),
        ("花子です", "given", (), ("ハナコ",)),
        ("下の名前は花子です", "given", (), ("ハナコ",)),
        ("佐藤花子です", "given", ("サトウ",), ("ハナコ",)),
    ],
)
def test_one_part_was_asked(
    text: str, asked: Asked, surnames: tuple[str, ...], givens: tuple[str, ...]
) -> None:
    found = parse(text, asked)
    assert found.status == "ok"
    name = name_of(found)
    assert (usual(name.surnames, name), usual(name.givens, name)) == (surnames, givens)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("山田陽翔", "full"),
        ("宮内虹", "full"),
        ("山田キララン", "full"),
        ("ヌベヌベ", "surname"),
        ("陽翔", "given"),
        ("係太郎", "full"),
        ("日高正宗", "full"),
        ("中村いく美", "full"),
        ("佐藤朝陽", "full"),
        ("松本秋華", "full"),
    ],
)
def test_a_name_nobody_knows_has_to_be_confirmed(text: str, asked: Asked) -> None:
    found = parse(text, asked)
    assert (found.status, found.reason) == ("unclear", "unknown_name")
    assert name_of(found).text == text
    assert 0 < found.confidence < 1


@pytest.mark.parametrize(
    ("text", "reason", "surname"),
    [
        ("アノ タロウ", "unknown_name", "アノ"),
        ("あの さとう", "given_missing", "サトウ"),
        ("えと さとう", "given_missing", "サトウ"),
    ],
)
def test_a_surname_like_a_filler_needs_a_given_name_after_it(
    text: str, reason: str, surname: str
) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("unclear", reason)
    assert name_of(found).surnames == (surname,)


def test_kana_keeps_the_whole_whatever_the_split() -> None:
    assert name_of(parse("アライサオ")).wholes == ("アライサオ",)


def test_kanji_keeps_the_readings_of_every_split() -> None:
    found = name_of(parse("東海林太郎"))
    assert {"ショウジタロウ", "トウカイリンタロウ"} <= set(found.wholes)


@given(st.text(max_size=12), st.sampled_from(["full", "surname", "given"]))
def test_any_text_is_understood_or_not(text: str, asked: Asked) -> None:
    found = parse(text, asked)
    assert found.value is None or found.status != "none"
    assert found.value is not None or found.status != "ok"
    assert bool(found.reason) == (found.status != "ok")


def test_the_dictionary_is_loaded_once_for_all_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(lambda _: name_dictionary.load(), range(8)))
        found = list(pool.map(lambda _: parse("山田太郎"), range(50)))
    assert all(one is loaded[0] for one in loaded)
    assert set(found) == {parse("山田太郎")}


def test_the_dictionary(dictionary: NameDictionary) -> None:
    assert dictionary.readings("角田", "surname") == ("カクタ", "ツノダ")
    assert dictionary.readings("花子", "surname") == ()
    assert (
        dictionary.spellings("サトー", "surname") == dictionary.spellings("サトウ", "surname") > 0
    )
    assert dictionary.spellings("リマセン", "given") == 0
    assert dictionary.is_word("天気")
    assert not dictionary.is_word("ヌベヌベ")
