"""Names that callers correct or repeat: the last one counts, or none does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.ja import names
from ivr.understanding.ja.name_turns import turns
from ivr.understanding.names import Asked
from ivr.understanding.value import HeardName, Understood

pytestmark = pytest.mark.usefixtures("dictionary")

SURNAMES = ("佐藤", "斎藤", "山田", "山本", "さとう", "さいとう", "ヤマモト")
GIVENS = ("花子", "太郎", "次郎", "はなこ", "タロウ")
CORRECTIONS = (
    "、いえ、", " いえ ", "です、いいえ、", "じゃなくて", " じゃ なく て ", "ではなく",
    "です、違います、", "です、失礼しました、", "です、すみません、", "、間違えました、",
    "ではありません、", "。あ、いや、",
)  # fmt: skip
LABELS = {
    "サトウ": "佐藤 さとう",
    "サイトウ": "斎藤 さいとう",
    "ヤマダ": "山田",
    "ヤマモト": "山本 ヤマモト",
}
READINGS = {text: reading for reading, texts in LABELS.items() for text in texts.split()}


def parse(text: str, asked: Asked = "full") -> Understood:
    return names.parse(text, asked=asked, confidence=1.0)


def name_of(found: Understood) -> HeardName:
    assert isinstance(found.value, HeardName)
    return found.value


@pytest.mark.parametrize(
    ("text", "surname", "given_name"),
    [
        ("山田花子、失礼しました、山本花子です", "ヤマモト", "ハナコ"),
        ("佐藤じゃなくて斎藤太郎です", "サイトウ", "タロウ"),
        ("佐藤太郎、いや、佐藤次郎です", "サトウ", "ジロウ"),
        ("山田、間違えました、山本花子", "ヤマモト", "ハナコ"),
        ("山田花子ではなくて山本花子です", "ヤマモト", "ハナコ"),
        ("さとう はなこ です あ ちがいます さいとう はなこ です", "サイトウ", "ハナコ"),
        ("さとうはなこじゃなくてさいとうはなこです", "サイトウ", "ハナコ"),
        ("山田です、失礼、山田花子と申します", "ヤマダ", "ハナコ"),
        ("さとう はなこ しつれい かとう はなこ です", "カトウ", "ハナコ"),
        ("やまだ しつれいいたしました やまもと たろう です", "ヤマモト", "タロウ"),
        ("いいえ、違います、山田花子です", "ヤマダ", "ハナコ"),
        ("山田花子、いえ、山本花子、いえ、山下花子です", "ヤマシタ", "ハナコ"),
        ("ジョン・スミス、いえ、ジョン・ブラウンです", "ブラウン", "ジョン"),
    ],
)
def test_a_whole_name_said_instead_counts(text: str, surname: str, given_name: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("ok", "")
    assert surname in name_of(found).surnames
    assert given_name in name_of(found).givens


@pytest.mark.parametrize(
    ("text", "surname"),
    [
        ("佐藤、いえ斎藤です", "サイトウ"),
        ("さとう、じゃなくて さいとう", "サイトウ"),
        ("山田です。あ、いえ、山本です", "ヤマモト"),
        ("佐藤です、すみません、斎藤です", "サイトウ"),
        ("山田ではありません、山本です", "ヤマモト"),
        ("さとう いえ さいとう です", "サイトウ"),
        ("いえ田中です", "タナカ"),
        ("いいえ、田中です", "タナカ"),
    ],
)
def test_a_surname_said_instead_counts(text: str, surname: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("unclear", "given_missing")
    assert name_of(found).surnames[0] == surname
    assert parse(text, "surname").status == "ok"
    assert name_of(parse(text, "surname")).surnames[0] == surname


@pytest.mark.parametrize(
    ("text", "surname", "given_name"),
    [
        ("佐藤太郎じゃなくて次郎です", "サトウ", "ジロウ"),
        ("佐藤太郎、いえ、斎藤です", "サイトウ", "タロウ"),
        ("佐藤太郎、いえ、太一です", "サトウ", "タイチ"),
    ],
)
def test_a_part_said_anew_is_confirmed(text: str, surname: str, given_name: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("unclear", "corrected")
    assert (name_of(found).surnames[0], name_of(found).givens[0]) == (surname, given_name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("佐藤ではありません", "corrected"),
        ("佐藤じゃない", "corrected"),
        ("佐藤です、いや", "corrected"),
        ("斎藤です、佐藤じゃなくて", "corrected"),
        ("山田花子です、いいえ、違います", "corrected"),
        ("山田花子、いえ、ぬべぬべぬべぬ", "corrected"),
        ("山田です、鈴木です", "said_twice"),
        ("山田花子です、鈴木一郎です", "said_twice"),
        ("花子です、山田です", "said_twice"),
    ],
)
def test_what_was_taken_back_is_no_value(text: str, reason: str) -> None:
    found = parse(text)
    assert (found.status, found.value, found.reason) == ("unclear", None, reason)
    assert found.confidence == 0.0


@pytest.mark.parametrize(
    ("text", "surname", "given_name"),
    [
        ("田中です、田中一郎です", "タナカ", "イチロウ"),
        ("渡辺です、はい、渡辺直美です", "ワタナベ", "ナオミ"),
        ("鈴木、あ、鈴木一郎", "スズキ", "イチロウ"),
        ("山田です、花子です", "ヤマダ", "ハナコ"),
        ("やまだ です はなこ です", "ヤマダ", "ハナコ"),
        ("山田花子です、やまだはなこです", "ヤマダ", "ハナコ"),
        ("すみません、山田花子です", "ヤマダ", "ハナコ"),
    ],
)
def test_a_name_in_several_sentences(text: str, surname: str, given_name: str) -> None:
    found = parse(text)
    assert found.status == "ok"
    assert surname in name_of(found).surnames
    assert given_name in name_of(found).givens


@pytest.mark.parametrize(
    "text",
    [
        "田中一郎、一郎は一つの一です",
        "田中一郎です、すみません、耳が遠くて",
        "田中一郎、昭和六十年三月五日生まれです",
        "佐藤さんじゃなくて、田中一郎です",
    ],
)
def test_other_words_are_not_taken_silently(text: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("unclear", "extra_words")
    assert name_of(found).surnames == ("タナカ",)


@pytest.mark.parametrize(
    "text",
    [
        "母の代わりに、すみません、山田花子です",
        "山田花子です、母です",
        "山田花子、の娘です",
        "違います",
        "はい、そうです",
        "はいそうです",
        "いいえ違う",
        "ええと、その、あれです",
    ],
)
def test_somebody_else_and_answers_are_no_name(text: str) -> None:
    assert (parse(text).status, parse(text).value) == ("none", None)


@pytest.mark.parametrize(
    ("text", "surname", "given_name"),
    [
        ("さとう いえ です", "サトウ", "イエ"),
        ("やまだ もとい です", "ヤマダ", "モトイ"),
        ("イエ タロウ", "イエ", "タロウ"),
    ],
)
def test_a_name_like_a_correction_is_asked_back(text: str, surname: str, given_name: str) -> None:
    found = parse(text)
    assert (found.status, found.reason) == ("unclear", "unknown_name")
    assert (name_of(found).surnames, name_of(found).givens) == ((surname,), (given_name,))


@given(
    st.sampled_from(SURNAMES),
    st.sampled_from(GIVENS),
    st.sampled_from(CORRECTIONS),
    st.sampled_from(SURNAMES),
    st.sampled_from(GIVENS),
)
def test_the_name_before_a_correction_never_counts(
    surname: str, given_name: str, correction: str, surname_instead: str, given_instead: str
) -> None:
    found = parse(f"{surname} {given_name}{correction}{surname_instead} {given_instead}です")
    assert found.status == "ok"
    assert name_of(found).surnames[0] == READINGS[surname_instead]


@given(st.text(alphabet="佐藤いえやじゃなくて違 、。です", max_size=14))
def test_the_parts_of_an_utterance_keep_its_words(text: str) -> None:
    parts = turns(text)
    assert parts[0].relation == "first"
    at = 0
    for part in parts:
        at = text.find(part.text, at)
        assert at >= 0
        at += len(part.text)
