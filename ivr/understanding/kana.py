"""Kana: folding between scripts, and rendering as roman letters."""

from __future__ import annotations

import re
import unicodedata

#: Hiragana and katakana blocks run in parallel, 0x60 apart (Unicode 3040-309F, 30A0-30FF).
_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_TO_HIRAGANA = {code + 0x60: code for code in range(0x3041, 0x3097)}

_KANA = re.compile(r"[ぁ-ゖァ-ヺー]+")

#: Hepburn romanisation by kana; small ャュョ are joined below.
_ROMAJI = {
    **dict(zip("アイウエオ", ("a", "i", "u", "e", "o"), strict=True)),
    **dict(zip("カキクケコ", ("ka", "ki", "ku", "ke", "ko"), strict=True)),
    **dict(zip("サシスセソ", ("sa", "shi", "su", "se", "so"), strict=True)),
    **dict(zip("タチツテト", ("ta", "chi", "tsu", "te", "to"), strict=True)),
    **dict(zip("ナニヌネノ", ("na", "ni", "nu", "ne", "no"), strict=True)),
    **dict(zip("ハヒフヘホ", ("ha", "hi", "fu", "he", "ho"), strict=True)),
    **dict(zip("マミムメモ", ("ma", "mi", "mu", "me", "mo"), strict=True)),
    **dict(zip("ヤユヨ", ("ya", "yu", "yo"), strict=True)),
    **dict(zip("ラリルレロ", ("ra", "ri", "ru", "re", "ro"), strict=True)),
    **dict(zip("ワヰヱヲン", ("wa", "i", "e", "o", "n"), strict=True)),
    **dict(zip("ガギグゲゴ", ("ga", "gi", "gu", "ge", "go"), strict=True)),
    **dict(zip("ザジズゼゾ", ("za", "ji", "zu", "ze", "zo"), strict=True)),
    **dict(zip("ダヂヅデド", ("da", "ji", "zu", "de", "do"), strict=True)),
    **dict(zip("バビブベボ", ("ba", "bi", "bu", "be", "bo"), strict=True)),
    **dict(zip("パピプペポ", ("pa", "pi", "pu", "pe", "po"), strict=True)),
    "ヴ": "vu",
}
_SMALL_Y = {"ャ": "a", "ュ": "u", "ョ": "o"}
_SMALL_VOWEL = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
_MACRONS = str.maketrans({"ā": "a", "ī": "i", "ū": "uu", "ē": "e", "ō": "ou"})


def katakana(text: str) -> str:
    """``text`` in NFKC with every hiragana turned into katakana."""
    return unicodedata.normalize("NFKC", text).translate(_TO_KATAKANA)


def hiragana(text: str) -> str:
    """``text`` in NFKC with every katakana turned into hiragana; ー stays."""
    return unicodedata.normalize("NFKC", text).translate(_TO_HIRAGANA)


def is_kana(text: str) -> bool:
    """True where ``text`` is nothing but kana and ー, and not empty."""
    return _KANA.fullmatch(text) is not None


def romaji(reading: str) -> str:
    """A katakana reading in Hepburn letters, long vowels spelt as the kana spell them.

    サトウ becomes ``satou``, ジュンイチ ``junichi``; signs that are not kana are dropped.
    """
    out = ""
    double = False
    for sign in katakana(reading):
        if sign == "ッ":
            double = True
            continue
        if sign in _SMALL_Y:
            out = out[:-1] + ("" if out.endswith(("shi", "chi", "ji")) else "y") + _SMALL_Y[sign]
        elif sign in _SMALL_VOWEL:
            out = out[:-1] + _SMALL_VOWEL[sign]
        elif sign == "ー":
            out += out[-1:]
        elif sign in _ROMAJI:
            letters = _ROMAJI[sign]
            if double and letters[0] not in "aiueo":
                out += "t" if letters.startswith("ch") else letters[0]
            out += letters
        double = False
    return out


def romaji_key(letters: str) -> str:
    """Roman letters folded so that spellings of one reading agree.

    Case, apostrophes, macrons, Kunrei against Hepburn (``si``/``shi``), ``m`` before ``b`` and
    ``p`` and the passport spelling ``oh`` are levelled; long vowels are kept where written.
    """
    text = unicodedata.normalize("NFKC", letters).lower().translate(_MACRONS)
    text = re.sub(r"[^a-z]", "", text)
    text = re.sub(r"oh(?![aiueoy])", "ou", text)
    for pattern, plain in _KEY_RULES:
        text = pattern.sub(plain, text)
    return text


_KEY_RULES = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"tch", "tt"),
        (r"shi", "si"),
        (r"sh", "sy"),
        (r"tsu", "tu"),
        (r"chi", "ti"),
        (r"ch", "ty"),
        (r"ji", "zi"),
        (r"jy?", "zy"),
        (r"fu", "hu"),
        (r"m(?=[bpm])", "n"),
        (r"l", "r"),
        (r"oo", "ou"),
    )
)


def without_long_o_and_u(key: str) -> str:
    """A :func:`romaji_key` as letters are mostly written: ``satou`` becomes ``sato``.

    A long vowel at the very start stays: オオノ is not オノ.
    """
    return key[:1] + re.sub(r"(?<=[a-z])(?:(?<=o)u|(?<=u)u)", "", key[1:])
