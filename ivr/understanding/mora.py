"""Morae: the beats of a Japanese reading, and how far apart two readings sound.

Comparing letters or kana lets サトウ stand for サイトウ; comparing morae after levelling what is
only spelling (long vowels, ヅ, ヲ) does not.
"""

from __future__ import annotations

from functools import lru_cache

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
_SMALL_Y = dict(zip("ャュョッ", "ヤユヨツ", strict=True))
_GLIDES = frozenset("ャュョ")


@lru_cache(maxsize=65536)
def level(reading: str) -> str:
    """``reading`` (kana) with everything levelled that is spelling, not sound.

    Katakana; ヅ, ヂ, ヲ and ヴ as they are spoken; small vowels full size; long vowels as ー.
    Signs that are no kana are dropped.
    """
    text = katakana(reading)
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
    return "".join(_SMALL_Y.get(sign, sign) for sign in levelled)


def morae(levelled: str) -> tuple[str, ...]:
    """The beats of a levelled reading: キョー is キョ and ー, ン and ッ are beats of their own."""
    beats: list[str] = []
    for sign in levelled:
        if sign in _GLIDES and beats:
            beats[-1] += sign
        else:
            beats.append(sign)
    return tuple(beats)


#: Onsets that a telephone line (300-3400 Hz) or a recogniser easily mistakes for one another:
#: voicing, nasals among themselves, ラ against ダ, ヒ against シ. Reasoned, not measured.
_CONFUSED_ROWS = (
    ("カキクケコ", "ガギグゲゴ"),
    ("サシスセソ", "ザジズゼゾ"),
    ("タチツテト", "ダジズデド"),
    ("ハヒフヘホ", "バビブベボ"),
    ("バビブベボ", "パピプペポ"),
    ("ナニヌネノ", "マミムメモ"),
    ("ダジズデド", "ラリルレロ"),
    ("サシスセソ", "ハヒフヘホ"),
)
_CONFUSED = frozenset(
    frozenset(pair) for one, other in _CONFUSED_ROWS for pair in zip(one, other, strict=True)
)
_CONFUSED_COST = 0.5
#: Beats that are easily lost or added: a long vowel, a doubled consonant, ン.
_WEAK = frozenset("ーッン")
_WEAK_COST = 0.6


def _substitution(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if a[1:] == b[1:] and frozenset((a[0], b[0])) in _CONFUSED:
        return _CONFUSED_COST
    return 1.0


def _gap(beat: str) -> float:
    return _WEAK_COST if beat in _WEAK else 1.0


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


def similarity(a: str, b: str) -> float:
    """1 - distance over the longer length: 1.0 sounds alike, 0.0 nothing in common."""
    longest = max(len(morae(a)), len(morae(b)))
    return 0.0 if longest == 0 else max(0.0, 1.0 - distance(a, b) / longest)
