"""From what callers may say to words that a loaded model knows.

A phrase comes in pieces, each as it is written and as it sounds (係 かかり, の の). Two kinds of
Japanese models are served: those whose words are readings, with every mora as a word, which can
spell anything; and those whose words are written as in newspapers. English models know whole words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, Protocol, TypeVar

from ivr.hearing.beats import beats, plain, spellings

#: One piece of a phrase: as written, and in kana as it sounds; the latter is empty where no
#: reading is known or none is needed.
Piece = tuple[str, str]
#: The pieces of a phrase, in each way it may be read; put together they are the phrase.
Reader = Callable[[str], Sequence[Sequence[Piece]]]

How = Literal["words", "spelt", "not"]

#: Words of more beats (or signs) are not looked for.
_LONGEST = 12
#: A word of one beat costs more than one that means something, so that か か り loses to かかり.
_ONE_BEAT = 1.2
#: A word that ends inside a piece, beside one that ends with it.
_OFF_PIECE = 0.5
_MARKS = re.compile(r"[、。,.!?・「」…~〜;:]+")
#: Models with all of these can spell.
_PROOF = ("ん", "っ", "か", "きょ", "かー", "きょー")
_LATIN = re.compile(r"[!-~]+")
#: Says itself how it is read.
_KATAKANA = re.compile(r"[ァ-ヴー]+(?: [ァ-ヴー]+)*")
#: More than this is not remembered: names come and go.
_MOST_KEPT = 50_000


class Vocabulary(Protocol):
    """The words of a model."""

    @property
    def unknown_word(self) -> str | None:
        """What stands for all other speech; None where the model has nothing of the kind."""
        ...

    def knows(self, word: str) -> bool:
        """Whether the word may stand in a grammar."""
        ...


@dataclass(frozen=True, slots=True)
class HeardAs:
    """How a model hears a phrase. ``how``: in whole ``words``, ``spelt`` with words of one mora
    where it has none, or ``not``; then ``words`` is empty and ``reason`` says why."""

    phrase: str
    words: tuple[str, ...]
    how: How
    reason: str = ""


def is_pattern(phrase: str) -> bool:
    """Whether a phrase is a sentence of words with readings of their own (昭和/しょうわ 五/ご)."""
    return "/" in phrase


class Speller:
    """Finds words for phrases in one model's vocabulary. ``reader`` says how phrases are read."""

    def __init__(self, vocabulary: Vocabulary, reader: Reader) -> None:
        self.vocabulary = vocabulary
        #: Whether the model's words are readings, and any reading can be spelt with them.
        self.spells = all(map(vocabulary.knows, _PROOF))
        self._reader = reader
        self._words: dict[tuple[str, ...], str] = {}
        self._pieces: dict[Piece, HeardAs] = {}

    def readings(self, phrase: str) -> Sequence[Sequence[Piece]]:
        """The pieces of a phrase in each way it may be read; none where it says nothing.

        ``昭和/しょうわ 五/ご`` gives the readings itself, word by word.
        """
        text = " ".join(_MARKS.sub(" ", unicodedata.normalize("NFKC", phrase)).split())
        if _KATAKANA.fullmatch(text):
            return ([(word, word) for word in text.split()],)
        if not is_pattern(text):
            return self._reader(text) if text else ()
        words = (word.partition("/") for word in text.split())
        return ([(written, sound or written) for written, _, sound in words],)

    def hear(self, phrase: str, pieces: Sequence[Piece]) -> HeardAs:
        """The fewest words that say ``pieces``, one of the :meth:`readings` of ``phrase``."""
        if len(pieces) > 1 and _KATAKANA.fullmatch(phrase):
            return self._words_apart(phrase, pieces)
        if self.spells:
            return self._by_sound(phrase, pieces)
        words = self._by_spelling(pieces)
        if words:
            return HeardAs(phrase, words, "words")
        lacking = [piece[0] for piece in pieces if not self._by_spelling([piece])]
        what = " ".join(lacking) or "".join(written for written, _ in pieces)
        return HeardAs(phrase, (), "not", f"no word of the model is {what}")

    def hear_word(self, piece: Piece) -> HeardAs:
        """The same for one word of a pattern; patterns say the same words again and again."""
        found = self._pieces.get(piece)
        if found is None:
            found = self.hear("/".join(piece), [piece])
            _keep(self._pieces, piece, found)
        return found

    def _words_apart(self, phrase: str, pieces: Sequence[Piece]) -> HeardAs:
        """サトウ ハナコ: names are heard one by one."""
        found = [self.hear_word(piece) for piece in pieces]
        lacking = next((each for each in found if not each.words), None)
        if lacking is not None:
            return HeardAs(phrase, (), "not", lacking.reason)
        how: How = "spelt" if any(each.how == "spelt" for each in found) else "words"
        return HeardAs(phrase, tuple(word for each in found for word in each.words), how)

    def sound(self, pieces: Iterable[Piece]) -> str:
        """How the pieces sound, the same for every spelling; nothing where the model's words are
        no readings, or a reading is not known."""
        found = [beats(sound or written) for written, sound in pieces] if self.spells else []
        if not all(found):
            return ""
        return "".join(plain(beat) for each in found for beat in each or ())

    def _by_sound(self, phrase: str, pieces: Sequence[Piece]) -> HeardAs:
        said: list[str] = []
        lengths = []
        for written, sound in pieces:
            found = beats(sound or written)
            if found is None:
                return HeardAs(phrase, (), "not", f"the reading of {written} is not known")
            said += found
            lengths.append(len(found))
        words = self._fewest(tuple(said), set(accumulate(lengths)), self._word)
        if not words:
            unheard = next((beat for beat in said if not self._word((beat,))), "".join(said))
            return HeardAs(phrase, (), "not", f"no word of the model sounds like {unheard}")
        return HeardAs(phrase, words, "spelt" if _is_spelt(words, pieces) else "words")

    def _word(self, part: tuple[str, ...]) -> str:
        """The word with these beats, or nothing. The same parts come again and again."""
        found = self._words.get(part)
        if found is None:
            found = next(filter(self.vocabulary.knows, spellings(part)), "")
            _keep(self._words, part, found)
        return found

    def _by_spelling(self, pieces: Sequence[Piece]) -> tuple[str, ...]:
        """Words written as the pieces are; words in Latin letters are never put together."""
        units: list[str] = []
        ends = set()
        for written, _ in pieces:
            for run in written.split():
                units += [run.lower()] if _LATIN.fullmatch(run) else run
            ends.add(len(units))
        return self._fewest(tuple(units), ends, self._written)

    def _written(self, part: tuple[str, ...]) -> str:
        if len(part) > 1 and any(map(_LATIN.fullmatch, part)):
            return ""
        word = "".join(part)
        return word if self.vocabulary.knows(word) else ""

    def _fewest(
        self, units: tuple[str, ...], ends: set[int], word_of: Callable[[tuple[str, ...]], str]
    ) -> tuple[str, ...]:
        """The fewest words that make up all of ``units``, best where ``ends`` are ends of words;
        none where there is no way."""
        best: list[tuple[float, tuple[str, ...]] | None] = [(0.0, ()), *([None] * len(units))]
        for start in range(len(units)):
            here = best[start]
            if here is None:
                continue
            cost, words = here
            for end in range(start + 1, min(len(units), start + _LONGEST) + 1):
                word = word_of(units[start:end])
                if not word:
                    continue
                price = cost + (_ONE_BEAT if end == start + 1 else 1.0)
                price += 0.0 if end in ends else _OFF_PIECE
                there = best[end]
                if there is None or price < there[0]:
                    best[end] = (price, (*words, word))
        last = best[-1]
        return () if last is None else last[1]


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def _keep(known: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(known) >= _MOST_KEPT:
        known.clear()
    known[key] = value


def _is_spelt(words: Sequence[str], pieces: Sequence[Piece]) -> bool:
    """Whether a word of one beat stands for something that is no word of one beat itself."""
    short = {tuple(map(plain, beats(sound or written) or ())) for written, sound in pieces}
    single = (tuple(map(plain, beats(word) or ())) for word in words)
    return any(len(word) == 1 and word not in short for word in single)
