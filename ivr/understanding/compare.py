"""Is the name that was heard the name that is registered?

By mora, surname and given name apart. The registered furigana is the truth: only a reading that
sounds exactly like it passes. Near is never a pass; it is at most ``confirm``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ivr.understanding.en import nicknames
from ivr.understanding.kana import romaji, romaji_key, without_long_o_and_u
from ivr.understanding.mora import STEADY, closeness, full_size, level
from ivr.understanding.value import HeardName

Decision = Literal["pass", "confirm", "fail"]

#: Together the two parts may be this far off (morae, weighted) to be worth a confirmation: one
#: beat taken for one that sounds like it. サトウ and カトウ are a whole mora apart.
NEAR = 0.5
#: Scores of a part that fits only by its spelling, or only but for the size of its kana.
_BY_SPELLING = 0.8
_BY_SIZE = 0.9
#: ... or only by a reading that its spelling hardly ever has.
_BY_RARE = 0.85


@dataclass(frozen=True, slots=True)
class Comparison:
    """``score`` is 0..1: how alike the less alike part is; 1.0 for every pass."""

    decision: Decision
    score: float


#: Further off than any two names.
_FAR = 99.0


class _Fit(NamedTuple):
    """How one part fits: exactly, for a confirmation, or ``off`` by so many morae."""

    exact: bool = False
    loose: bool = False
    off: float = _FAR
    score: float = 0.0


#: Between given names in furigana.
_MIDDLE = re.compile(r"[\s・]+")

_EXACT = _Fit(exact=True, off=0.0, score=1.0)
_SIZED = _Fit(loose=True, off=0.0, score=_BY_SIZE)
_HINTED = _Fit(loose=True, off=0.0, score=_BY_SPELLING)
_RARELY = _Fit(loose=True, off=0.0, score=_BY_RARE)


def compare(
    heard: HeardName, *, surname: str, given: str, surname_kana: str, given_kana: str
) -> Comparison:
    """Compare ``heard`` with a registered name: spellings and furigana (kana).

    ``pass``: a reading heard for each part, or for the whole, sounds like the furigana. For a
    name in roman letters: it spells the furigana or the registered letters. ``confirm``: the
    spelling is the same though no reading fits, or the readings differ by no more than
    ``NEAR`` or by small kana only. ``fail``: everything else, and any registered name that
    lacks one part of its furigana.
    """
    if not level(surname_kana) or not level(given_kana):
        return Comparison("fail", 0.0)
    if heard.text and heard.text.isascii():
        return _letters(heard, surname, given, surname_kana, given_kana)
    rare = frozenset(heard.rare)
    first = _part(heard.surnames, rare, heard.surname_text, surname_kana, surname)
    second = _part(heard.givens, rare, heard.given_text, given_kana, given)
    if not second.exact and (middle := _MIDDLE.search(given_kana.strip())):
        second = _better(second, _first_of_several(heard, given_kana.strip()[: middle.start()]))
    whole = _readings(heard.wholes, (), surname_kana + given_kana)
    if (first.exact and second.exact) or whole.exact:
        return Comparison("pass", 1.0)
    score = max(min(first.score, second.score), whole.score)
    near = _fits(first) and _fits(second) and _off(first) + _off(second) <= NEAR
    if near or whole.loose or whole.off <= NEAR:
        return Comparison("confirm", score)
    return Comparison("fail", score)


def _first_of_several(heard: HeardName, kana: str) -> _Fit:
    """The first of several registered given names (ジョン マイケル), said alone: a hint."""
    fit = _readings(heard.givens, heard.rare, kana)
    return _HINTED if fit.exact or fit.loose else fit


def _better(one: _Fit, other: _Fit) -> _Fit:
    return max(one, other, key=lambda fit: (fit.loose, -fit.off))


def _fits(fit: _Fit) -> bool:
    return fit.exact or fit.loose or fit.off <= NEAR


def _off(fit: _Fit) -> float:
    return 0.0 if fit.exact or fit.loose else fit.off


def _part(
    readings: Iterable[str], rare: Container[str], spelling: str, kana: str, registered: str
) -> _Fit:
    fit = _readings(readings, rare, kana)
    if not (fit.exact or fit.loose) and spelling and spelling == registered:
        return _Fit(loose=True, off=fit.off, score=max(fit.score, _BY_SPELLING))
    return fit


def _readings(readings: Iterable[str], rare: Container[str], kana: str) -> _Fit:
    """The best fit of any reading to the registered furigana. A rare one fits equal or not."""
    target = level(kana)
    loose: _Fit | None = None
    nearest, score = _FAR, 0.0
    for reading in readings:
        if reading in rare:
            begins = reading[:1] == target[:1] or reading[:1] not in STEADY
            if loose is None and begins and level(reading) == target:
                loose = _RARELY
            continue
        sound = level(reading)
        if sound == target:
            return _EXACT
        if loose is not None or not sound:
            continue
        if _as_if_full_size(sound, target):
            loose = _SIZED
        else:
            off, alike = closeness(sound, target, at_most=NEAR)
            if off < nearest:
                nearest, score = off, min(alike, _BY_SIZE)
    return loose if loose is not None else _Fit(off=nearest, score=score)


def _as_if_full_size(sound: str, target: str) -> bool:
    return len(sound) == len(target) and full_size(sound) == full_size(target)


def _letters(
    heard: HeardName, surname: str, given: str, surname_kana: str, given_kana: str
) -> Comparison:
    """Roman letters, in either order ("Taro Yamada", "Yamada Taro")."""
    best = Comparison("fail", 0.0)
    for one, other in (
        (heard.surname_text, heard.given_text),
        (heard.given_text, heard.surname_text),
    ):
        first = _spelt(one, surname, surname_kana)
        second = _called(other, given, given_kana)
        score = min(first.score, second.score)
        if first.exact and second.exact:
            return Comparison("pass", 1.0)
        if score > best.score:
            both = (first.exact or first.loose) and (second.exact or second.loose)
            best = Comparison("confirm" if both else "fail", score)
    return best


def _called(letters: str, registered: str, kana: str) -> _Fit:
    """A given name in letters. Nicknames, and the first of several names, are hints."""
    fit = _spelt(letters, registered, kana)
    if fit.exact or fit.loose or not letters or not registered or not registered.isascii():
        return fit
    if nicknames.related(letters.split(maxsplit=1)[0], registered.split(maxsplit=1)[0]):
        return _HINTED
    return fit


def _spelt(letters: str, registered: str, kana: str) -> _Fit:
    key = romaji_key(letters)
    if not key:
        return _Fit()
    sound = romaji_key(romaji(kana))
    short = without_long_o_and_u(sound)
    if key in (sound, short) or (registered.isascii() and key == romaji_key(registered)):
        return _EXACT
    if key == short[:1] + short[1:].removeprefix("u") or without_long_o_and_u(key) == short:
        # "Ono" may be 大野 or 小野: letters cannot tell.
        return _SIZED
    return _Fit()
