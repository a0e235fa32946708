"""Patterns of grammar files: sentences made of words, lists, alternatives and optional parts.

``<era> (元/がん|<number>) 年/ねん [です]`` says how a value is put into words, where the ways to
say it are too many to be listed. Words are parted by spaces; ``written/reading`` is a word with
its reading; ``<era>`` is any entry of the list ``era``, which may be patterns themselves.

A recogniser needs no list of all sentences: it learns which word may follow which. So a pattern
becomes as few sentences as show every pair of neighbours, each pair about as often as others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

#: More words, or sentences to show all their neighbours, are a mistake and not a pattern.
MAX_WORDS = 2000
MAX_SENTENCES = 4000

_TOKEN = re.compile(r"<([^<>()\[\]| ]*)>|([()\[\]|])|([^<>()\[\]| ]+)| +")
_CLOSING = {"(": ")", "[": "]"}
_START, _END = -1, -2


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern by its words (their numbers): which may come ``first`` and ``last``,
    which follow each other; ``empty``: it may be left out."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    empty: bool


_NOTHING = _Part((), (), True)


class _Words:
    """The words of one pattern, numbered as they stand, and what follows each."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self._lists = lists
        self._open: list[str] = []
        self.texts: list[str] = []
        self.follow: dict[int, list[int]] = {_START: []}

    def pattern(self, text: str) -> _Part:
        part, tokens = self._choice(_tokens(text), "")
        if tokens:
            raise ValueError(f"'{tokens[0].group()}' at character {tokens[0].start() + 1}"
                             " has no opening bracket")  # fmt: skip
        return part

    def _choice(
        self, tokens: Sequence[re.Match[str]], closing: str
    ) -> tuple[_Part, Sequence[re.Match[str]]]:
        """Alternatives up to ``closing`` (or a stray bracket), and the tokens from there on."""
        found: list[_Part] = []
        while True:
            part, tokens = self._sequence(tokens)
            if not part.first:
                raise ValueError("a pattern, or an alternative in it, has no word")
            found.append(part)
            if not (tokens and tokens[0].group() == "|" and closing):
                return self._either(found), tokens
            tokens = tokens[1:]

    def _sequence(self, tokens: Sequence[re.Match[str]]) -> tuple[_Part, Sequence[re.Match[str]]]:
        whole = _NOTHING
        while tokens and tokens[0].group() not in ("|", ")", "]"):
            token, tokens = tokens[0], tokens[1:]
            name, bracket, word = token.groups()
            if name is not None:
                part = self._list(name)
            elif bracket is not None:
                part, tokens = self._choice(tokens, _CLOSING[bracket])
                if not tokens or tokens[0].group() != _CLOSING[bracket]:
                    raise ValueError(f"'{bracket}' at character {token.start() + 1} is not closed")
                tokens = tokens[1:]
                part = _Part(part.first, part.last, part.empty or bracket == "[")
            else:
                part = self._word(word)
            whole = self._then(whole, part)
        return whole, tokens

    def _word(self, text: str) -> _Part:
        written, slash, reading = text.partition("/")
        if not written or (slash and (not reading or "/" in reading)):
            raise ValueError(f"'{text}' is no word: write it as 'written/reading'")
        if len(self.texts) == MAX_WORDS:
            raise ValueError(f"the pattern has more than {MAX_WORDS} words: split it")
        self.texts.append(text)
        number = len(self.texts) - 1
        self.follow[number] = []
        return _Part((number,), (number,), False)

    def _list(self, name: str) -> _Part:
        if name not in self._lists:
            raise ValueError(f"there is no list '{name}'")
        if name in self._open:
            raise ValueError(f"the list '{name}' contains itself")
        self._open.append(name)
        part = self._either([self.pattern(entry) for entry in self._lists[name]])
        self._open.pop()
        return part

    def _either(self, parts: Sequence[_Part]) -> _Part:
        return _Part(
            tuple(number for part in parts for number in part.first),
            tuple(number for part in parts for number in part.last),
            any(part.empty for part in parts),
        )

    def _then(self, one: _Part, other: _Part) -> _Part:
        for last in one.last:
            self.follow[last] += other.first
        return _Part(
            one.first + (other.first if one.empty else ()),
            other.last + (one.last if other.empty else ()),
            one.empty and other.empty,
        )


def _tokens(text: str) -> list[re.Match[str]]:
    found = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"unexpected '{text[at]}' at character {at + 1}")
        if not match.group().isspace():
            found.append(match)
        at = match.end()
    return found


def sentences(pattern: str, lists: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Sentences that show every word of the pattern beside every word it may stand beside,
    first and last words too; their words are parted by spaces.

    Raises ``ValueError``, saying what is wrong: brackets that do not match, an unknown list or
    one within itself, a pattern that may be empty or is too large.
    """
    words = _Words(lists)
    whole = words.pattern(pattern)
    if whole.empty:
        raise ValueError("the pattern may be empty: it would match silence")
    words.follow[_START] += whole.first
    for last in whole.last:
        words.follow[last].append(_END)
    return tuple(dict.fromkeys(_walks(words)))


def _walks(words: _Words) -> list[str]:
    """Walks from the first words to the last until every way was taken, those that have been
    taken least for what they lead to first."""
    worth = _worth(words.follow)
    used = dict.fromkeys(worth, 0)
    left = len(used)
    found: list[str] = []
    while left:
        if len(found) == MAX_SENTENCES:
            raise ValueError(f"the pattern needs more than {MAX_SENTENCES} sentences: split it")
        number, said = _START, []
        while number != _END:
            least, best = inf, _END
            for after in words.follow[number]:
                share = (used[number, after] + 1) / worth[number, after]
                if share < least:
                    least, best = share, after
            left -= used[number, best] == 0
            used[number, best] += 1
            number = best
            if number != _END:
                said.append(words.texts[number])
        found.append(" ".join(said))
    return found


def _worth(follow: Mapping[int, Sequence[int]]) -> dict[tuple[int, int], float]:
    """How many walks should take each way from word to word: at least one, and together with the
    other ways to the same word as many as there is to see behind it."""
    into = Counter(after for each in follow.values() for after in each)
    behind: dict[int, float] = {_END: 1.0}
    worth: dict[tuple[int, int], float] = {}
    for number in sorted(follow, reverse=True):  # words are followed by later ones only
        for after in follow[number]:
            worth[number, after] = max(1.0, behind[after] / into[after])
        behind[number] = sum(worth[number, after] for after in follow[number])
    return worth
