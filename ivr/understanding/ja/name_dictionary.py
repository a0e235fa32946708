"""Readings of Japanese names, from the Sudachi core dictionary (Apache-2.0).

The dictionary tags surnames (姓) and given names (名). Spellings are looked up in its index;
for readings, which it does not index, the entries are read through once at loading (about a
second). docs/names.md states the memory all of it takes.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.understanding.ja import kanji_variants, name_kanji
from ivr.understanding.ja.kanji_variants import Part
from ivr.understanding.ja.sudachi import TAGS, core
from ivr.understanding.kana import is_kana, katakana
from ivr.understanding.loaded_once import loaded_once
from ivr.understanding.mora import level

#: Of the readings listed for a spelling, one this much less likely than the best is rare.
_RARE = 0.1
#: Of the readings nobody has listed, one this likely beside the best is worth a confirmation, ...
_POSSIBLE = 0.01
#: ... this many at most.
_MOST_POSSIBLE = 12
_PARTS: tuple[Part, Part] = ("surname", "given")
#: More than so many times as many names show which part a name is.
_BY_FAR = 2
#: Beside the listed readings, this many others are kept, ...
_MOST_ADDED = 8
#: ... that are this likely beside the best of the listed ones, ...
_RARE_ADDED = 0.02
#: ... of a surname this likely beside the best of all: 大野 is no オノ.
_LIKELY_SURNAME = 0.2


@dataclass(frozen=True, slots=True)
class Readings:
    """Katakana readings of a spelling: ``usual`` ones, and ``rare`` ones that only confirm."""

    usual: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameDictionary:
    """Readings of spellings, and how many spellings share a reading (a hint how common it is)."""

    _sudachi: Any
    _tokenizer: Any
    _counts: Mapping[Part, Mapping[str, int]]
    _lock: threading.Lock

    def readings(self, spelling: str, part: Part) -> tuple[str, ...]:
        """Katakana readings listed for a spelling, or a variant of it, as that part of a name.

        Empty where the dictionary does not know it.
        """
        # The tokeniser behind it is not documented as thread-safe: one look-up (2 µs) at a time.
        with self._lock:
            return tuple(
                dict.fromkeys(
                    entry.reading_form()
                    for written in kanji_variants.spellings(spelling, part)
                    for entry in self._sudachi.lookup(written)
                    if TAGS.get(entry.part_of_speech()[3]) == part
                )
            )

    def possible(self, spelling: str, part: Part) -> Readings:
        """All readings a spelling may have as that part of a name, the likeliest first.

        Of a listed spelling, the listed readings; rare are those that the kanji hardly ever
        have, and likely ones put together from its kanji that other names have. Of a spelling
        that nobody has listed, readings put together from its kanji, and they are rare. But
        parents make up given names as no family makes up its surname: of an unlisted given name
        the likeliest reading is usual if other names have it (docs/names.md says what that gains
        and costs). Empty where a kanji is unknown.
        """
        plain = kanji_variants.plain(spelling, part)
        listed = self.readings(spelling, part)
        odds = name_kanji.compose(plain, part, lambda reading: self.spellings(reading, part))
        if not listed:
            composed = [reading for reading, likely in odds.items() if likely >= _POSSIBLE]
            del composed[_MOST_POSSIBLE:]
            sure = 1 if part == "given" and composed and self.spellings(composed[0], part) else 0
            return Readings(tuple(composed[:sure]), tuple(composed[sure:]))
        others = odds
        if len(plain) == 1:
            # How a kanji sounds in longer names says little of it alone (一 is ハジメ).
            odds = {reading: self.spellings(reading, part) ** 0.5 for reading in listed}
        usual = self._usual(plain, part, listed, odds)
        rare = [reading for reading in listed if reading not in usual]
        floor = _LIKELY_SURNAME
        if part == "given":
            floor = _RARE_ADDED * max(others.get(reading, 0.0) for reading in listed)
        rare += [
            reading
            for reading, likely in others.items()
            if likely >= floor and self.spellings(reading, part)
        ][:_MOST_ADDED]
        sounds = {level(reading) for reading in usual}
        return Readings(
            usual, tuple(dict.fromkeys(each for each in rare if level(each) not in sounds))
        )

    def _usual(
        self, plain: str, part: Part, listed: tuple[str, ...], odds: Mapping[str, float]
    ) -> tuple[str, ...]:
        """The listed readings that are not rare. One that cannot be put together from its kanji
        (大和, ヤマト) is usual where it is the only one, or the one of running text."""
        first = self._likeliest(plain, part)
        best = max(odds.get(reading, 0.0) for reading in listed)
        usual = [
            reading
            for reading in listed
            if reading == first or odds.get(reading, 0.0) >= _RARE * best
        ]
        usual.sort(key=lambda reading: (reading != first, -odds.get(reading, 0.0)))
        return tuple(usual)

    def _likeliest(self, spelling: str, part: Part) -> str:
        """The reading that running text has most often, by the tokeniser's costs; or nothing."""
        with self._lock:
            words = self._tokenizer.tokenize(spelling)
            if len(words) == 1 and TAGS.get(words[0].part_of_speech()[3]) == part:
                return str(words[0].reading_form())
        return ""

    def listed(self, spelling: str, part: Part) -> tuple[str, ...]:
        """:meth:`readings`; kana reads itself if there is such a name."""
        if is_kana(spelling):
            reading = katakana(spelling)
            return (reading,) if self.spellings(reading, part) else ()
        return self.readings(spelling, part)

    def rather(self, spelling: str) -> Part | None:
        """Which part of a name a spelling is by far; None where that cannot be said."""
        surname, given = (
            max((self.spellings(each, part) for each in self.listed(spelling, part)), default=0)
            for part in _PARTS
        )
        if surname > _BY_FAR * given:
            return "surname"
        return "given" if given > _BY_FAR * surname else None

    def is_word(self, spelling: str) -> bool:
        """Whether the spelling is in the dictionary as anything at all."""
        with self._lock:
            return len(self._sudachi.lookup(spelling)) > 0

    def is_japanese(self, reading: str) -> bool:
        """Whether a listed surname or given name sounds like ``reading`` (kana)."""
        return any(self.spellings(reading, part) for part in _PARTS)

    def is_personal(self, spelling: str) -> bool:
        """Whether the spelling is a name of people, from anywhere (スミス), or sounds like one."""
        if self.is_japanese(spelling):
            return True
        with self._lock:
            return any(
                entry.part_of_speech()[2] == "人名" for entry in self._sudachi.lookup(spelling)
            )

    def is_common_word(self, spelling: str) -> bool:
        """Whether the spelling is in the dictionary as more than a name of people or places."""
        with self._lock:
            return any(
                entry.part_of_speech()[1] != "固有名詞" for entry in self._sudachi.lookup(spelling)
            )

    def spellings(self, reading: str, part: Part) -> int:
        """How many entries of that part sound like ``reading`` (kana); 0: no such name."""
        return self._counts[part].get(level(reading), 0)

    def common(self, part: Part, most: int) -> list[str]:
        """The ``most`` readings with the most spellings, as they sound (サトー), most first."""
        counted = self._counts[part].items()
        return [sound for sound, _ in sorted(counted, key=lambda each: (-each[1], each[0]))[:most]]


@loaded_once
def load() -> NameDictionary:
    """The dictionary, read at the first call and shared from then on by all threads."""
    name_kanji.load()
    dictionary = core()
    counts: dict[Part, Counter[str]] = {"surname": Counter(), "given": Counter()}
    parts: dict[int, Part | None] = {}
    for entry in dictionary.entries():
        tag = entry.part_of_speech_id()
        if tag not in parts:
            parts[tag] = TAGS.get(entry.part_of_speech()[3])
        part = parts[tag]
        if part is not None:
            counts[part][entry.reading_form()] += 1
    heard = {part: _as_heard(readings) for part, readings in counts.items()}
    return NameDictionary(dictionary, dictionary.tokenizer(), heard, threading.Lock())


def _as_heard(readings: Mapping[str, int]) -> Mapping[str, int]:
    """Counts by sound: サトウ and サトー are one."""
    sounds: Counter[str] = Counter()
    for reading, count in readings.items():
        sounds[level(reading)] += count
    return sounds
