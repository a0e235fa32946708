"""An address in Japan, from its prefecture to the number of the house."""

from __future__ import annotations

import re

from ivr.understanding import digits
from ivr.understanding.compare import NEAR, Comparison
from ivr.understanding.en import address as english
from ivr.understanding.ja import address as japanese
from ivr.understanding.ja import gazetteer
from ivr.understanding.ja.address import Address
from ivr.understanding.ja.gazetteer import Place
from ivr.understanding.ja.word_readings import words
from ivr.understanding.mora import closeness, level
from ivr.understanding.value import Understood

_POSTAL_CODE_DIGITS = 7
_LATIN_ONLY = re.compile(r"[\x00-\x7f]*")
#: Doubts that leave nothing that could be read back.
_NO_VALUE = frozenset(("not_understood", "unknown_town", "ambiguous_place"))

#: What a part scores that is missing, and at most everything that does not pass.
_UNSURE = 0.9


def warm() -> None:
    """Load what the first parse would load (places and words, about two seconds)."""
    gazetteer.load()
    words("東京")


def parse(text: str, *, confidence: float, after: str = "") -> Understood:
    """The address in ``text`` as 東京都渋谷区神南1-19-11, places as Japan Post writes them.

    The prefecture may be left out where the rest is clear. Buildings, rooms, postal codes and
    whatever follows are dropped. ``unclear`` without a value: ``not_understood``,
    ``unknown_town``, ``ambiguous_place``; with one: ``town_missing``, ``number_missing``,
    ``numbers_run_together``, ``same_reading``, ``same_name``. ``none``: ``no_address``. The
    script decides the language. ``after``: a place without numbers that was said or keyed before
    (a postal code's); what is no address by itself may be the rest of that one.
    """
    found = _read(text)
    if found is None and after:
        found = japanese.read_after(after, text)
    if found is None:
        return Understood("none", None, 0.0, "no_address")
    if found.doubt in _NO_VALUE:
        return Understood("unclear", None, 0.0, found.doubt)
    return Understood("unclear" if found.doubt else "ok", found.text(), confidence, found.doubt)


def keyed(keys: str) -> Understood:
    """The place of a postal code of seven digits; its house number is still missing."""
    found = digits.keyed(keys)
    if found.status != "ok":
        return found
    if len(keys) != _POSTAL_CODE_DIGITS:
        return Understood("invalid", None, 1.0, "wrong_length")
    places = gazetteer.of_postal_code(keys)
    if places is None:
        return Understood("invalid", None, 1.0, "no_such_postal_code")
    reason = "number_missing" if places[2].name else "town_missing"
    return Understood("unclear", "".join(place.name for place in places), 1.0, reason)


def spoken(address: str, *, language: str) -> str:
    """The address read back: 東京都渋谷区神南1の19の11, ``Tokyoto, Shibuyaku, Jinnan, 1, 19, 11``.

    ``ValueError`` for what :func:`parse` would not give.
    """
    found = japanese.read(address)
    if found is None or found.doubt in _NO_VALUE:
        raise ValueError("an address is read back from a value that was understood")
    if language != "ja":
        return english.spoken(found.prefecture, found.city, found.town, found.numbers)
    places = (found.prefecture, found.city, found.town or Place("", ""))
    return "".join(place.name for place in places) + "の".join(map(str, found.numbers))


def compare_address(heard: str, registered: str) -> Comparison:
    """Whether the address that was heard is the one that is registered, both as written.

    Places are compared by their reading, numbers one by one; the registered building and room do
    not count. ``pass``: all the same, to the last of the registered block, lot and house numbers.
    ``confirm``: the same place, but numbers are missing on one side, or a town that sounds alike
    (at most :data:`ivr.understanding.compare.NEAR` morae off) with the same numbers. ``fail``:
    everything else, and whatever the gazetteer does not know. The score is that of the sound of
    the towns and of the numbers that agree, 1.0 for a pass only, 0.0 in another municipality.
    """
    one, other = _read(heard), _read(registered)
    if one is None or other is None or {one.doubt, other.doubt} & _NO_VALUE:
        return Comparison("fail", 0.0)
    if (one.prefecture, one.city) != (other.prefecture, other.city):
        return Comparison("fail", 0.0)
    off, alike = _town(one, other)
    shorter = min(len(one.numbers), len(other.numbers))
    prefix = one.numbers[:shorter] == other.numbers[:shorter]
    same = one.numbers == other.numbers
    doubts = {one.doubt, other.doubt} - {"", "same_reading"}
    if off == 0.0 and same and not doubts:
        return Comparison("pass", 1.0)
    score = alike * _agreeing(one.numbers, other.numbers) * _UNSURE
    near = off <= NEAR and prefix and (off == 0.0 or same)
    return Comparison("confirm" if near else "fail", score)


def _town(one: Address, other: Address) -> tuple[float, float]:
    """How far apart the towns sound, in morae, and how alike; one that was not said may be any."""
    if one.town is None or other.town is None:
        return 0.0, _UNSURE
    return closeness(level(one.town.kana), level(other.town.kana), at_most=NEAR)


def _agreeing(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The share of numbers that agree, in order."""
    longest = max(len(one), len(other))
    agreeing = sum(a == b for a, b in zip(one, other, strict=False))
    return agreeing / longest if longest else _UNSURE


def _read(text: str) -> Address | None:
    return english.read(text) if _LATIN_ONLY.fullmatch(text) else japanese.read(text)
