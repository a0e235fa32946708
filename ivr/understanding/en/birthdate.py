"""Birthdates in English, in words and figures.

Every way to read the whole utterance as year, month, day and words that change nothing is
tried; a date is certain only where all ways agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ivr.understanding.birthdate import Part, Reading, uneven
from ivr.understanding.en import numbers

Kind = Literal["year", "month", "day", "short_year", "correction", "noise", "uneven"]

#: Longer utterances are no answers to this question, and would take long to read.
MAX_TOKENS = 40

#: Of two ways to read a date, one with an earlier year is out of the question.
_EARLIEST = 1900

_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTHS = {name[:3]: number for number, name in enumerate(_MONTH_NAMES, 1)}
_MONTHS |= {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_MONTHS["sept"] = 9

_WEEKDAYS = {
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5,
    "sunday": 6, "mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3,
    "fri": 4, "sat": 5, "sun": 6,
}  # fmt: skip
_NOISE = frozenset(
    (
        *_WEEKDAYS, "the", "of", "on", "in", "day", "year", "month", "um", "uh", "er", "erm",
        "well", "so", "yes", "yeah", "ok", "okay", "please", "it", "is", "it's", "its", "was", "i",
        "i'm", "my", "birthday", "birthdate", "birth", "date", "born", "that's", "that", "would",
        "be", "a", "hi", "hello",
    )
)  # fmt: skip
_CORRECTIONS = (
    ("no", "wait"), ("oh", "no"), ("i", "mean"), ("make", "that"), ("i", "meant"), ("or", "rather"),
    ("no",), ("nope",), ("sorry",), ("correction",), ("wait",), ("actually",), ("rather",),
)  # fmt: skip

_TOKEN = re.compile(r"\d+(?:[./-]\d+)+|\d+(?:st|nd|rd|th)?|'\d\d|[a-z]+(?:'[a-z]+)?")
_LOST_FIGURE = re.compile(
    r"(?:[a-z] |^)-\d{1,2}\b(?!-)|\d-[ ,]|[/.-]\d-(?!\d)|\d(?!st\b|nd\b|rd\b|th\b)[a-z]|[a-z]\d"
)
_YEAR_FIRST = re.compile(r"([12]\d{3})[./-](\d{1,2})[./-](\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]([12]\d{3})")
_YEAR_DAY = re.compile(r"([12]\d{3})[./-](\d{1,2})")
_DAY_YEAR = re.compile(r"(\d{1,2})[./-]([12]\d{3})")
#: The second Friday of March: no 2nd of March, unless the 1st happens to be that weekday.
_NTH_WEEKDAY = re.compile(
    r"\b(?:second|third|fourth|fifth|[2-5](?:nd|rd|th)) "
    rf"(?:{'|'.join(sorted(_WEEKDAYS, key=len, reverse=True))}) (?:of|in)\b"
)
#: Words that keep a date beside them from being the caller's own answer.
_BLOCKERS = frozenset(
    ("not", "never", "or", "and", "either", "neither", "nor", "but", "except", "before", "after",
     "until", "since", "between", "from", "to", "than", "ago", "last", "next", "half", "point",
     "minus", "plus", "hundred", "thousand", "double", "triple")
)  # fmt: skip
_SHORT_LAST = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_EIGHT = re.compile(r"([12]\d{3})(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: Kind
    value: int = 0


@dataclass(frozen=True, slots=True)
class _Held:
    """What a way of reading holds so far. Two ``days``: a day and a month without its name.
    ``uneven``: a figure may be lost.

    ``renewable``: kinds that may be said anew once, after a correction; ``taken_back``: a
    correction was said, and nothing anew yet."""

    year: int | None = None
    month: int | None = None
    days: tuple[int, ...] = ()
    short_year: bool = False
    renewable: frozenset[str] = frozenset()
    taken_back: bool = False
    uneven: bool = False


def read(text: str, asked: Part | None = None) -> Reading | None:
    """What ``text`` says about a birthdate; None where nothing of a date is in it.

    ``asked``: the part that was asked for, which a number alone answers ("five").
    """
    tokens = _tokens(text)
    if not tokens or not any(_dated(token) for token in tokens):
        return None
    if len(tokens) > MAX_TOKENS:
        return Reading(doubt="not_understood", hidden=True)
    if asked in _MOST and (bare := _bare_number(tokens)) is not None:
        if bare > _MOST[asked]:
            return Reading(doubt=f"{asked}_not_understood", hidden=True)
        return Reading(month=bare) if asked == "month" else Reading(day=bare)
    if _NTH_WEEKDAY.search(" ".join(tokens)):
        return Reading(doubt="nth_weekday", hidden=True)
    reading = _read_all(tokens)
    core = _without_extra_words(tokens)
    if reading.doubt == "not_understood" and len(core) < len(tokens):
        reading = _read_all(core)
        if reading.hidden or reading.missing:
            return Reading(doubt="not_understood", hidden=True)
        reading = replace(reading, doubt=reading.doubt or "extra_words")
    weekdays = {_WEEKDAYS[token] for token in tokens if token in _WEEKDAYS}
    return replace(reading, weekday=weekdays.pop()) if len(weekdays) == 1 else reading


_MOST = {"month": 12, "day": 31}


def _bare_number(tokens: list[str]) -> int | None:
    """The one number that is all the tokens say, of a month or a day; None where there is more."""
    ways = list(_ways(tokens))
    if any(held.month or held.year or held.taken_back for held in ways):
        return None
    said = {held.days[0] for held in ways if len(held.days) == 1 and not held.short_year}
    return said.pop() if len(said) == 1 else None


def _without_extra_words(tokens: list[str]) -> list[str]:
    """The date in the middle of a sentence: ordinary words around it dropped."""

    def extra(token: str) -> bool:
        if not token[0].isalpha() or token in _BLOCKERS or token.endswith("n't"):
            return False
        return (token,) not in _CORRECTIONS and not _dated(token)

    first, last = 0, len(tokens)
    while first < last and extra(tokens[first]):
        first += 1
    while last > first and extra(tokens[last - 1]):
        last -= 1
    return tokens[first:last]


def _read_all(tokens: list[str]) -> Reading:
    """The one date that every way to read the tokens gives, or why there is none."""
    readings = {_reading(held) for held in _ways(tokens)}
    if not readings:
        return Reading(doubt="not_understood", hidden=True)
    whole = {reading for reading in readings if _whole(reading)}
    # "October eighteen nineteen twenty": 18, 1920; nobody on the telephone was born in 1819.
    whole = {reading for reading in whole if (reading.year or 0) >= _EARLIEST} or whole
    if len(whole) == 1:
        return whole.pop()
    if whole:
        return Reading(doubt="ambiguous", hidden=True)
    # All ways lack something: say the same thing every time.
    return min(readings, key=lambda reading: (reading.doubt, repr(reading)))


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    # 14-nov-2023, twenty-fifth: a dash parts words, but keeps figures together.
    plain = re.sub(r"(?<=[a-z])[-/.](?=[a-z0-9])|(?<=[0-9])[-/.](?=[a-z])", " ", plain)
    tokens = _TOKEN.findall(plain)
    # "August -3", "2i March": a figure was lost.
    left = "-" if _LOST_FIGURE.search(plain) else ""
    left += re.sub(r"[\s,.!?;:()-]", "", _TOKEN.sub("", plain))
    return [*tokens, *([left] if left else [])]


def _dated(token: str) -> bool:
    """Whether a token may be part of a date at all (``may`` and ``second`` included)."""
    if token[0].isdigit() or token[0] == "'" or token in _MONTHS:
        return True
    return any(True for _ in numbers.ordinals((token,), 0)) or any(
        value > 0 or used > 1 for value, used in numbers.below_hundred((token,), 0)
    )


def _ways(tokens: Sequence[str]) -> Iterator[_Held]:
    """Every way to read all the tokens."""
    words = list(tokens)
    seen: set[tuple[int, _Held]] = set()
    stack: list[tuple[int, _Held]] = [(0, _Held())]
    while stack:
        at, held = stack.pop()
        if (at, held) in seen:
            continue
        seen.add((at, held))
        if at == len(words):
            yield held
            continue
        for pieces, used in _pieces(words, at):
            after: _Held | None = held
            for piece in pieces:
                lost = piece.kind == "day" and held.year is not None and _runs_on(words, at)
                after = _take(after, piece) if after and not lost else None
            if after is not None:
                stack.append((at + used, after))


def _runs_on(words: list[str], at: int) -> bool:
    """ "nineteen nineteen nine": a plain number right behind another is no day."""
    return (
        at > 0
        and any(numbers.below_hundred(words, at))
        and any(numbers.below_hundred(words, at - 1))
    )


def _pieces(words: list[str], at: int) -> Iterator[tuple[tuple[_Piece, ...], int]]:
    word = words[at]
    for phrase in _CORRECTIONS:
        if tuple(words[at : at + len(phrase)]) == phrase:
            yield (_Piece("correction"),), len(phrase)
    # "twenty on, 1919" was twenty-one.
    if word in _NOISE and not (word == "on" and any(numbers.below_hundred(words, at - 1))):
        yield (_Piece("noise"),), 1
    if word in _MONTHS:
        yield (_Piece("month", _MONTHS[word]),), 1
    if word[0].isdigit() or word[0] == "'":
        yield from ((pieces, 1) for pieces in _figures(word))
        return
    for value, used in numbers.ordinals(words, at):
        yield (_Piece("day", value),), used
    for value, used in numbers.years(words, at):
        yield (_Piece("year", value),), used
    for value, used in numbers.below_hundred(words, at):
        if 1 <= value <= 31:
            yield (_Piece("day", value),), used
        if value >= 10:
            yield (_Piece("short_year"),), used
    if word in ("oh", "o", "zero") and at + 1 < len(words):
        unit = numbers.UNITS.get(words[at + 1], 0)
        if unit:
            yield (_Piece("day", unit),), 2
            yield (_Piece("short_year"),), 2


def _figures(word: str) -> Iterator[tuple[_Piece, ...]]:
    if match := _YEAR_FIRST.fullmatch(word) or _EIGHT.fullmatch(word):
        year, month, day = (int(group) for group in match.groups())
        sure: Kind = "uneven" if uneven(match[2], match[3]) else "noise"
        yield _Piece("year", year), _Piece("month", month), _Piece("day", day), _Piece(sure)
    elif match := _YEAR_LAST.fullmatch(word):
        one, two, year = (int(group) for group in match.groups())
        yield _Piece("day", one), _Piece("day", two), _Piece("year", year)
    elif match := _YEAR_DAY.fullmatch(word):  # September-2020-23
        yield _Piece("year", int(match[1])), _Piece("day", int(match[2]))
    elif match := _DAY_YEAR.fullmatch(word):  # 23-2020-September
        yield _Piece("day", int(match[1])), _Piece("year", int(match[2]))
    elif _SHORT_LAST.fullmatch(word) or word[0] == "'":
        yield (_Piece("short_year"),)
    elif word.isdigit() and len(word) == 4:
        yield (_Piece("year", int(word)),)
    elif re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", word):
        value = int(re.sub(r"\D", "", word))
        yield (_Piece("day", value),)
        if word.isdigit() and len(word) == 2:
            yield (_Piece("short_year"),)


def _take(held: _Held, piece: _Piece) -> _Held | None:
    """What is held after ``piece``; None where the piece does not fit."""
    if piece.kind == "noise":
        return held
    if piece.kind == "uneven":
        return replace(held, uneven=True)
    kinds = _kinds(held)
    if piece.kind == "correction":
        return replace(held, renewable=kinds, taken_back=bool(kinds))
    kind = "year" if piece.kind == "short_year" else piece.kind
    known = kind in kinds
    if held.taken_back and not known:
        return None
    renew = known and kind in held.renewable
    rest = held.renewable - {kind}
    if piece.kind == "day":
        days = (piece.value,) if renew else (*held.days, piece.value)
        if len(days) > 2:
            return None
        return replace(held, days=days, renewable=rest, taken_back=False)
    if known and not renew:
        return None
    if piece.kind == "month":
        return replace(held, month=piece.value, renewable=rest, taken_back=False)
    short = piece.kind == "short_year"
    return replace(
        held,
        year=None if short else piece.value,
        short_year=short,
        renewable=rest,
        taken_back=False,
    )


def _kinds(held: _Held) -> frozenset[str]:
    kinds = set()
    if held.year is not None or held.short_year:
        kinds.add("year")
    if held.month is not None:
        kinds.add("month")
    if held.days:
        kinds.add("day")
    return frozenset(kinds)


def _reading(held: _Held) -> Reading:
    """The date of one way of reading, its doubts said."""
    if held.taken_back:
        return Reading(doubt="corrected", hidden=True)
    if held.short_year:
        return Reading(doubt="century_missing", hidden=True)
    if held.month is not None:
        if len(held.days) == 2:
            return Reading(doubt="said_twice", hidden=True)
        doubt = "uneven_figures" if held.uneven else ""
        return Reading(held.year, held.month, held.days[0] if held.days else None, doubt)
    if len(held.days) < 2 or held.year is None:
        return Reading(held.year, None, None, doubt="" if not held.days else "month_missing")
    one, two = held.days
    if one == two or one > 12:
        return Reading(held.year, two, one, doubt="day_month_order")
    if two > 12:
        return Reading(held.year, one, two, doubt="day_month_order")
    return Reading(doubt="day_month_order", hidden=True)


def _whole(reading: Reading) -> bool:
    return None not in (reading.year, reading.month, reading.day)
