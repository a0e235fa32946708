"""Phrases as words of a model: of one that spells readings, of one that writes kanji."""

from __future__ import annotations

import pytest
from fakes.vocabularies import FakeVocabulary, read, spelling, written

from ivr.hearing.vocabulary import HeardAs, Speller


def heard(vocabulary: FakeVocabulary, phrase: str) -> list[HeardAs]:
    speller = Speller(vocabulary, read)
    return [speller.hear(phrase, pieces) for pieces in speller.readings(phrase)]


@pytest.mark.parametrize(
    ("phrase", "words", "how"),
    [
        ("係 の 人 に", "かかり の ひと に", "words"),
        ("係、の。人", "かかり の ひと", "words"),
        ("佐藤", "さとー", "words"),
        ("お 願い します", "おねがいします", "words"),
        ("三月 うまれ", "さん がつ うまれ", "words"),
        ("方", "か た", "spelt"),
    ],
)
def test_a_model_of_readings(phrase: str, words: str, how: str) -> None:
    vocabulary = spelling(
        "かかり", "ひと", "さとー", "おねがいします", "ねがい", "さん", "がつ", "うまれ", "がつー"
    )
    way = heard(vocabulary, phrase)[0]
    assert (way.phrase, " ".join(way.words), way.how, way.reason) == (phrase, words, how, "")


def test_every_reading_is_heard() -> None:
    assert [way.words for way in heard(spelling("ほう"), "方")] == [("か", "た"), ("ほう",)]


def test_few_words_are_better_than_many_and_words_better_than_morae() -> None:
    vocabulary = spelling("かか", "りの", "ひと", "かかり", "のひ")
    assert heard(vocabulary, "係 の 人")[0].words == ("かかり", "の", "ひと")


@pytest.mark.parametrize(
    ("phrase", "reason"),
    [
        ("魑魅 の 人", "the reading of 魑魅 is not known"),
        ("qqq", "the reading of qqq is not known"),
        ("イェーイ/いぇーい", "no word of the model sounds like いぇー"),
    ],
)
def test_what_cannot_be_spelt_says_why(phrase: str, reason: str) -> None:
    assert heard(spelling(), phrase) == [HeardAs(phrase, (), "not", reason)]


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("係 の 人 に", "係 の 人 に"),
        ("お 願い します", "お願い します"),
        ("昭和/しょうわ 五十/ごじゅう 年/ねん", "昭和 五 十 年"),
        ("はい", "はい"),
    ],
)
def test_a_model_of_kanji(phrase: str, words: str) -> None:
    vocabulary = written(
        "係", "の", "人", "に", "お願い", "します", "昭和", "五", "十", "年", "はい"
    )
    assert heard(vocabulary, phrase) == [HeardAs(phrase, tuple(words.split()), "words")]


def test_words_that_a_model_of_kanji_lacks_are_named() -> None:
    (way,) = heard(written("の", "係"), "係 の 魑魅")
    assert way == HeardAs("係 の 魑魅", (), "not", "no word of the model is 魑魅")


def test_words_in_letters_are_not_put_together_from_pieces() -> None:
    vocabulary = written("agent", "a", "gent", "to", "repeat")
    assert heard(vocabulary, "Agent")[0].words == ("agent",)
    assert heard(vocabulary, "to repeat")[0].words == ("to", "repeat")
    assert heard(vocabulary, "a gents")[0].reason == "no word of the model is gents"


@pytest.mark.parametrize("phrase", ["", "  ", "、。!"])
def test_nothing_is_said_in_no_way(phrase: str) -> None:
    assert heard(spelling(), phrase) == []


def test_readings_that_a_pattern_gives_are_taken_word_by_word() -> None:
    speller = Speller(spelling(), read)
    assert speller.readings("四/よ 年/ねん の") == ([("四", "よ"), ("年", "ねん"), ("の", "の")],)


def test_sounds_agree_where_spellings_differ() -> None:
    speller = Speller(spelling(), read)
    sounds = {speller.sound([("", each)]) for each in ("さとう", "サトー", "さとお")}
    assert sounds == {"さとー"}
    assert speller.sound([("三月", "さんがつ"), ("うまれ", "うまれ")]) == "さんがつうまれ"
    assert speller.sound([("[unk]", "")]) == ""
    assert Speller(written("佐藤"), read).sound([("佐藤", "さとう")]) == ""


@pytest.mark.parametrize(
    ("vocabulary", "spells"), [(spelling(), True), (written("佐藤", "か", "ん"), False)]
)
def test_models_that_spell_are_told_by_their_morae(
    vocabulary: FakeVocabulary, spells: bool
) -> None:
    assert Speller(vocabulary, read).spells is spells
