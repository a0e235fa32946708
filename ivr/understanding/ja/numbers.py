"""Japanese numbers up to 9999 as kanji, kana or digits, and back into kanji."""

from __future__ import annotations

import re
from dataclasses import dataclass

_KANJI_DIGITS = {
    **dict(zip("〇一二三四五六七八九", range(10), strict=True)),
    "零": 0, "○": 0, "◯": 0, "壱": 1, "壹": 1, "弌": 1, "弐": 2, "貳": 2, "参": 3, "參": 3, "叁": 3,
    "肆": 4, "伍": 5, "陸": 6, "漆": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_KANJI_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "阡": 1000}
_KANJI_COMPOUND = {"廿": 20, "卅": 30}
_KANA_DIGITS = {
    "ぜろ": 0, "れい": 0, "れー": 0, "まる": 0, "いち": 1, "に": 2, "さん": 3, "し": 4, "よん": 4,
    "よ": 4, "ご": 5, "ろく": 6, "しち": 7, "なな": 7, "はち": 8, "きゅう": 9, "きゅー": 9,
    "きゅ": 9, "く": 9,
}  # fmt: skip
_KANA_TENS = {
    "じゅう": 10, "じゅー": 10, "じゅ": 10, "じゅっ": 10, "じっ": 10, "ひゃく": 100, "びゃく": 100,
    "ぴゃく": 100, "せん": 1000, "ぜん": 1000,
}  # fmt: skip
#: Digits that change before 百 and 千 (ろっぴゃく, いっせん): good only there.
_KANA_BOUND = {"いっ": 1, "ろっ": 6, "はっ": 8}

_WORDS = sorted((*_KANA_DIGITS, *_KANA_TENS, *_KANA_BOUND), key=lambda word: (-len(word), word))
#: The kanji that numbers are written with.
SIGNS = "".join((*_KANJI_DIGITS, *_KANJI_TENS, *_KANJI_COMPOUND))

#: One piece of a number, for use in larger patterns. Text is NFKC with kana as hiragana.
ATOM = f"(?:[0-9{SIGNS}]|{'|'.join(_WORDS)})"

_ATOMS = re.compile(f"[0-9]+|[{SIGNS}]|{'|'.join(_WORDS)}")
_PLACES = (1000, 100, 10)


@dataclass(frozen=True, slots=True)
class Number:
    """A number and how it was put: ``digits`` is how many digits were given one by one
    (``一九八五``, ``さんぜろ``, ``05``), 0 for a number said with its places (千九百八十五).
    ``kana``: said, not written."""

    value: int
    digits: int = 0
    kana: bool = False


def parse(text: str) -> Number | None:
    """The number ``text`` is, all of it; None where any of it is not a number 0..9999.

    ``text`` is NFKC with kana as hiragana and without spaces. Places must stand in order
    (千, 百, 十, unit), each at most once. 二〇十九 and 一九八十五, two digits and a number of
    tens, are years said in two halves: 2019, 1985.
    """
    atoms = _split(text)
    if not atoms or _mixed(atoms):
        return None
    kana = any(atom[0] in _HIRAGANA for atom in atoms)
    if all(_is_digit(atom) for atom in atoms):
        digits = "".join(_digit(atom) for atom in atoms)
        if len(digits) > 4:
            return None
        if len(atoms) == 1 and not atoms[0].isdecimal():
            return Number(int(digits), 0, kana)
        return Number(int(digits), len(digits), kana)
    halves = _two_halves(atoms)
    value = _with_places(atoms) if halves is None else halves
    return None if value is None else Number(value, 0, kana)


def _mixed(atoms: list[str]) -> bool:
    """Two scripts in one number (1三, 十よ): a piece was misheard. 2千 is usual."""
    scripts = {_script(atom) for atom in atoms if atom not in _THOUSANDS}
    return len(scripts) > 1 or ("kana" in scripts and not _THOUSANDS.isdisjoint(atoms))


_THOUSANDS = frozenset("千阡")


def _script(atom: str) -> str:
    if atom[0] in _HIRAGANA:
        return "kana"
    return "figures" if atom.isdecimal() else "kanji"


_HIRAGANA = frozenset(chr(code) for code in range(0x3041, 0x3097))


def _split(text: str) -> list[str]:
    """All of ``text`` as atoms, or an empty list. Words overlap (し, しち): backtrack."""
    if not text:
        return []
    stack: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    while stack:
        at, atoms = stack.pop()
        if at == len(text):
            return list(atoms)
        sign = text[at]
        if sign in _HIRAGANA:
            # Longest word on top of the stack: tried first.
            for word in reversed(_WORDS):
                if text.startswith(word, at):
                    stack.append((at + len(word), (*atoms, word)))
        elif match := _ATOMS.match(text, at):
            stack.append((match.end(), (*atoms, match.group())))
    return []


def _digit(atom: str) -> str:
    if atom.isdecimal():
        return atom
    return str(_KANJI_DIGITS[atom] if atom in _KANJI_DIGITS else _KANA_DIGITS[atom])


def _is_digit(atom: str) -> bool:
    return atom.isdecimal() or atom in _KANJI_DIGITS or atom in _KANA_DIGITS


def _two_halves(atoms: list[str]) -> int | None:
    """Century digits followed by a number of tens, or None."""
    century = ""
    count = 0
    while count < len(atoms) and len(century) < 2 and _is_digit(atoms[count]):
        century += _digit(atoms[count])
        count += 1
    if century not in {"18", "19", "20"}:
        return None
    tail = _with_places(atoms[count:])
    return int(century) * 100 + tail if tail is not None and 10 <= tail <= 99 else None


def _with_places(atoms: list[str]) -> int | None:
    """A number said with its places, or None where they are out of order."""
    total = 0
    digit: int | None = None
    bound = False
    below = 10_000
    last = ""
    for atom in atoms:
        before, last = last, atom
        place = _KANJI_TENS.get(atom) or _KANA_TENS.get(atom)
        if place is not None:
            if place >= below or (bound and place == 10):
                return None
            if digit is not None and not 1 <= digit <= 9:
                return None
            if place == 10 and before == "一":  # 一十四 is nothing; 壱拾四 is formal
                return None
            total += (1 if digit is None else digit) * place
            below, digit, bound = place, None, False
        elif atom in _KANJI_COMPOUND:
            if digit is not None or below <= 10:
                return None
            total += _KANJI_COMPOUND[atom]
            below = 10
        else:
            if digit is not None:
                return None
            bound = atom in _KANA_BOUND
            digit = _KANA_BOUND[atom] if bound else int(_digit(atom))
    if digit is None:
        return total
    # A bare digit at the end is the unit; 0 or two digits behind a place are no number.
    return None if bound or not 1 <= digit < min(below, 10) else total + digit


def kanji(number: int) -> str:
    """``number`` (1..9999) as it is read aloud: 1985 is 千九百八十五. Else ``ValueError``."""
    if not 1 <= number <= 9999:
        raise ValueError("only 1 to 9999 can be written in kanji here")
    out = ""
    for place, sign in zip(_PLACES, "千百十", strict=True):
        digit, number = divmod(number, place)
        if digit:
            out += ("" if digit == 1 else "〇一二三四五六七八九"[digit]) + sign
    return out + ("〇一二三四五六七八九"[number] if number else "")
