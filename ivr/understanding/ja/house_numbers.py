"""The numbers of a Japanese address: 丁目 (block), 番 or 番地 (lot) and 号 (house)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.understanding.ja import numbers
from ivr.understanding.ja.fillers import ENDINGS, FILLERS, pattern
from ivr.understanding.kana import hiragana

#: Block, lot and house; a fourth number is a room and no part of the registered address.
MOST = 3

_UNIT = re.compile(
    "丁目の?|ちょうめの?|番地の?|ばんちの?|番の?|ばんの?|号|ごう|の|はいふん|だっしゅ|[-‐−―ー]|[、,]"
)
_LAST_UNIT = ("号", "ごう")
#: After these another number has to follow.
_WANTS_MORE = ("の", "はいふん", "だっしゅ", "-", "‐", "−", "―", "ー", "丁目", "ちょうめ")
_END = re.compile(rf"(?:{pattern(ENDINGS)}|[。.\s])")
_BETWEEN = re.compile(rf"(?:{pattern(FILLERS)}|[、,])+(?={numbers.ATOM})")
_RUN = re.compile(f"{numbers.ATOM}+")
#: How blocks are counted.
_DOUBLED = (
    ("いっちょう", "いちちょう"),
    ("はっちょう", "はちちょう"),
    ("じっちょう", "じゅうちょう"),
    ("じゅっちょう", "じゅうちょう"),
)
#: A number's unit among what is left: something was not understood.
_STRAY = re.compile("丁目|番地|番(?!号)|(?<!番)号(?!室)|ちょうめ|ばんち")


@dataclass(frozen=True, slots=True)
class HouseNumbers:
    """``numbers`` in order, three at most; ``doubt``: a reason code, or empty."""

    numbers: tuple[int, ...]
    doubt: str = ""


def read(text: str) -> HouseNumbers:
    """The numbers at the beginning of ``text`` (NFKC, no spaces); what follows them, such as a
    building, is dropped.

    ``doubt``: ``not_understood`` where a number or its unit is left over, or one is missing;
    ``numbers_run_together`` where digits were said one by one (いちに may be 12 or 1-2).
    """
    plain = hiragana(text)
    for doubled, single in _DOUBLED:
        plain = plain.replace(doubled, single)
    found: list[int] = []
    unit, doubt, at = "", "", 0
    while len(found) < MOST and not unit.startswith(_LAST_UNIT):
        if between := _BETWEEN.match(plain, at):
            at = between.end()
        number, end = _number(plain, at)
        if number is None:
            break
        if number.digits > 1 and not plain[at:end].isdecimal():
            doubt = "numbers_run_together"
        found.append(number.value)
        match = _UNIT.match(plain, end)
        unit, at = (match.group(), match.end()) if match else ("", end)
        if not unit:
            break
    return HouseNumbers(tuple(found), _left_over(plain[at:], found, unit) or doubt)


def _number(plain: str, at: int) -> tuple[numbers.Number | None, int]:
    """The longest number from ``at`` that ends where a unit, the end or other words begin."""
    run = _RUN.match(plain, at)
    if run is None:
        return None, at
    for end in range(run.end(), at, -1):
        said = plain[at:end]
        if (number := numbers.parse(said)) is None:
            continue
        if end == len(plain) or _UNIT.match(plain, end) or _END.match(plain, end):
            return number, end
        if end == run.end() and not number.kana:
            return number, end
    return None, at


def _left_over(rest: str, found: list[int], unit: str) -> str:
    """``not_understood``, or nothing where what is left belongs to no number."""
    said = "" if _END.match(rest) else rest
    if not said:
        # A hanging の or 丁目 is how one number alone is said, too: 三丁目です.
        return ""
    if not found or (_RUN.match(said) and len(found) < MOST) or _STRAY.search(said):
        return "not_understood"
    return "not_understood" if unit.startswith(_WANTS_MORE) and len(found) < MOST else ""
