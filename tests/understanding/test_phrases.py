"""Phrases: an utterance has a meaning when it is one, not when it holds one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.grammar import Grammar
from ivr.understanding.phrases import fold, meaning
from ivr.understanding.value import Hypothesis

JAPANESE = Grammar(
    name="answers",
    language="ja",
    meanings={
        "yes": ("はい", "そうです", "ええ"),
        "no": ("いいえ", "違います", "そうではありません"),
        "family": ("いいえ家族",),
    },
    contains={"lost": ("紛失", "盗まれ"), "person": ("オペレーター",)},
    fillers=("今",),
)
ENGLISH = Grammar(
    name="answers",
    language="en",
    meanings={"yes": ("yes", "that is correct"), "no": ("no", "that is not correct")},
    contains={"lost": ("lost my card",)},
    fillers=("i said",),
)


def of(grammar: Grammar, *texts: str) -> str | None:
    return meaning(grammar, [Hypothesis(text) for text in texts])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("はい", "yes"),
        ("ハイ。", "yes"),
        ("は い", "yes"),
        ("はい、はい", "yes"),
        ("えーと、はい、そうです", "yes"),
        ("今、はい", "yes"),
        ("ええそうですけど", "yes"),
        ("はい おおねがいします", "yes"),
        ("おおねがいします", None),
        ("いいえ、違います", "no"),
        ("そうではありませんよ", "no"),
        ("いいえ、家族です", "family"),
        ("はい、いいえ", None),
        ("はい、違います", None),
        ("はいそうじゃない", None),
        ("そうですか", None),
        ("はいらない", None),
        ("です", None),
        ("えーと", None),
        ("今", None),
        ("", None),
        ("、。", None),
        ("はい" * 60, None),
    ],
)
def test_japanese(text: str, meant: str | None) -> None:
    assert of(JAPANESE, text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Yes.", "yes"),
        ("yes, yes", "yes"),
        ("Um, yes please", "yes"),
        ("I said yes", "yes"),
        ("that is correct", "yes"),
        ("yes, that is not correct", None),
        ("that is not correct", "no"),
        ("no, that is not correct", "no"),
        ("yes and no", None),
        ("yesterday", None),
        ("not yes", None),
        ("please", None),
        ("", None),
    ],
)
def test_english(text: str, meant: str | None) -> None:
    assert of(ENGLISH, text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("財布ごとカードを紛失したようで困っています", "lost"),
        ("オペレーターに紛失の話をしたい", "lost"),
        ("オペレーターにつないで", "person"),
        ("紛失ではありません", None),
        ("紛失したわけではないです", None),
        ("盗まれていません", None),
        ("紛失じゃなくて盗まれたんです", "lost"),
        ("オペレーターは結構です", None),
        ("オペレーターには大丈夫です", None),
        ("オペレーターはいりません", None),
        ("オペレーターは必要ないです", None),
        ("オペレーターが必要です", "person"),
        ("紛失したんですけど大丈夫ですか", "lost"),
    ],
)
def test_fragments_stand_anywhere_but_not_denied(text: str, meant: str | None) -> None:
    assert of(JAPANESE, text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("oh dear, I've lost my card somewhere", "lost"),
        ("I have not lost my card", None),
        ("I didn't say I lost my card", None),
        ("I lost my cardigan", None),
    ],
)
def test_english_fragments(text: str, meant: str | None) -> None:
    assert of(ENGLISH, text) == meant


def test_a_worse_hypothesis_settles_nothing_that_was_half_understood() -> None:
    assert of(ENGLISH, "yes that is not correct", "yes that is correct") is None
    assert of(ENGLISH, "chess", "yes") == "yes"
    assert of(JAPANESE, "灰", "はい") == "yes"
    assert of(JAPANESE, "はい違う", "はい") is None


def test_nothing_heard_means_nothing() -> None:
    assert meaning(JAPANESE, []) is None
    assert of(JAPANESE, "", "はい") == "yes"


def test_a_phrase_with_two_meanings_has_none() -> None:
    grammar = Grammar("both", "ja", {"one": ("はい",), "two": ("ハイ",)})
    assert of(grammar, "はい") is None


def test_the_language_decides_how_words_are_parted() -> None:
    grammar = Grammar("mixed", "ja", {"english": ("English please",)})
    assert of(grammar, "Englishplease") == "english"
    assert meaning(grammar, [Hypothesis("Englishplease")], language="en") is None
    assert meaning(grammar, [Hypothesis("english, please")], language="en") == "english"


def test_many_grammars_keep_their_own_meanings() -> None:
    for number in range(600):
        grammar = Grammar(f"g{number}", "en", {f"m{number}": ("yes",)})
        assert of(grammar, "yes") == f"m{number}"


def test_folding() -> None:
    assert fold("ﾊｲ、 ｿｳデス！", "ja") == "はいそうです"
    assert fold("  Yes,  it’s OK. ", "en") == "yes it's ok"


@given(st.text(max_size=30))
def test_any_text_has_a_known_meaning_or_none(text: str) -> None:
    assert of(JAPANESE, text) in {None, *JAPANESE.meanings, *JAPANESE.contains}
    assert of(ENGLISH, text) in {None, *ENGLISH.meanings, *ENGLISH.contains}


@given(
    st.lists(
        st.sampled_from(["はい", "そうです", "いいえ", "違います", "、", "えーと"]), max_size=6
    )
)
def test_yes_and_no_together_mean_neither(words: list[str]) -> None:
    said = set(words) - {"、", "えーと"}
    yes, no = said & {"はい", "そうです"}, said & {"いいえ", "違います"}
    expected = None if bool(yes) == bool(no) else ("yes" if yes else "no")
    assert of(JAPANESE, "".join(words)) == expected
