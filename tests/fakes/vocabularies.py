"""Vocabularies of models that are not there: a few words, as each kind of model has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Every mora of native words, in one spelling each; ん and っ are not among them.
MORAE = (
    *"あいうえおかきくけこがぎぐげごさしすせそざじずぜぞたちつてとだでどなにぬねのはひふへほばびぶべぼ"
    "ぱぴぷぺぽまみむめもやゆよらりるれろわ",
    *(kana + glide for kana in "きぎしじちにひびぴみり" for glide in "ゃゅょ"),
)


@dataclass(frozen=True)
class FakeVocabulary:
    """Knows ``words`` and nothing else."""

    words: frozenset[str]
    unknown_word: str | None = "[unk]"

    def knows(self, word: str) -> bool:
        return word in self.words


def spelling(*words: str) -> FakeVocabulary:
    """A model whose words are readings, with every mora, short and long."""
    morae = [*MORAE, *(mora + "ー" for mora in MORAE), "ん", "っ"]
    return FakeVocabulary(frozenset((*words, *morae)))


def written(*words: str) -> FakeVocabulary:
    """A model whose words are written as in newspapers; it has no word for unknown speech."""
    return FakeVocabulary(frozenset(words), unknown_word=None)


#: How the phrases of these tests are read: by words, which spaces part.
READINGS = {
    "係": ["かかり"],
    "の": ["の"],
    "人": ["ひと"],
    "方": ["かた", "ほう"],
    "に": ["に"],
    "お": ["お"],
    "願い": ["ねがい"],
    "します": ["します"],
    "三月": ["さんがつ"],
    "うまれ": ["うまれ"],
    "佐藤": ["さとう"],
    "はい": ["はい"],
    "いいえ": ["いいえ"],
    "魑魅": [""],
}


def read(text: str) -> Sequence[Sequence[tuple[str, str]]]:
    """A reader for phrases made of ``READINGS``, with spaces between."""
    ways: list[list[tuple[str, str]]] = [[]]
    for word in text.split():
        ways = [[*way, (word, sound)] for sound in READINGS.get(word, [""]) for way in ways]
    return ways


@dataclass(frozen=True)
class EveryReading(FakeVocabulary):
    """Has every reading as a word."""

    words: frozenset[str] = frozenset()

    def knows(self, word: str) -> bool:
        return bool(word) and all("ぁ" <= sign <= "ん" or sign == "ー" for sign in word)
