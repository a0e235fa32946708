"""The words of the model."""

import re

from speech_model import lexicon, names, numbers
from speech_model.phones import PLAIN_MORAE, phones


def test_there_are_five_thousand_names_of_each_kind() -> None:
    for list_ in (names.surnames(), names.given_names()):
        assert len({name.reading for name in list_}) == len(list_) >= 5000
        weights = [name.weight for name in list_]
        assert weights == sorted(weights, reverse=True)
        assert min(weights) > 0


def test_common_surnames_are_known() -> None:
    known = {name.reading for name in names.surnames()}
    common = """
        さとう すずき たかはし たなか いとう わたなべ やまもと なかむら こばやし かとう よしだ
        やまだ ささき やまぐち まつもと いのうえ きむら はやし さいとう しみず やまざき もり いけだ
        はしもと あべ いしかわ やました なかじま おがわ ごとう おかだ はせがわ むらかみ
        こんどう いしい
    """
    assert set(common.split()) <= known


def test_every_word_has_the_phones_of_its_reading() -> None:
    for word, sounds in lexicon.lexicon().items():
        assert sounds == [phones(word)]


def test_the_lexicon_holds_all_kinds_of_words() -> None:
    words = set(lexicon.lexicon())
    assert set(numbers.words()) <= words
    assert {word for item in lexicon.said() for word in item.words} <= words
    assert set(lexicon.grammar_words()) <= words
    assert {"か", "かー", "ん", "っ", "きゃ", "きゃー"} <= words
    assert len(lexicon.mora_words()) == 2 * len(PLAIN_MORAE) - 2


def test_callers_yes_no_and_commands_are_in_the_list() -> None:
    kinds = {item.kind for item in lexicon.said()}
    assert {"yes", "no", "command", "filler", "ending", "address", "bank"} <= kinds
    assert len({(item.kind, item.words) for item in lexicon.said()}) > 300
    assert all(item.weight > 0 for item in lexicon.said())
    assert all(bool(item.asks) == (item.kind == "command") for item in lexicon.said())


def test_weights_are_those_of_words_in_the_lexicon() -> None:
    weights = lexicon.weights()
    assert set(weights) == set(lexicon.lexicon())
    assert weights["はい"] > weights["きゃ"]


def test_sentences_are_many_and_no_grammar_words() -> None:
    sentences = lexicon.sentences()
    assert len(sentences) == len(set(sentences)) >= 60
    assert all(re.search("[一-鿿]|ください|おります", line) for line in sentences)
