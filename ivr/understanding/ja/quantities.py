"""Japanese numbers of any size, counters and all: 四億五千万, 3万4,500, 三十二人."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from ivr.understanding import digits
from ivr.understanding.ja import numbers
from ivr.understanding.ja.fillers import ENDINGS, FILLERS, LEADS, pattern
from ivr.understanding.kana import hiragana
from ivr.understanding.value import Understood

#: Powers of ten thousand, the greatest first, and how they are said.
_GREAT = (
    (10**16, ("京", "けい")),
    (10**12, ("兆", "ちょう", "ちょー")),
    (10**8, ("億", "おく")),
    (10**4, ("万", "萬", "まん")),
)
#: What is counted; it does not change the number. Spoken counters stand in hiragana.
_COUNTERS = (
    "つ", "人", "にん", "名", "めい", "名様", "個", "こ", "回", "かい", "度", "歳", "才", "さい",
    "円", "えん", "番", "ばん", "号", "件", "けん", "本", "枚", "まい", "台", "だい", "冊", "杯",
    "匹", "頭", "箱", "章", "ページ", "年", "日", "時間", "分", "秒", "週間", "ヶ月", "か月",
    "キロ", "グラム", "メートル", "斤", "点", "てん",
)  # fmt: skip
#: 十万以上 is no number: somebody has to say which.
_VAGUE = re.compile(
    "以上|以下|未満|くらい|ぐらい|ほど|約|やく|およそ|だいたい|余り?|あまり|数|何|弱|強"
)
_AROUND = re.compile(f"^(?:{pattern(FILLERS, LEADS)}|[、。 ])+|(?:{pattern(ENDINGS)}|[、。!?])+$")
_COUNTER = re.compile(f"(?:{pattern(tuple(hiragana(word) for word in _COUNTERS))})$")
_FIGURES = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
#: The native numbers, which need no counter: ひとつ, 二つ.
_NATIVE = {
    word: number
    for number, words in enumerate(
        (
            ("ひとつ", "一つ"), ("ふたつ", "二つ"), ("みっつ", "三つ"), ("よっつ", "四つ"),
            ("いつつ", "五つ"), ("むっつ", "六つ"), ("ななつ", "七つ"), ("やっつ", "八つ"),
            ("ここのつ", "九つ"), ("とお",),
        ),
        1,
    )
    for word in words
} | {"ひとり": 1, "一人": 1, "ふたり": 2, "二人": 2}  # fmt: skip

_HAS_NUMBER = re.compile(rf"[0-9{numbers.SIGNS}]")
#: 7千8百56: figures before the small units.
_MIXED = re.compile(r"(?:(\d+)千)?(?:(\d)百)?(?:(\d)十)?(\d{1,3})?")
#: にさんよんよん…: digits one by one; fewer than five are read as a number, or not at all.
_KANA_DIGITS = re.compile(
    "(?:ぜろ|れい|まる|いち|に|さん|よん|し|ご|ろく|なな|しち|はち|きゅう|く){5,}"
)
#: Longer than any number this can hold.
_LONGEST = 80


def parse(text: str, *, confidence: float) -> Understood:
    """The whole number in ``text`` (fillers, politeness and a counter apart), as digits.

    ``unclear`` with ``not_understood`` where other words stand around a number, ``vague``
    where the number is only about right; ``none`` where there is no number.
    """
    plain = _plain(text)
    value = _NATIVE.get(plain)
    if value is None and len(plain) <= _LONGEST:
        value = whole(plain)
        if value is None and (bare := _COUNTER.sub("", plain, count=1)) != plain:
            value = whole(bare)
    if value is not None:
        return Understood("ok", str(value), confidence)
    if not _HAS_NUMBER.search(plain):
        return Understood("none", None, 0.0, "no_number")
    return Understood("unclear", None, 0.0, "vague" if _VAGUE.search(plain) else "not_understood")


def whole(text: str) -> int | None:
    """The number that all of ``text`` is, below 10**20; None where any of it is not.

    ``text`` is NFKC with kana as hiragana and without spaces.
    """
    total = 0
    below = 10**20
    rest = text
    for size, signs in _GREAT:
        head, rest = _before(rest, signs)
        if head is None:
            continue
        # 一万五千億, 45642万: the greatest unit may hold more than its share.
        part = _part(head, below=10_000 if total else 10**8)
        if part is None and not total and (nested := whole(head)) is not None:
            part = Decimal(nested)
        if part is None or not 0 < part * size < below or (part * size) % 1:
            return None
        total += int(part * size)
        below = size
    if not rest:
        return total or None
    last = _part(rest, below=10_000 if total else 10**20)
    if last is None or last % 1:
        return None
    return total + int(last)


def _plain(text: str) -> str:
    plain = hiragana(unicodedata.normalize("NFKC", text)).lower().strip()
    plain = re.sub(r"\s+", "", plain) if not re.search(r"\d\s+\d", plain) else plain
    while (stripped := _AROUND.sub("", plain)) != plain:
        plain = stripped
    return plain


def _before(text: str, signs: tuple[str, ...]) -> tuple[str | None, str]:
    """What stands before the first of ``signs`` and behind it; (None, text) without one."""
    for sign in signs:
        head, found, tail = text.partition(sign)
        if found and head:
            return head, tail
    return None, text


def _part(text: str, *, below: int) -> Decimal | None:
    """A number without great units: figures, kanji or kana."""
    if _FIGURES.fullmatch(text):
        value = Decimal(text.replace(",", ""))
        return value if value < below else None
    figures = re.sub(r"[〇零○◯一二三四五六七八九]", lambda sign: _digit(sign.group()), text)
    if figures.isdecimal() and len(figures) > 1:
        return Decimal(figures) if int(figures) < below else None
    if (mixed := _MIXED.fullmatch(text)) and mixed.lastindex:
        places = zip(mixed.groups(), (1000, 100, 10, 1), strict=True)
        total = sum(int(figures) * place for figures, place in places if figures)
        return Decimal(total) if total < below else None
    parsed = numbers.parse(text)
    if parsed is not None:
        return Decimal(parsed.value) if parsed.value < below else None
    one_by_one = _KANA_DIGITS.fullmatch(text) and digits.parse(text, confidence=1.0)
    if one_by_one and isinstance(one_by_one.value, str):
        return Decimal(one_by_one.value) if int(one_by_one.value) < below else None
    return None


def _digit(sign: str) -> str:
    at = "〇一二三四五六七八九".find(sign)
    return "0" if at < 0 else str(at)
