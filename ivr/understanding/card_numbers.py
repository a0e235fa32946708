"""Card numbers, masked wherever a caller says one (requirement A6: never stored)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

#: What stands where a card number stood.
MASK = "****"
#: Digits of a primary account number (ISO/IEC 7812-1 and the older, shorter ones in use).
SHORTEST, LONGEST = 13, 19

_JAPANESE = {
    **dict.fromkeys(("ぜろ", "れい", "れー", "まる", "〇", "零", "○", "◯"), "0"),
    **dict.fromkeys(("いち", "いっ", "一", "壱"), "1"),
    **dict.fromkeys(("に", "にー", "二", "弐"), "2"),
    **dict.fromkeys(("さん", "三", "参"), "3"),
    **dict.fromkeys(("よん", "よ", "し", "しー", "四"), "4"),
    **dict.fromkeys(("ご", "ごー", "五"), "5"),
    **dict.fromkeys(("ろく", "ろっ", "六"), "6"),
    **dict.fromkeys(("なな", "しち", "七"), "7"),
    **dict.fromkeys(("はち", "はっ", "八"), "8"),
    **dict.fromkeys(("きゅう", "きゅー", "く", "九"), "9"),
}
_PLACES = {
    **dict.fromkeys(("じゅう", "じゅー", "じゅっ", "十"), 10),
    **dict.fromkeys(("ひゃく", "びゃく", "ぴゃく", "百"), 100),
    **dict.fromkeys(("せん", "ぜん", "千"), 1000),
}
_ENGLISH = {
    "zero": "0", "oh": "0", "o": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
    "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
_TENS = {
    "twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7",
    "eighty": "8", "ninety": "9",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3}

#: にい is に drawn out, unless いち follows.
_WORDS = ["にい(?!ち)", *sorted((*_JAPANESE, *_PLACES), key=lambda word: (-len(word), word))]
_PIECE = re.compile(
    rf"(?P<digit>[0-9])|(?P<japanese>{'|'.join(_WORDS)})|(?P<english>[a-z]+)"
    r"|(?P<gap>[\s\-‐‑‒–—―−ー、。,.・/:]|の|はいふん|だっしゅ|えーと|えっと|ええと|で(?!す))"
)
_GAP_WORDS = frozenset(("dash", "hyphen", "and", "then", "um", "uh", "space"))


@dataclass(frozen=True, slots=True)
class _Said:
    """Digits said by ``text[start:end]``; ``place``: a word for ten, a hundred or a thousand;
    ``tens``: a word such as forty, to which a unit may belong."""

    digits: str
    start: int
    end: int
    place: int = 0
    tens: bool = False
    gap: bool = False


def mask_card_numbers(text: str) -> str:
    """``text`` with every card number in it replaced by :data:`MASK`.

    A card number is 13 to 19 digits with a correct check digit (Luhn, ISO/IEC 7812-1 annex B), in
    any script and form: digits, kanji, kana or English words, one by one or in groups (四千百十一,
    forty one eleven), with spaces, hyphens or の between them. Digits that stand right beside it go
    with it; everything else stays as it is.
    """
    folded = [_folded(sign) for sign in text]
    for run in reversed(_runs("".join(folded))):
        groups = _groups([said for said in run if not said.gap])
        if _holds_card(groups):
            # All of it: a digit too many before the card would leave the card's first ones.
            text = text[: groups[0][1]] + MASK + text[groups[-1][2] :]
    return text


def _folded(sign: str) -> str:
    """One sign as one sign: NFKC, small, hiragana. What would grow stays, so that places agree."""
    plain = unicodedata.normalize("NFKC", sign).lower()
    if len(plain) != 1:
        return sign
    return chr(ord(plain) - 0x60) if "ァ" <= plain <= "ヶ" else plain


def _runs(text: str) -> list[list[_Said]]:
    """Stretches of ``text`` that hold nothing but digits and what may part them."""
    runs: list[list[_Said]] = [[]]
    at = 0
    while at < len(text):
        match = _PIECE.match(text, at)
        said = _said(match) if match else None
        if said is None:
            runs.append([])
            at = match.end() if match and match.lastgroup == "english" else at + 1
            continue
        runs[-1].append(said)
        at = said.end
    return [run for run in runs if run]


def _said(match: re.Match[str]) -> _Said | None:
    word, start, end = match.group(), match.start(), match.end()
    if match.lastgroup == "gap" or word in _GAP_WORDS:
        return _Said("", start, end, gap=True)
    if match.lastgroup == "digit":
        return _Said(word, start, end)
    if match.lastgroup == "japanese":
        digit = "2" if word == "にい" else _JAPANESE.get(word, "")
        return _Said(digit, start, end, place=_PLACES.get(word, 0))
    if word in _ENGLISH:
        return _Said(_ENGLISH[word], start, end)
    if word in _TENS:
        return _Said(_TENS[word], start, end, tens=True)
    if word in _TIMES:
        return _Said("", start, end, place=-_TIMES[word])
    return None


def _holds_card(groups: Sequence[tuple[str, int, int]]) -> bool:
    """Whether a card number begins and ends with any of ``groups``."""
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group[0]
            if len(digits) > LONGEST:
                break
            if len(digits) >= SHORTEST and _luhn(digits):
                return True
    return False


def _groups(run: Sequence[_Said]) -> list[tuple[str, int, int]]:
    """Digits with the stretch of text that says them; numbers with places become their digits."""
    groups: list[tuple[str, int, int]] = []
    at = 0
    while at < len(run):
        used, digits = _group(run, at)
        groups.append((digits, run[at].start, run[at + used - 1].end))
        at += used
    return groups


def _group(run: Sequence[_Said], at: int) -> tuple[int, str]:
    """How many pieces belong to the number that begins at ``at``, and its digits."""
    said = run[at]
    after = run[at + 1] if at + 1 < len(run) else None
    if said.place < 0:
        return (2, after.digits * -said.place) if after and after.digits else (1, "")
    if said.tens:
        fits = after is not None and len(after.digits) == 1 and after.digits != "0"
        return (2, said.digits + after.digits) if after and fits else (1, said.digits + "0")
    total, below, used = 0, 10_000, 0
    while at + used < len(run):
        here = run[at + used]
        follows = run[at + used + 1].place if at + used + 1 < len(run) else 0
        if here.place > 0 and here.place < below:
            total, below, used = total + here.place, here.place, used + 1
        elif len(here.digits) == 1 and 0 < follows < below:
            total, below, used = total + int(here.digits) * follows, follows, used + 2
        else:
            break
    if not used:
        return 1, said.digits
    unit = run[at + used].digits if at + used < len(run) else ""
    if len(unit) == 1 and unit != "0":
        return used + 1, str(total + int(unit))
    return used, str(total)


def _luhn(digits: str) -> bool:
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and digits.strip("0") != ""
