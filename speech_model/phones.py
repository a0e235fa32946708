"""Phones of spoken Japanese, and the phones of a reading in kana.

The set is the usual one of Japanese recognition (Maekawa: "Corpus of Spontaneous Japanese", 2003,
simplified as in the Julius dictation kit): five vowels, the same five long, ん, っ and 27 onsets.
Pitch accent is left out: telephone callers from Osaka and Tokyo must sound the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

SILENCE = "SIL"
VOWELS = ("a", "i", "u", "e", "o")
LONG_VOWELS = tuple(f"{vowel}:" for vowel in VOWELS)
#: The moraic nasal ん and the geminate っ.
MORAIC = ("N", "Q")
ONSETS = (
    "k", "s", "t", "n", "h", "m", "y", "r", "w", "g", "z", "d", "b", "p", "ky", "sh", "ch", "ny",
    "hy", "my", "ry", "gy", "j", "by", "py", "ts", "f",
)  # fmt: skip
#: Everything that is speech, in the order in which a model numbers it.
SPEECH = (*VOWELS, *LONG_VOWELS, *MORAIC, *ONSETS)
#: Silence first: unit ``i`` of a network is ``UNITS[i]``.
UNITS = (SILENCE, *SPEECH)

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "g": "ガギグゲゴ", "s": "サ・スセソ", "z": "ザ・ズゼゾ",
    "t": "タ・・テト", "d": "ダ・・デド", "n": "ナニヌネノ", "h": "ハヒ・ヘホ", "b": "バビブベボ",
    "p": "パピプペポ", "m": "マミムメモ", "y": "ヤ・ユ・ヨ", "r": "ラリルレロ", "w": "ワ・・・・",
}  # fmt: skip
#: Kana whose sound is not that of their row.
_IRREGULAR = {
    "シ": ("sh", "i"), "ジ": ("j", "i"), "ヂ": ("j", "i"), "チ": ("ch", "i"), "ツ": ("ts", "u"),
    "ヅ": ("z", "u"), "フ": ("f", "u"), "ヲ": ("o",), "ヰ": ("i",), "ヱ": ("e",), "ヴ": ("b", "u"),
    "ン": ("N",), "ッ": ("Q",),
}  # fmt: skip
_GLIDED = {
    "キ": "ky", "ギ": "gy", "シ": "sh", "ジ": "j", "チ": "ch", "ヂ": "j", "ニ": "ny", "ヒ": "hy",
    "ビ": "by", "ピ": "py", "ミ": "my", "リ": "ry",
}  # fmt: skip
#: Loan sounds; names like ジェニファー and ディーン need them.
_LOAN = {
    "シェ": ("sh", "e"), "ジェ": ("j", "e"), "チェ": ("ch", "e"), "ティ": ("t", "i"),
    "ディ": ("d", "i"), "トゥ": ("t", "u"), "ドゥ": ("d", "u"), "テュ": ("ch", "u"),
    "デュ": ("j", "u"), "イェ": ("y", "e"), "ツァ": ("ts", "a"), "ツェ": ("ts", "e"),
    "ツォ": ("ts", "o"), "ファ": ("f", "a"), "フィ": ("f", "i"), "フェ": ("f", "e"),
    "フォ": ("f", "o"), "ウィ": ("w", "i"), "ウェ": ("w", "e"), "ウォ": ("w", "o"),
    "ヴァ": ("b", "a"), "ヴィ": ("b", "i"), "ヴェ": ("b", "e"), "ヴォ": ("b", "o"),
}  # fmt: skip


def _morae() -> Iterator[tuple[str, tuple[str, ...]]]:
    for onset, row in _ROWS.items():
        for kana, vowel in zip(row, VOWELS, strict=True):
            if kana != "・":
                yield kana, (onset, vowel) if onset else (vowel,)
    yield from _IRREGULAR.items()
    for kana, onset in _GLIDED.items():
        for glide, vowel in zip("ャュョ", "auo", strict=True):
            yield kana + glide, (onset, vowel)
    yield from _LOAN.items()


#: Phones of every mora, by its katakana.
MORAE: dict[str, tuple[str, ...]] = dict(_morae())
#: One spelling for each sound: what a model offers as words of one mora. The spellings left out
#: (ヂ, ヅ, ヲ, ヰ, ヱ, ヴ…) sound like one that is in.
PLAIN_MORAE = tuple(
    kana for kana in MORAE if not (set(kana) & set("ヂヅヲヰヱヴ") or kana in ("テュ", "デュ"))
)
_LENGTHENS = {("o", "u"), ("e", "i")} | {(vowel, vowel) for vowel in VOWELS}


class NoReading(ValueError):
    """A text is not kana throughout."""


def katakana(text: str) -> str:
    """``text`` in NFKC, hiragana as katakana."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in folded)


def hiragana(text: str) -> str:
    """``text`` in NFKC, katakana as hiragana; ー stays."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" and c != "ヴ" else c for c in folded)


@lru_cache(maxsize=65536)
def phones(reading: str) -> tuple[str, ...]:
    """The phones of a reading in kana: long vowels (ー, おう, えい, ああ) are one phone.

    Raises :class:`NoReading` where a sign is not kana, or ー stands first.
    """
    text = katakana(reading)
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "ー":
            if not out or out[-1] not in (*VOWELS, *LONG_VOWELS):
                raise NoReading("a reading holds ー where no vowel stands before it")
            if out[-1] in VOWELS:
                out[-1] += ":"
            at += 1
            continue
        size = 2 if text[at : at + 2] in MORAE else 1
        mora = MORAE.get(text[at : at + size])
        if mora is None:
            raise NoReading("a reading holds a sign that is not kana")
        at += size
        if len(mora) == 1 and out and (out[-1], mora[0]) in _LENGTHENS:
            out[-1] += ":"
        else:
            out += mora
    return tuple(out)


def is_reading(text: str) -> bool:
    """True where :func:`phones` gives at least one phone for ``text``."""
    try:
        return bool(phones(text))
    except NoReading:
        return False
