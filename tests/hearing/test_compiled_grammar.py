"""Grammars as the library gets them: never one that kills the process; and the way back."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from fakes.vocabularies import FakeVocabulary, read, spelling, written
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import HearingError
from ivr.hearing import grammar
from ivr.hearing.grammar import GrammarCompiler
from ivr.hearing.vocabulary import Speller

WORDS = spelling(
    "はい", "いいえ", "かかり", "ひと", "おねがいします", "しょうわ", "へいせい", "ろくじゅう",
    "ねん", "さん", "いつか", "がつ", "です",
)  # fmt: skip


def compiler(vocabulary: FakeVocabulary = WORDS) -> GrammarCompiler:
    return GrammarCompiler(Speller(vocabulary, read))


def test_phrases_become_words_in_one_list() -> None:
    found = compiler().compile(["はい", "係 の 人"], ["お 願い します", "はい"])
    assert found.phrases == ("はい", "かかり の ひと", "おねがいします", "[unk]")
    assert found.json == '["はい", "かかり の ひと", "おねがいします", "[unk]"]'
    assert found.unheard == ()


def test_unknown_speech_is_listened_for_only_where_the_model_can() -> None:
    assert compiler(written("はい")).compile(["はい"]).phrases == ("はい",)


@pytest.mark.parametrize("phrases", [[], [""], ["、"], ["魑魅"], ["<eps>"], ["[unk]"]])
def test_a_grammar_of_nothing_is_refused(phrases: list[str]) -> None:
    with pytest.raises(HearingError, match="can hear none of what is to be listened for"):
        compiler().compile(phrases)
    with pytest.raises(HearingError, match="can hear none"):
        compiler().compile()


def test_a_grammar_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "MOST_PHRASES", 2)
    compiler().compile(["はい"])
    with pytest.raises(HearingError, match=r"a grammar of 3 phrases and .* bytes is too large"):
        compiler().compile(["はい", "いいえ"])
    monkeypatch.setattr(grammar, "MOST_PHRASES", 20)
    monkeypatch.setattr(grammar, "MOST_BYTES", 20)
    with pytest.raises(HearingError, match="too large"):
        compiler().compile(["はい", "いいえ"])


@given(st.lists(st.text(max_size=12), max_size=6))
def test_whatever_is_asked_for_the_library_gets_known_words(phrases: list[str]) -> None:
    try:
        found = compiler().compile(phrases)
    except HearingError:
        return
    sent = json.loads(found.json)
    assert sent == list(found.phrases)
    assert len(sent) > 1
    assert sent[-1] == "[unk]"
    for phrase in sent[:-1]:
        assert phrase
        assert all(WORDS.knows(word) for word in phrase.split(" "))


def test_what_is_heard_comes_back_as_it_is_written() -> None:
    found = compiler().compile(
        ["係 の 人", "係", "お 願い します"],
        ["昭和/しょうわ 六十/ろくじゅう 三/さん 年/ねん 三/さん 月/がつ 五日/いつか です"],
    )
    written_again = {
        "かかり の ひと": "係 の 人",
        "かかり の": "係 の",
        "しょうわ ろくじゅう さん ねん": "昭和 六十 三 年",
        "[unk] さん がつ いつか です": "[unk] 三 月 五日 です",
        "かかり おねがいします": "係 お 願い します",
        "はい": "はい",
        "": "",
    }
    for heard, text in written_again.items():
        assert found.written(heard.split()) == text


def test_other_words_of_the_same_sound_are_the_same_phrase() -> None:
    found = compiler().compile(["佐藤"])
    assert found.written(["さ", "とー"]) == "佐藤"
    assert found.written(["さ", "とう"]) == "佐藤"


def test_of_phrases_that_sound_alike_the_first_counts() -> None:
    found = compiler().compile(["三/さん", "参/さん"], ["山/さん"])
    assert found.written(["さん"]) == "三"


def test_phrases_that_show_nothing_new_are_not_sent_but_understood() -> None:
    found = compiler().compile(["係 の 人", "係 の 人 に", "係 に", "人 に", "係 の 人 の 係 に"])
    assert ", ".join(found.phrases) == (
        "かかり の ひと, かかり の ひと に, かかり に, ひと に, かかり の ひと の かかり に, [unk]"
    )
    more = compiler().compile(["係 の 人", "人 の 係", "係 の 係", "人 の 人"])
    assert more.phrases == ("かかり の ひと", "ひと の かかり", "[unk]")
    assert more.written(["ひと", "の", "ひと"]) == "人 の 人"


ITEMS = ["昭和/しょうわ", "平成/へいせい", "三/さん", "年/ねん", "月/がつ", "です/です"]


@given(st.lists(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=5), min_size=1, max_size=9))
def test_all_neighbours_of_all_phrases_are_sent(phrases: list[list[str]]) -> None:
    found = compiler().compile([" ".join(phrase) for phrase in phrases])

    def neighbours(said: list[list[str]]) -> set[tuple[str, str]]:
        return {pair for words in said for pair in pairwise(["", *words, ""])}

    wanted = [[item.partition("/")[2] for item in phrase] for phrase in phrases]
    assert neighbours([phrase.split() for phrase in found.phrases[:-1]]) == neighbours(wanted)


def test_words_of_patterns_that_would_be_spelt_are_left_out() -> None:
    found = compiler().compile(["番号/ばんごう は/わ 三/さん", "三/さん です", "番号/ばんごう"])
    assert found.phrases == ("わ さん", "さん です", "[unk]")
    assert [(way.phrase, way.how) for way in found.unheard] == [("番号/ばんごう", "spelt")]


def test_a_pattern_with_an_unknown_word_is_left_out_whole() -> None:
    found = compiler(written("三", "年")).compile(
        ["三/さん 年/ねん", "令和/れいわ 三/さん 年/ねん"]
    )
    assert found.phrases == ("三 年",)
    assert [way.reason for way in found.unheard] == ["no word of the model is 令和"]


def test_what_was_compiled_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "_KEPT_PARTS", 2)
    asked: list[str] = []

    def reader(text: str) -> list[list[tuple[str, str]]]:
        asked.append(text)
        return [[(text, text)]]

    one = GrammarCompiler(Speller(WORDS, reader))
    first = one.compile(["はい"], ["いいえ"])
    assert one.compile(["はい"], ["いいえ"]) == first
    assert asked == ["はい", "いいえ"]
    one.compile(["はい"], ["です"])
    one.compile(["いいえ"])
    assert asked == ["はい", "いいえ", "です", "いいえ"]


def test_names_of_one_call_are_not_remembered() -> None:
    one = compiler()
    first = one.compile(["はい"], once=["サトウ ハナコ"])
    assert first.phrases == ("さ とー は な こ", "はい", "[unk]")
    assert first.written(["さ", "とー", "は", "な", "こ", "はい"]) == "サトウ ハナコ はい"
    assert one.compile(["はい"]).phrases == ("はい", "[unk]")


def test_names_are_heard_apart() -> None:
    """No word may begin in the surname and end in the given name."""
    found = compiler(spelling("さと", "うは", "なこ")).compile(
        [], once=["サト ウハナコ", "サト/さと"]
    )
    assert found.phrases[0] == "さと うは なこ"
    apart = compiler(spelling("やま", "だたろ", "う")).compile([], once=["ヤマダ タロウ"])
    assert apart.phrases[0] == "やま だ た ろー"


def test_a_report_has_every_phrase_and_way() -> None:
    found = compiler().report(["係", "方", "魑魅", "三/さん 年/ねん", "三/さん"])
    assert [(way.phrase, " ".join(way.words), way.how) for way in found] == [
        ("係", "かかり", "words"),
        ("方", "か た", "spelt"),
        ("方", "ほー", "words"),
        ("魑魅", "", "not"),
        ("三/さん", "さん", "words"),
        ("年/ねん", "ねん", "words"),
    ]
