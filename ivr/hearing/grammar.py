"""A grammar as a recogniser takes it: phrases of words that its model knows, and the way back.

The only place where such JSON is made: an empty or malformed list, ``<eps>`` or a word that the
model does not know must never reach the library.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Lock

from ivr.errors import HearingError
from ivr.hearing.vocabulary import HeardAs, Piece, Speller, is_pattern

#: The library takes a third of a second for as many; more is a mistake.
MOST_PHRASES = 20_000
MOST_BYTES = 2_000_000
_KEPT_PARTS = 64
_LONGEST_PHRASE = 16
_EDGE: Piece = ("", "")


@dataclass(frozen=True, slots=True)
class CompiledGrammar:
    """``phrases`` are what the library is given, as ``json``; ``unheard`` what it cannot be."""

    json: str
    phrases: tuple[str, ...]
    unheard: tuple[HeardAs, ...]
    unknown_word: str | None
    _speller: Speller
    _written: tuple[Mapping[str, str], ...]

    def written(self, words: Sequence[str]) -> str:
        """What was recognised in the words of the phrases: しょうわ ご is 昭和 五 again.

        The longest phrases count. Words that make up no phrase stay as they are, and so does the
        word for unknown speech.
        """
        sounds = [self._speller.sound([(word, word)]) for word in words]
        out: list[str] = []
        at = 0
        while at < len(words):
            for end in range(min(len(words), at + _LONGEST_PHRASE), at, -1):
                text = self._phrase("".join(sounds[at:end])) if all(sounds[at:end]) else None
                if text is not None or end == at + 1:
                    out.append(text or words[at])
                    at = end
                    break
        return " ".join(out)

    def _phrase(self, sound: str) -> str | None:
        return next((part[sound] for part in self._written if sound in part), None)


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of one list of phrases; ``written``: from how they sound."""

    phrases: tuple[str, ...]
    unheard: tuple[HeardAs, ...]
    written: Mapping[str, str]


@dataclass(slots=True)
class _Making:
    """A part in the making; ``seen``: which pieces have stood side by side."""

    heard: dict[str, None] = field(default_factory=dict)
    unheard: dict[str, HeardAs] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    seen: set[tuple[Piece, Piece]] = field(default_factory=set)

    def shows_more(self, pieces: Sequence[Piece]) -> bool:
        return not set(pairwise((_EDGE, *pieces, _EDGE))) <= self.seen

    def add(self, pieces: Sequence[Piece], words: Sequence[str]) -> None:
        self.seen |= set(pairwise((_EDGE, *pieces, _EDGE)))
        self.heard[" ".join(words)] = None


class GrammarCompiler:
    """Compiles phrases for one model; lists that were compiled before are remembered."""

    def __init__(self, speller: Speller) -> None:
        self._speller = speller
        #: Whether any reading can be spelt.
        self.spells = speller.spells
        self._parts: OrderedDict[str, _Part] = OrderedDict()
        self._lock = Lock()

    def compile(self, *lists: Sequence[str], once: Sequence[str] = ()) -> CompiledGrammar:
        """A grammar that listens for all phrases of ``lists`` and, where the model can, for
        speech outside them. Where phrases of two lists sound alike, the first list counts;
        ``once`` comes before all and is not remembered (names of one call).

        Raises:
            HearingError: the model can hear none of them, or there are too many.
        """
        parts = [self._compiled(once), *map(self._part, lists)]
        phrases = list(dict.fromkeys(phrase for part in parts for phrase in part.phrases))
        if not phrases:
            raise HearingError(
                "the model can hear none of what is to be listened for",
                hint="`ivr models check` says why, phrase by phrase",
            )
        unknown = self._speller.vocabulary.unknown_word
        if unknown is not None:
            phrases.append(unknown)
        text = json.dumps(phrases, ensure_ascii=False)
        size = len(text.encode())
        if len(phrases) > MOST_PHRASES or size > MOST_BYTES:
            raise HearingError(
                f"a grammar of {len(phrases)} phrases and {size} bytes is too large"
                f" ({MOST_PHRASES} phrases and {MOST_BYTES} bytes at most)"
            )
        return CompiledGrammar(
            text,
            tuple(phrases),
            tuple(each for part in parts for each in part.unheard),
            unknown,
            self._speller,
            tuple(part.written for part in parts),
        )

    def has_word(self, reading: str) -> bool:
        """Whether the model has a reading (kana) in whole words, without spelling."""
        return self._speller.hear_word((reading, reading)).how == "words"

    def _part(self, phrases: Sequence[str]) -> _Part:
        digest = hashlib.sha256()
        for phrase in phrases:
            digest.update(phrase.encode("utf-8", "replace") + b"\n")
        key = digest.hexdigest()
        with self._lock:
            known = self._parts.get(key)
            if known is not None:
                self._parts.move_to_end(key)
                return known
        part = self._compiled(phrases)
        with self._lock:
            self._parts[key] = part
            while len(self._parts) > _KEPT_PARTS:
                self._parts.popitem(last=False)
        return part

    def _compiled(self, phrases: Iterable[str]) -> _Part:
        """Of phrases that show nothing new only the sound is kept: the library makes no more of
        a phrase than which pieces stand side by side, first and last (a model of word pairs)."""
        part = _Making()
        for phrase in dict.fromkeys(phrases):
            for pieces in self._speller.readings(phrase) or ((),):
                if is_pattern(phrase):
                    self._hear_words(pieces, part)
                else:
                    self._hear_whole(phrase, pieces, part)
        return _Part(tuple(part.heard), tuple(part.unheard.values()), part.written)

    def _hear_whole(self, phrase: str, pieces: Sequence[Piece], part: _Making) -> None:
        if sound := self._speller.sound(pieces):
            part.written.setdefault(sound, phrase)
        if not part.shows_more(pieces):
            return
        way = self._speller.hear(phrase, pieces)
        if way.words:
            part.add(pieces, way.words)
        else:
            part.unheard[phrase] = way

    def _hear_words(self, pieces: Sequence[Piece], part: _Making) -> None:
        """A sentence of a pattern, word by word. Words that the model would have to spell are
        left out, lest any 番号は brings a ん or わ into every string of digits."""
        ways = {piece: self._speller.hear_word(piece) for piece in pieces}
        for piece, way in ways.items():
            if way.how == "words":
                part.written.setdefault(self._speller.sound([piece]), piece[0])
            else:
                part.unheard[way.phrase] = way
        left = [piece for piece in pieces if ways[piece].how == "words"]
        lost = any(way.how == "not" for way in ways.values())
        if left and not lost and part.shows_more(left):
            part.add(left, [word for piece in left for word in ways[piece].words])

    def report(self, phrases: Iterable[str]) -> list[HeardAs]:
        """How the model hears each phrase, in each way it may be read; patterns word by word."""
        found: dict[tuple[str, tuple[str, ...]], HeardAs] = {}
        for phrase in dict.fromkeys(phrases):
            for pieces in self._speller.readings(phrase) or ((),):
                if is_pattern(phrase):
                    ways = [self._speller.hear_word(piece) for piece in pieces]
                else:
                    ways = [self._speller.hear(phrase, pieces)]
                found |= {(way.phrase, way.words): way for way in ways}
        return list(found.values())
