"""A bare number as the answer to "which month?": 五, ごです, 5."""

from __future__ import annotations

import re
import unicodedata

from ivr.understanding.birthdate import Part, Reading
from ivr.understanding.ja import birthdate, eras, numbers
from ivr.understanding.ja.fillers import ENDINGS, FILLERS, LEADS, pattern
from ivr.understanding.kana import hiragana

#: よ is a four only before a sign (よにん), and else an ending.
_ENDINGS = tuple(ending for ending in ENDINGS if ending not in ("ね", "よ"))
_BARE = re.compile(
    rf"(?:{pattern(FILLERS, LEADS, ('いえ', 'いいえ', '西暦', '西暦で', 'せいれき'))}|[、。,・])*"
    rf"(?P<era>{pattern(tuple(eras.BY_NAME))})?の?(?P<number>{numbers.ATOM}+?|元|がん)"
    rf"(?:生まれ|うまれ)?(?:{pattern(FILLERS, _ENDINGS)}|[、。,.])*"
)
#: Written after kanji and figures, and after kana.
_SIGNS: dict[Part, tuple[str, str]] = {
    "year": ("年", "ねん"),
    "month": ("月", "がつ"),
    "day": ("日", "にち"),
}
_MOST = {"month": 12, "day": 31}


def read(text: str, asked: Part) -> Reading | None:
    """What ``text`` says, where nothing but a number does: the part of a date that was asked.

    None where it says more or something else. A year of two figures without its era, and a month
    or day that cannot be, are ``hidden``: the number was misheard, or answers another question.
    """
    plain = re.sub(r"\s+", "", hiragana(unicodedata.normalize("NFKC", text)).lower())
    match = _BARE.fullmatch(plain)
    if match is None or (match["era"] and asked != "year"):
        return None
    number = match["number"]
    parsed = numbers.parse(number)
    first_year = bool(match["era"]) and number in ("元", "がん")
    if number == "よ" or (parsed is None and not first_year):
        return None
    if asked != "year" and not (parsed and 1 <= parsed.value <= _MOST[asked]):
        return Reading(doubt=f"{asked}_not_understood", hidden=True)
    sign = _SIGNS[asked]["ぁ" <= number[-1] <= "ん"]
    return birthdate.read(f"{match['era'] or ''}{number}{sign}")
