"""Digits said one by one, in Japanese and English, and digits keyed in."""

from __future__ import annotations

import re
import unicodedata

from ivr.understanding.ja.fillers import ENDINGS, FILLERS, LEADS, pattern
from ivr.understanding.kana import hiragana
from ivr.understanding.value import Understood

_JAPANESE = {
    **dict.fromkeys(("ぜろ", "れい", "れー", "まる", "おー", "〇", "零", "○", "◯"), "0"),
    **dict.fromkeys(("いち", "いちー", "一", "壱"), "1"),
    **dict.fromkeys(("に", "にい", "にー", "二", "弐"), "2"),
    **dict.fromkeys(("さん", "三", "参"), "3"),
    **dict.fromkeys(("よん", "し", "しい", "しー", "四"), "4"),
    **dict.fromkeys(("ご", "ごお", "ごー", "五"), "5"),
    **dict.fromkeys(("ろく", "六"), "6"),
    **dict.fromkeys(("なな", "しち", "七"), "7"),
    **dict.fromkeys(("はち", "八"), "8"),
    **dict.fromkeys(("きゅう", "きゅー", "く", "くー", "九"), "9"),
}
_JAPANESE_DIGIT = re.compile(f"[0-9]|{pattern(tuple(_JAPANESE))}")
_FRACTION = re.compile(r"[0-9]+\.[0-9]+")
_JAPANESE_NOISE = re.compile(f"{pattern(FILLERS, LEADS, ENDINGS)}|の|番号は|番|[-、。,.・ ]")

_ENGLISH = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "one": "1", "two": "2", "three": "3",
    "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
#: What takes back the digits before it.
_JAPANESE_CORRECTION = re.compile(
    "いいえ|いえ|いや|(?:では|じゃ)な(?:くて?|い(?:です)?)|失礼(?:(?:いた)?しました)?|しつれい(?:しました)?"
    "|すみません|すいません|(?:ま|間)?(?:違|ちが)(?:います|いました|った|う|え(?:ました|た))"
    "|もとい|訂正(?:します)?|ていせい(?:します)?"
)
_ENGLISH_CORRECTION = re.compile(r"\b(?:no|sorry|i mean|correction|scratch that|wait|make that)\b")
#: What was said instead is read back, not taken.
_CORRECTED_SURE = 0.6

_TIMES = {"double": 2, "triple": 3}
_ENGLISH_NOISE = frozenset(
    ("um", "uh", "er", "it's", "its", "is", "the", "code", "number", "my", "yes", "okay", "ok",
     "and", "then", "please", "well", "so")
)  # fmt: skip


def parse(text: str, *, confidence: float, length: int | None = None) -> Understood:
    """The digits in ``text``, which must hold nothing else (fillers apart).

    ``ok``; ``invalid`` with ``wrong_length`` where ``length`` digits were wanted;
    ``unclear`` with ``not_understood`` and no value where other words stand among digits, and
    with ``corrected`` where digits are taken back: the value is what was said instead, if that is
    as long. ``none`` where there is no digit. The script decides the language, not the call's.
    """
    plain = unicodedata.normalize("NFKC", text).lower().strip()
    if re.search("[a-z]", plain):
        said = [_english(part) for part in _ENGLISH_CORRECTION.split(plain)]
    else:
        said = [_japanese(part) for part in _JAPANESE_CORRECTION.split(hiragana(plain))]
    # An apology before the first digit takes nothing back.
    said = [part for part in said[:-1] if part != ("", False)] + said[-1:]
    digits, _ = said[-1]
    if not any(part for part, _ in said):
        return Understood("none", None, 0.0, "no_digits")
    # 1.5 is no 15.
    if any(left_over for _, left_over in said) or _FRACTION.fullmatch(plain):
        return Understood("unclear", None, 0.0, "not_understood")
    if len(said) > 1:
        if not digits or len(digits) != (length or len(said[-2][0])):
            return Understood("unclear", None, 0.0, "corrected")
        return Understood("unclear", digits, confidence * _CORRECTED_SURE, "corrected")
    if length is not None and len(digits) != length:
        return Understood("invalid", None, confidence, "wrong_length")
    return Understood("ok", digits, confidence)


def keyed(digits: str, *, length: int | None = None) -> Understood:
    """Digits from the keypad: certain, but maybe not as many as wanted."""
    if not digits:
        return Understood("none", None, 0.0, "no_digits")
    if not (digits.isascii() and digits.isdecimal()):
        return Understood("invalid", None, 1.0, "not_digits")
    if length is not None and len(digits) != length:
        return Understood("invalid", None, 1.0, "wrong_length")
    return Understood("ok", digits, 1.0)


def spoken(digits: str, *, language: str) -> str:
    """Digits parted so that a voice says them one by one."""
    return ("、" if language == "ja" else ", ").join(digits)


def _japanese(text: str) -> tuple[str, bool]:
    text = re.sub(r"\s+", " ", text)
    digits = ""
    left_over = False
    at = 0
    while at < len(text):
        if match := _JAPANESE_DIGIT.match(text, at):
            digits += _JAPANESE.get(match.group(), match.group())
        elif not (match := _JAPANESE_NOISE.match(text, at)):
            left_over = True
            at += 1
            continue
        at = match.end()
    return digits, left_over


def _english(text: str) -> tuple[str, bool]:
    digits = ""
    left_over = False
    times = 1
    for word in re.findall(r"[a-z']+|[0-9]|[^\sa-z0-9]", text):
        digit = _ENGLISH.get(word, word if word.isdecimal() else "")
        if word in _TIMES and times == 1:
            times = _TIMES[word]
        elif digit:
            digits += digit * times
            times = 1
        elif times > 1 or not (word in _ENGLISH_NOISE or word in "-,.#:"):
            left_over = True
    return digits, left_over or times > 1
