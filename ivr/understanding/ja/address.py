"""Japanese addresses: from what a recogniser wrote to prefecture, municipality, town, numbers.

Places are found by their spelling, or by their sound where a recogniser chose other kanji or
wrote kana; the value is always the gazetteer's spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from ivr.understanding.ja import gazetteer, house_numbers
from ivr.understanding.ja.fillers import ENDINGS, FILLERS, LEADS, pattern
from ivr.understanding.ja.gazetteer import City, Place, fold
from ivr.understanding.ja.word_readings import words
from ivr.understanding.kana import hiragana
from ivr.understanding.mora import level

T = TypeVar("T")

#: Signs of the longest name of a place, written or in kana, that is looked for.
_LONGEST = 32
#: No address is longer (signs): what follows is not looked at.
_MOST_SIGNS = 120
_LABELS = (
    "住所は", "じゅうしょは", "私の住所は", "自宅は", "自宅の住所は", "登録住所は", "登録の住所は",
    "登録してある住所は", "郵便番号は", "ゆうびんばんごうは", "郵便番号", "ゆうびんばんごう",
)  # fmt: skip
#: Short hesitations also begin names of places (青森, 榛原, 阿南): they need a pause behind.
_LONG_FILLERS = tuple(filler for filler in FILLERS if len(filler) > 2)
_DIGIT = "[0-9〇一二三四五六七八九]"
_LEAD = re.compile(
    rf"(?:{pattern(_LABELS, _LONG_FILLERS)})[、,。\s]*"
    rf"|(?:{pattern(FILLERS, LEADS)})[、,。\s]+|[、,。\s]+"
    rf"|〒?{_DIGIT}{{3}}[-の]?{_DIGIT}{{4}}(?!{_DIGIT}|[-の]{_DIGIT})の?",
    re.ASCII,
)
_GAP = re.compile(rf"(?:{pattern(_LONG_FILLERS)}|[、,]|の)+")
#: Where a house stands on the streets of Kyoto, between the ward and the town.
_STREETS = re.compile(
    "(?:[^0-9、]{1,20}?(?:上[るル]|下[るル]|[東西]入[るル]?|あがる|さがる|(?:ひがし|にし)いる)"
    "(?:[一二三四五]丁目)?)+"
)
_SPACES = re.compile(r"\s+")
_END = re.compile(rf"(?:{pattern(ENDINGS)})[。.]?$")


@dataclass(frozen=True, slots=True)
class Address:
    """An address as far as it was understood; ``doubt``: a reason code, or empty.

    ``town`` is None where none was said, or none that is known.
    """

    prefecture: Place
    city: Place
    town: Place | None
    numbers: tuple[int, ...]
    doubt: str = ""

    def text(self) -> str:
        """As it is written: 東京都渋谷区神南1-19-11."""
        place = self.prefecture.name + self.city.name + (self.town.name if self.town else "")
        return place + "-".join(map(str, self.numbers))


@dataclass(frozen=True, slots=True)
class _Found:
    """A municipality and its town in a text; ``end``: where the numbers begin; ``spelt``: how
    many of the names stood there as they are written."""

    city: City
    town: Place | None
    end: int
    spelt: int
    homophones: bool = False


def read(text: str) -> Address | None:
    """The address in ``text``, or None where there is none.

    ``doubt``: ``ambiguous_place`` (several municipalities sound or are called so),
    ``town_missing``, ``unknown_town``, ``number_missing``, ``same_reading`` (two towns of the
    municipality sound alike; one of them is taken), ``same_name`` (two are even called so, as in
    Kyoto), and those of
    :func:`ivr.understanding.ja.house_numbers.read`. Buildings, rooms and whatever else follows
    the numbers is dropped.
    """
    plain = _cleaned(text)
    found = _best(list(_candidates(plain))) if plain else []
    if not found:
        return None
    first = found[0]
    rest = _END.sub("", plain[_beginnings(plain, first.end)[-1] :])
    house = house_numbers.read(rest)
    doubt = house.doubt
    if len({(one.city.prefecture, one.city.place) for one in found}) > 1:
        doubt = "ambiguous_place"
    elif first.town is None:
        doubt = "unknown_town" if rest else "town_missing"
    elif not house.numbers and not doubt:
        doubt = "number_missing"
    elif first.homophones and not doubt:
        doubt = "same_reading"
    elif (first.city.place.name, first.town.name) in gazetteer.load().doubled and not doubt:
        doubt = "same_name"
    town = first.town if first.town and first.town.name else None
    return Address(first.city.prefecture, first.city.place, town, house.numbers, doubt)


def read_after(place: str, text: str) -> Address | None:
    """The address of which ``place`` was said or keyed before, and ``text`` is the rest: its
    house number, or its town too. None where that is not so.

    ``place`` must be without numbers: more digits behind a number would make another number.
    """
    before = read(place)
    rest = _cleaned(text)
    if before is None or before.numbers or not rest:
        return None
    found = read(f"{place}、{rest}")
    if found is None or (found.prefecture, found.city) != (before.prefecture, before.city):
        return None
    if before.town is not None and found.town != before.town:
        return None
    return found if found.numbers else None


def _cleaned(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)[:_MOST_SIGNS]
    folded = hiragana(plain)
    at = 0
    while match := _LEAD.match(folded, at):
        at = match.end()
    return _SPACES.sub("", plain[at:])


def _best(candidates: list[_Found]) -> list[_Found]:
    """Those that explain most of the text, by spelling rather than by sound."""

    def rank(one: _Found) -> tuple[bool, int, int]:
        return one.town is not None, one.end, one.spelt

    highest = max(map(rank, candidates), default=None)
    return [one for one in candidates if rank(one) == highest]


def _candidates(plain: str) -> Iterator[_Found]:
    """Every municipality that the text may begin with, after its prefecture or without it."""
    known = gazetteer.load()
    sounds = _Sounds(plain)
    starts: list[tuple[Place | None, int, bool]] = [(None, 0, False)]
    spelt, sounding = known.prefectures.spelt, known.prefectures.sounding
    for place, end, is_spelt in _matches(plain, 0, sounds, spelt, sounding):
        starts += [(place, at, is_spelt) for at in _beginnings(plain, end)]
    for prefecture, start, before in starts:
        for city, end, is_spelt in _matches(plain, start, sounds, known.spelt, known.sounding):
            if prefecture is None or city.prefecture == prefecture:
                for at in _town_beginnings(plain, end, city):
                    yield _with_town(plain, sounds, city, at, before + is_spelt)


def _with_town(plain: str, sounds: _Sounds, city: City, start: int, spelt: int) -> _Found:
    """The longest town from ``start``. A municipality without towns stands for itself."""
    names = gazetteer.towns(city)
    found = [
        (end, is_spelt, town)
        for town, end, is_spelt in _matches(plain, start, sounds, names.spelt, names.sounding)
    ]
    if not found:
        only = set(names.spelt) == {""}
        return _Found(city, Place("", "") if only else None, start, spelt)
    end, is_spelt, town = max(found, key=lambda one: one[:2])
    alike = {one[2].name for one in found if one[:2] == (end, is_spelt)}
    return _Found(city, town, end, spelt + is_spelt, homophones=len(alike) > 1)


def _town_beginnings(plain: str, at: int, city: City) -> Iterator[int]:
    """:func:`_beginnings`; in Kyoto also behind the streets (寺町通御池上る)."""
    yield from _beginnings(plain, at)
    if city.place.name.startswith(gazetteer.KYOTO) and (streets := _STREETS.match(plain, at)):
        yield from _beginnings(plain, streets.end())


def _beginnings(plain: str, at: int) -> tuple[int, ...]:
    """Where the next name may begin: here, and past hesitations and の (ちばけんののだし)."""
    match = _GAP.match(plain, at)
    return (at, match.end()) if match else (at,)


def _matches(
    plain: str,
    start: int,
    sounds: _Sounds,
    spelt: Mapping[str, tuple[T, ...]],
    sounding: Mapping[str, tuple[T, ...]],
) -> Iterator[tuple[T, int, bool]]:
    """Everything that ``plain`` names from ``start``: (what, its end, whether it is spelt so)."""
    for end in range(start + 1, min(len(plain), start + _LONGEST) + 1):
        by_spelling = spelt.get(fold(plain[start:end]), ())
        for one in by_spelling:
            yield one, end, True
        sound = sounds.between(start, end)
        for one in sounding.get(sound, ()) if sound else ():
            if one not in by_spelling:
                yield one, end, False


class _Sounds:
    """How stretches of a text sound that begin and end with a word of it."""

    def __init__(self, plain: str) -> None:
        parts = words(plain)
        ends = list(accumulate((len(surface) for surface, _ in parts), initial=0))
        self._at = {place: index for index, place in enumerate(ends)}
        self._readings = [reading for _, reading in parts]

    def between(self, start: int, end: int) -> str:
        """The sound, levelled; empty where a word would be cut."""
        if start not in self._at or end not in self._at:
            return ""
        return level("".join(self._readings[self._at[start] : self._at[end]]))
