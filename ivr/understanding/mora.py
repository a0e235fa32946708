"""Morae: the beats of a Japanese reading, and how far apart two readings sound.

Comparing letters or kana lets サトウ stand for サイトウ; comparing morae after levelling what is
only spelling (long vowels, ヅ, ヲ) does not.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from ivr.understanding import tables
from ivr.understanding.kana import katakana

_ROWS = {
    "a": "アカガサザタダナハバパマヤラワァャヮ",
    "i": "イキギシジチヂニヒビピミリヰィ",
    "u": "ウクグスズツヅヌフブプムユルュゥヴッ",
    "e": "エケゲセゼテデネヘベペメレヱェ",
    "o": "オコゴソゾトドノホボポモヨロヲォョ",
}
_VOWEL = {sign: vowel for vowel, signs in _ROWS.items() for sign in signs}
#: Kana that lengthen a vowel: サトウ and サトオ are both サトー, ケイ is ケー.
_LENGTHENS = {
    ("o", "ウ"),
    ("o", "オ"),
    ("u", "ウ"),
    ("e", "イ"),
    ("e", "エ"),
    ("i", "イ"),
    ("a", "ア"),
}
_SPELLING = {
    "ヅ": "ズ", "ヂ": "ジ", "ヲ": "オ", "ヰ": "イ", "ヱ": "エ", "ヮ": "ワ", "ヶ": "ケ", "ヵ": "カ",
}  # fmt: skip
_SMALL_VOWELS = dict(zip("ァィゥェォ", "アイウエオ", strict=True))
#: Signs that stand for themselves at the beginning of a reading, whatever follows.
STEADY = frozenset(
    "アイウエオカガキギクグケゲコゴサザシジスズセゼソゾタダチツテデトドナニヌネノハバパヒビピフブプ"
    "ヘベペホボポマミムメモヤユヨラリルレロワン"
)
_FULL_SIZE = str.maketrans("ャュョッ", "ヤユヨツ")
_GLIDES = frozenset("ャュョ")


#: Nearly every registered reading: neither ー nor small vowels, so that one look back decides.
_PLAIN = re.compile("[アイウエオ-ヂッ-モャヤュユョ-ロワ-ン]+")
_PLAIN_SPELLING = str.maketrans("ヅヂヲヰヱ", "ズジオイエ")
_LONG = re.compile(
    "|".join(
        f"(?<=[{signs}]){second}"
        for vowel, signs in _ROWS.items()
        for second in (kana for of, kana in sorted(_LENGTHENS) if of == vowel)
    )
)


@lru_cache(maxsize=65536)
def level(reading: str) -> str:
    """``reading`` (kana) with everything levelled that is spelling, not sound.

    Katakana; ヅ, ヂ, ヲ and ヴ as they are spoken; small vowels full size; long vowels as ー.
    Signs that are no kana are dropped.
    """
    if _PLAIN.fullmatch(reading):
        return _LONG.sub("ー", reading.translate(_PLAIN_SPELLING))
    return level_sign_by_sign(katakana(reading))


def level_sign_by_sign(text: str) -> str:
    """What :func:`level` does to katakana in NFKC, where what came before needs remembering."""
    for foreign, plain in (
        ("ヴァ", "バ"),
        ("ヴィ", "ビ"),
        ("ヴェ", "ベ"),
        ("ヴォ", "ボ"),
        ("ヴ", "ブ"),
    ):
        text = text.replace(foreign, plain)
    out: list[str] = []
    before = ""
    for raw in text:
        sign = _SPELLING.get(raw, raw)
        if sign == "ー":
            if out:
                out.append("ー")
            continue
        if sign not in _VOWEL and sign != "ン":
            continue
        full = _SMALL_VOWELS.get(sign, sign)
        vowel = _VOWEL.get(before, "")
        # A small vowel of another colour is a glide: ティ is not テイ, which sounds テー.
        glide = full != sign and _VOWEL[sign] != vowel
        if (vowel, full) in _LENGTHENS and not glide:
            # What came before decides, so that サトウウメ keeps both beats of its ウウ.
            out.append("ー")
        else:
            out.append(full)
        before = sign
    return "".join(out)


def full_size(levelled: str) -> str:
    """A levelled reading with small ャュョッ full size, as old bank systems store them."""
    return levelled.translate(_FULL_SIZE)


def morae(levelled: str) -> tuple[str, ...]:
    """The beats of a levelled reading: キョー is キョ and ー, ン and ッ are beats of their own."""
    beats: list[str] = []
    for sign in levelled:
        if sign in _GLIDES and beats:
            beats[-1] += sign
        else:
            beats.append(sign)
    return tuple(beats)


def _confusions() -> tuple[dict[frozenset[str], float], dict[str, float]]:
    """``confusions.tsv``: weights of onsets taken for one another, and of beats lost or added."""
    onsets: dict[frozenset[str], float] = {}
    weak: dict[str, float] = {}
    for row in tables.rows("ivr.understanding", "confusions.tsv", 4):
        one, other, number, _ = row.cells
        try:
            weight = float(number)
        except ValueError:
            raise row.wrong("the third cell is the weight, a number") from None
        if not 0.0 < weight <= 1.0:
            raise row.wrong("a weight is more than 0 and at most 1 mora")
        if other == "-":
            pairs: list[frozenset[str]] = []
            weak[one] = weight
        elif len(one) != len(other):
            raise row.wrong("two onsets have as many kana each, vowel by vowel")
        else:
            pairs = [frozenset(pair) for pair in zip(one, other, strict=True)]
        for pair in pairs:
            if len(pair) != 2 or pair in onsets:
                raise row.wrong("the same two kana stand here or further up already")
            onsets[pair] = weight
    return onsets, weak


_CONFUSED, _WEAK = _confusions()
#: No single change of a beat weighs less.
CHEAPEST = min((*_CONFUSED.values(), *_WEAK.values()))


def _substitution(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if a[1:] == b[1:]:
        return _CONFUSED.get(frozenset((a[0], b[0])), 1.0)
    return 1.0


def _gap(beat: str) -> float:
    return _WEAK.get(beat, 1.0)


@lru_cache(maxsize=16384)
def distance(a: str, b: str) -> float:
    """Weighted edit distance of two levelled readings, in morae; 0 means they sound alike."""
    one, other = morae(a), morae(b)
    row = [0.0]
    for beat in other:
        row.append(row[-1] + _gap(beat))
    for beat in one:
        above = row
        row = [above[0] + _gap(beat)]
        for column, against in enumerate(other):
            row.append(
                min(
                    above[column + 1] + _gap(beat),
                    row[column] + _gap(against),
                    above[column] + _substitution(beat, against),
                )
            )
    return row[-1]


def closeness(a: str, b: str, *, at_most: float) -> tuple[float, float]:
    """Distance and similarity of two levelled readings, quickly where they are far apart.

    Exact up to ``at_most`` morae; beyond it every changed kana counts as a whole mora, which is
    still more than ``at_most``. Many times faster than :func:`distance` for strangers.
    """
    # A changed beat changes two kana at most (キョ, サ).
    changes = float(Levenshtein.distance(a, b))
    if changes * CHEAPEST <= 2 * at_most:
        off = distance(a, b)
        return off, _share(off, len(morae(a)), len(morae(b)))
    return changes, _share(changes, len(a), len(b))


def _share(off: float, one: int, other: int) -> float:
    longest = max(one, other)
    return 0.0 if longest == 0 else max(0.0, 1.0 - off / longest)
