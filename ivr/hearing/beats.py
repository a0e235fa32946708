"""Beats of a Japanese reading, and the spellings a model's word may have for them.

A beat here is a mora with its long vowel, if it has one: models hear さとう and さとー alike, so
both are さ and とー. Where two morae belong to different words (がつ, うまれ) no vowel gets longer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import product

_TO_HIRAGANA = {code + 0x60: code for code in range(0x3041, 0x3095)}
_ROWS = {
    "あ": "あかがさざただなはばぱまやらわぁゃゎ",
    "い": "いきぎしじちぢにひびぴみりゐぃ",
    "う": "うくぐすずつづぬふぶぷむゆるぅゅゔ",
    "え": "えけげせぜてでねへべぺめれゑぇ",
    "お": "おこごそぞとどのほぼぽもよろをぉょ",
}
_VOWEL = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
_SMALL = frozenset("ぁぃぅぇぉゃゅょゎ")
#: Kana that make the vowel before them longer, the usual spelling last.
_LENGTHENED_BY = {"あ": "あ", "い": "い", "う": "う", "え": "えい", "お": "おう"}
#: One spelling for each sound, longest first.
_SOUNDS_LIKE = (
    ("ゔぁ", "ば"), ("ゔぃ", "び"), ("ゔぇ", "べ"), ("ゔぉ", "ぼ"), ("てゅ", "ちゅ"),
    ("でゅ", "じゅ"), ("ぢ", "じ"), ("づ", "ず"), ("を", "お"), ("ゐ", "い"), ("ゑ", "え"),
    ("ゔ", "ぶ"), ("ゎ", "わ"),
)  # fmt: skip
#: More long vowels than this in one word are spelt as written or with ー throughout.
_MOST_LONG = 3


def hiragana(text: str) -> str:
    """``text`` in NFKC, katakana as hiragana; ー stays."""
    return unicodedata.normalize("NFKC", text).translate(_TO_HIRAGANA)


def beats(reading: str) -> tuple[str, ...] | None:
    """The beats of a reading in kana, as it spells them; None where a sign is not kana.

    さとうさん is さ, とう, さ, ん. A ー with no vowel before it is dropped.
    """
    found: list[str] = []
    for sign in hiragana(reading):
        before = found[-1] if found else ""
        vowel = _VOWEL.get(before[-1:], "")
        if sign == "ー":
            if vowel and not is_long(before):
                found[-1] += sign
        elif sign in _SMALL and before:
            found[-1] += sign
        elif sign in "んっ":
            found.append(sign)
        elif sign not in _VOWEL:
            return None
        elif vowel and not is_long(before) and sign in _LENGTHENED_BY[vowel]:
            found[-1] += sign
        else:
            found.append(sign)
    return tuple(found)


def is_long(beat: str) -> bool:
    """Whether a beat has a long vowel."""
    return len(beat) > 1 and beat[-1] not in _SMALL


def plain(beat: str) -> str:
    """A beat as models spell words of one mora: とう is とー, を is お."""
    mora, long = (beat[:-1], "ー") if is_long(beat) else (beat, "")
    for spelling, sound in _SOUNDS_LIKE:
        mora = mora.replace(spelling, sound)
    return mora + long


def spellings(part: Sequence[str]) -> list[str]:
    """How a word with these beats may be spelt, the likeliest spelling first."""
    found = ["".join(part), "".join(map(plain, part))]
    if 0 < sum(map(is_long, part)) <= _MOST_LONG:
        found += map("".join, product(*map(_variants, part)))
    return list(dict.fromkeys(found))


def _variants(beat: str) -> tuple[str, ...]:
    if not is_long(beat):
        return (beat,)
    mora = beat[:-1]
    return tuple(mora + sign for sign in (*reversed(_LENGTHENED_BY[_VOWEL[mora[-1]]]), "ー"))
