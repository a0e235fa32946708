"""Phrases: which meaning of a grammar an utterance has.

An utterance has a meaning when it *is* one of its phrases, apart from fillers and politeness
around it, or several phrases of the same meaning in a row (はい、はい). Words left over mean that
it was not understood: "yes, that is not correct" is no yes. Only fragments that a grammar lists
under ``contains`` may stand anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivr.understanding.grammar import Grammar
from ivr.understanding.ja import fillers
from ivr.understanding.kana import hiragana
from ivr.understanding.value import Hypothesis

#: Longer utterances (signs) are stories, not answers; fragments are still looked for.
MAX_SIGNS = 80

_ENGLISH_FILLERS = (
    "um", "uh", "er", "erm", "hmm", "well", "oh", "ah", "please", "thanks", "thank you", "sir",
    "ma'am", "madam", "hello", "hi", "sorry", "excuse me",
)  # fmt: skip
#: Politeness behind a phrase, in hiragana.
_JAPANESE_ENDINGS = (
    *fillers.ENDINGS, "んです", "のです", "んだ", "んだよ", "んだけど", "んだけども", "んだけれど",
    "のよ", "んですよ", "んですが", "んですけど", "のですが", "けど", "けれど", "けれども", "が",
    "ねえ", "な", "わ",
    # お after a long お is heard as を: もう一度 おおねがいします.
    "をお願いします", "をおねがいします", "おおねがいします", "をお願いいたします",
    "おおねがいいたします",
)  # fmt: skip

#: What denies a Japanese fragment stands behind it, an English one before it.
_JAPANESE_DENIAL = re.compile(
    ".{0,4}(?:ではな|じゃな|でなく|ではあり|じゃあり|じゃねえ|ていませ|ていな|てない|てませ|わけでは"
    "|とかでは)"
    "|ー?[にと]?(?:は|なら)(?:もう)?(?:結構|けっこう|大丈夫|だいじょうぶ|いいです|必要(?:な|あり|ござ))"
    "|.{0,2}(?:不要|[い要]りませ|[い要]らな)"
)
_ENGLISH_DENIAL = re.compile(
    r"\b(?:not|no|never|n't|isn't|wasn't|haven't|hasn't|didn't|don't|won't|without)(?: \S+){0,3} ?$"
)

_cache: dict[tuple[int, str], tuple[Grammar, _Compiled]] = {}
_CACHE_SIZE = 256


def meaning(
    grammar: Grammar, hypotheses: Sequence[Hypothesis], *, language: str | None = None
) -> str | None:
    """The meaning of the utterance in ``grammar``, or None where it has none, or two.

    The best hypothesis decides. A later one is tried only where no phrase of the grammar
    begins or ends those before it: what was half understood must not be settled by a guess.
    A whole phrase counts before a fragment; of several fragments the meaning listed first.
    ``language`` overrides the grammar's own for folding (``ja``, ``en``).
    """
    compiled = _compiled(grammar, language or grammar.language)
    for hypothesis in hypotheses:
        text = compiled.fold(hypothesis.text)
        if not text:
            continue
        found = compiled.whole(text) or compiled.fragment(text)
        if found is not None:
            return found
        if compiled.begins_or_ends(text):
            return None
    return None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A grammar folded for comparison. ``gap`` is what parts words: nothing in Japanese."""

    japanese: bool
    phrases: dict[str, frozenset[str]]
    fillers: frozenset[str]
    endings: frozenset[str]
    fragments: tuple[tuple[str, str], ...]
    longest: int

    def fold(self, text: str) -> str:
        return fold(text, "ja" if self.japanese else "en")

    def whole(self, text: str) -> str | None:
        """The one meaning all of ``text`` has, parted into as few phrases as can be.

        Fewest, so that a phrase of its own (いいえ家族) is not taken apart again.
        """
        if len(text) > MAX_SIGNS:
            return None
        exact = self.phrases.get(text)
        if exact is not None:
            return next(iter(exact)) if len(exact) == 1 else None
        ways = {way: count for way, count in self._ways(text).items() if way}
        fewest = min(ways.values(), default=0)
        meanings = {meant for way, count in ways.items() if count == fewest for meant in way}
        return meanings.pop() if len(meanings) == 1 else None

    def _ways(self, text: str) -> dict[frozenset[str], int]:
        """The sets of meanings of every way to part ``text`` into phrases, fillers and
        politeness, each with the smallest number of phrases it takes."""
        units = list(text) if self.japanese else text.split(" ")
        gap = "" if self.japanese else " "
        at: list[dict[frozenset[str], int]] = [{} for _ in range(len(units) + 1)]
        at[0][frozenset()] = 0
        for start, here in enumerate(at[:-1]):
            if not here:
                continue
            for end in range(start + 1, min(len(units), start + self.longest) + 1):
                piece = gap.join(units[start:end])
                meant = self.phrases.get(piece)
                for way, count in here.items():
                    # Politeness has to follow something.
                    if piece in self.fillers or (way and piece in self.endings):
                        _keep_fewest(at[end], way, count)
                    if meant is not None:
                        _keep_fewest(at[end], way | meant, count + 1)
        return at[-1]

    def fragment(self, text: str) -> str | None:
        """The first meaning with a fragment in ``text`` that is not denied."""
        for fragment, meant in self.fragments:
            start = text.find(fragment)
            while start >= 0:
                if not self._denied(text, start, start + len(fragment)):
                    return meant
                start = text.find(fragment, start + 1)
        return None

    def _denied(self, text: str, start: int, end: int) -> bool:
        if self.japanese:
            return _JAPANESE_DENIAL.match(text, end) is not None
        inside_a_word = text[start - 1 : start].isalpha() or text[end : end + 1].isalpha()
        return inside_a_word or _ENGLISH_DENIAL.search(text[:start]) is not None

    def begins_or_ends(self, text: str) -> bool:
        """Whether a phrase stands at either end of a text that is not understood."""
        units = list(text) if self.japanese else text.split(" ")
        gap = "" if self.japanese else " "
        return any(
            gap.join(units[:count]) in self.phrases or gap.join(units[-count:]) in self.phrases
            for count in range(1, min(len(units), self.longest) + 1)
        )


def _keep_fewest(ways: dict[frozenset[str], int], way: frozenset[str], count: int) -> None:
    ways[way] = min(count, ways.get(way, count))


def fold(text: str, language: str) -> str:
    """``text`` for comparison: NFKC, lower case; Japanese in hiragana without spaces or marks,
    English as words parted by one space."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    if language == "ja":
        return re.sub(r"[\W_]+", "", hiragana(plain).replace("〜", "ー"))
    return " ".join(re.sub(r"[^\w']+", " ", plain).split())


def _compiled(grammar: Grammar, language: str) -> _Compiled:
    """Grammars live as long as their flow: compiled once each, found again by identity."""
    key = (id(grammar), language)
    known = _cache.get(key)
    if known is not None and known[0] is grammar:
        return known[1]
    compiled = _compile(grammar, language)
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    _cache[key] = (grammar, compiled)
    return compiled


def _compile(grammar: Grammar, language: str) -> _Compiled:
    japanese = language == "ja"
    phrases: dict[str, frozenset[str]] = {}
    for meant, texts in grammar.meanings.items():
        for text in texts:
            folded = fold(text, language)
            phrases[folded] = phrases.get(folded, frozenset()) | {meant}
    around = fillers.FILLERS if japanese else _ENGLISH_FILLERS
    filler = _folded((*around, *grammar.fillers), language) - phrases.keys()
    ending = _folded(_JAPANESE_ENDINGS, language) - phrases.keys() if japanese else frozenset()
    fragments = tuple(
        (fold(fragment, language), meant)
        for meant, texts in grammar.contains.items()
        for fragment in texts
    )
    longest = max((_length(piece, japanese) for piece in (*phrases, *filler, *ending)), default=1)
    return _Compiled(japanese, phrases, filler, ending, fragments, longest)


def _folded(texts: Iterable[str], language: str) -> frozenset[str]:
    return frozenset(fold(text, language) for text in texts)


def _length(piece: str, japanese: bool) -> int:
    return len(piece) if japanese else len(piece.split(" "))
