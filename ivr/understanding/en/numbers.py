"""English number words: units, tens and ordinals up to 31, and years as they are said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

UNITS = {
    "zero": 0, "oh": 0, "o": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ORDINAL_UNITS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9,
}  # fmt: skip
_ORDINALS = {
    **_ORDINAL_UNITS, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip


def below_hundred(tokens: Sequence[str], at: int) -> Iterator[tuple[int, int]]:
    """Numbers 0..99 in words that begin at ``at``: (value, tokens used), every way."""
    if at >= len(tokens):
        return
    word = tokens[at]
    for table in (UNITS, TEENS, TENS):
        if word in table:
            yield table[word], 1
    if word in TENS and at + 1 < len(tokens) and UNITS.get(tokens[at + 1], 0) > 0:
        yield TENS[word] + UNITS[tokens[at + 1]], 2


def ordinals(tokens: Sequence[str], at: int) -> Iterator[tuple[int, int]]:
    """Ordinals 1..31 in words that begin at ``at``: (value, tokens used)."""
    if at >= len(tokens):
        return
    word = tokens[at]
    if word in _ORDINALS:
        yield _ORDINALS[word], 1
    if word in ("twenty", "thirty") and at + 1 < len(tokens) and tokens[at + 1] in _ORDINAL_UNITS:
        yield TENS[word] + _ORDINAL_UNITS[tokens[at + 1]], 2


def years(tokens: Sequence[str], at: int) -> Iterator[tuple[int, int]]:
    """Years of four figures in words that begin at ``at``: (year, tokens used).

    nineteen eighty five, nineteen oh five, nineteen hundred (and) five, two thousand (and)
    five, twenty sixteen, one nine eight five. Only the longest way to say each: "nineteen
    eighty five" is never 1980 and a 5, or March 1985 would become a day in March 1980.
    """
    ways = [*_thousands(tokens, at), *_centuries(tokens, at)]
    if ways:
        yield max(ways, key=lambda way: way[1])
    four = [UNITS.get(token) for token in tokens[at : at + 4]]
    if len(four) == 4 and four[0] in (1, 2) and None not in four:
        yield int("".join(str(digit) for digit in four)), 4


def _thousands(tokens: Sequence[str], at: int) -> Iterator[tuple[int, int]]:
    if list(tokens[at : at + 2]) != ["two", "thousand"]:
        return
    yield 2000, 2
    start = at + 3 if list(tokens[at + 2 : at + 3]) == ["and"] else at + 2
    for value, used in below_hundred(tokens, start):
        if value:
            yield 2000 + value, start - at + used


def _centuries(tokens: Sequence[str], at: int) -> Iterator[tuple[int, int]]:
    century = {"eighteen": 1800, "nineteen": 1900, "twenty": 2000}.get(tokens[at])
    if century is None:
        return
    after = at + 1
    if list(tokens[after : after + 1]) == ["hundred"]:
        yield century, 2
        after += 2 if list(tokens[after + 1 : after + 2]) == ["and"] else 1
    for value, used in below_hundred(tokens, after):
        if value >= 10 or (after > at + 1 and value):
            yield century + value, after - at + used
    if list(tokens[after : after + 1]) in (["oh"], ["o"], ["zero"]):
        unit = UNITS.get(tokens[after + 1]) if after + 1 < len(tokens) else None
        if unit:
            yield century + unit, after - at + 2
