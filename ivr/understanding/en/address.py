"""Japanese addresses in roman letters, as callers say them in an English conversation."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ivr.understanding.en.numbers import below_hundred
from ivr.understanding.ja import gazetteer
from ivr.understanding.ja.address import Address
from ivr.understanding.ja.gazetteer import City, Place
from ivr.understanding.ja.house_numbers import MOST
from ivr.understanding.kana import romaji, romaji_key, without_long_o_and_u
from ivr.understanding.mora import level

#: Words of the longest name of a place that is looked for (Yokohama shi Nishi ku).
_LONGEST = 5
_MOST_WORDS = 24
_NOISE = frozenset(
    ("my", "address", "is", "it's", "its", "i", "live", "in", "at", "the", "um", "uh", "er",
     "japan", "prefecture", "city", "ward", "town", "village", "number", "please", "dash", "hyphen",
     "and", "registered", "home")
)  # fmt: skip
#: Ends of names that English speakers leave out: Shibuya for Shibuya-ku, Tokyo for Tokyo-to.
_SUFFIX = re.compile("(?:(?<=トウキョウ)ト|フ|ケン|シ|ク|グン|チョウ|マチ|ムラ|ソン)$")
_TOKEN = re.compile(r"[a-z']+|[0-9]+|[^\sa-z0-9]")
_UNITS = frozenset(("chome", "banchi", "ban", "go"))


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to take the letters: a municipality and a town in it."""

    city: City
    town: Place | None


def read(text: str) -> Address | None:
    """The address in ``text``, places in either order, or None where no municipality is named.

    ``doubt``: ``ambiguous_place``, ``not_understood`` (words or numbers left over),
    ``town_missing``, ``number_missing``, ``numbers_run_together``, ``same_reading``,
    ``same_name``.
    """
    tokens = _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())[:_MOST_WORDS]
    words, numbers, doubt = _split(tokens)
    ways, left_over = _places(words)
    if not ways:
        return None
    first = ways[0]
    sounds = {(way.city.place, way.town and level(way.town.kana)) for way in ways}
    if len(sounds) > 1:
        doubt = "ambiguous_place"
    elif left_over or len(numbers) > MOST:
        doubt = "not_understood"
    elif first.town is None:
        doubt = "town_missing"
    elif not numbers:
        doubt = "number_missing"
    elif len(ways) > 1 and not doubt:
        doubt = "same_reading"
    elif (first.city.place.name, first.town.name) in gazetteer.load().doubled and not doubt:
        doubt = "same_name"
    return Address(first.city.prefecture, first.city.place, first.town, tuple(numbers), doubt)


def spoken(prefecture: Place, city: Place, town: Place | None, numbers: Sequence[int]) -> str:
    """``Tokyoto, Shibuyaku, Jinnan, 1, 19, 11``: the town with its long vowels written out."""
    places = [_short(place) for place in (prefecture, city)]
    places += [romaji(town.kana)] if town else []
    return ", ".join([*(place.capitalize() for place in places), *map(str, numbers)])


def _short(place: Place) -> str:
    """The name as it is usually written, unless nobody could tell its long vowels then."""
    full = romaji(place.kana)
    short = without_long_o_and_u(full)
    return short if _key([short]) in _keys(place.kana) else full


def _split(tokens: Sequence[str]) -> tuple[list[str], list[int], str]:
    """Names, numbers, and a doubt about the numbers."""
    words: list[str] = []
    numbers: list[int] = []
    doubt = ""
    at, single = 0, False
    while at < len(tokens):
        token = tokens[at]
        said = max(below_hundred(tokens, at), key=lambda way: way[1], default=None)
        if token.isdecimal():
            numbers.append(int(token[:4]))
            single = False
            at += 1
        elif said is not None:
            if single and said == (said[0], 1) and said[0] < 10:
                doubt = "numbers_run_together"
            numbers.append(said[0])
            single = said[0] < 10
            at += said[1]
        else:
            single = False
            if token[0].isalpha() and token not in _NOISE | _UNITS:
                words.append(token)
            at += 1
    return words, numbers, doubt


def _places(words: Sequence[str]) -> tuple[list[_Way], bool]:
    """The ways that leave no word over, or else those that leave words over."""
    complete: dict[tuple[str, str, str], _Way] = {}
    partial: dict[tuple[str, str], _Way] = {}
    for city, rest in _cities(words):
        if not rest:
            complete[city.prefecture.name, city.place.name, ""] = _Way(city, None)
            continue
        partial[city.prefecture.name, city.place.name] = _Way(city, None)
        towns = _towns(city.packed)
        for without_prefecture in (rest, *_without(rest, city.prefecture)):
            for town in towns.get(_key(without_prefecture), ()):
                complete[city.prefecture.name, city.place.name, town.name] = _Way(city, town)
            if not without_prefecture:
                complete[city.prefecture.name, city.place.name, ""] = _Way(city, None)
    named = [way for way in complete.values() if way.town] or list(complete.values())
    return (named, False) if named else (list(partial.values()), True)


def _cities(words: Sequence[str]) -> Iterator[tuple[City, list[str]]]:
    """Every municipality that some of the words name, and the other words."""
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + _LONGEST) + 1):
            for city in _city_keys().get(_key(words[start:end]), ()):
                yield city, [*words[:start], *words[end:]]


def _without(words: Sequence[str], prefecture: Place) -> Iterator[list[str]]:
    """The words without the prefecture at either end of them."""
    keys = _keys(prefecture.kana)
    for count in range(1, len(words) + 1):
        if _key(words[:count]) in keys:
            yield list(words[count:])
        if _key(words[-count:]) in keys:
            yield list(words[:-count])


def _key(words: Sequence[str]) -> str:
    return romaji_key("".join(words))


def _keys(kana: str) -> set[str]:
    names = {kana, _SUFFIX.sub("", kana)} - {""}
    exact = {romaji_key(romaji(name)) for name in names}
    return exact | {without_long_o_and_u(key) for key in exact}


@lru_cache(maxsize=1)
def _city_keys() -> Mapping[str, tuple[City, ...]]:
    found: dict[str, dict[City, None]] = defaultdict(dict)
    cities = {city: None for cities in gazetteer.load().sounding.values() for city in cities}
    for city in cities:
        for name in (city.place.kana, *_wards_first(city.place.kana)):
            for key in _keys(name):
                found[key][city] = None
    return {key: tuple(cities) for key, cities in found.items()}


def _wards_first(kana: str) -> Iterator[str]:
    """Kita-ku, Osaka-shi for 大阪市北区; at every シ, for the reading alone does not say which."""
    for match in re.finditer("シ", kana) if kana.endswith("ク") else ():
        city, ward = kana[: match.end()], kana[match.end() :]
        if len(city) > 1 and len(ward) > 1:
            yield ward + city
            yield _SUFFIX.sub("", ward) + city
            yield ward + _SUFFIX.sub("", city)
            yield _SUFFIX.sub("", ward) + _SUFFIX.sub("", city)


@lru_cache(maxsize=64)
def _towns(packed: bytes) -> Mapping[str, tuple[Place, ...]]:
    """Towns by their letters; an exact spelling of long vowels counts before a short one."""
    exact: dict[str, tuple[Place, ...]] = {}
    short: dict[str, tuple[Place, ...]] = {}
    for line in packed.decode().split("\n"):
        name, _, kana = line.partition("\t")
        if name:
            key = romaji_key(romaji(kana))
            exact[key] = (*exact.get(key, ()), Place(name, kana))
            brief = without_long_o_and_u(key)
            short[brief] = (*short.get(brief, ()), Place(name, kana))
    return {**short, **exact}
