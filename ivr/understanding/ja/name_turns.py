"""An utterance about a name, parted where the caller corrects or repeats it.

佐藤、いえ斎藤です is parted into 佐藤 and, correcting it, 斎藤です.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from ivr.understanding.ja.fillers import spaced_pattern
from ivr.understanding.ja.name_frame import KANJI
from ivr.understanding.kana import hiragana

#: How a part of an utterance stands to what was said before it. ``corrects``: what was said is
#: taken back. ``apologises``: it may be taken back, or the caller is only polite. ``goes_on``: a
#: new sentence.
Relation = Literal["first", "corrects", "apologises", "goes_on"]

#: In hiragana and kanji. No name contains these.
_TAKEN_BACK = (
    "ではなくて", "ではなく", "ではないです", "ではない", "ではありません", "ではありませんでした",
    "じゃなくて", "じゃなく", "じゃないです", "じゃない", "じゃありません", "じゃなくって",
    "違います", "違いました", "違った", "違う", "違って", "ちがいます", "ちがいました", "ちがった",
    "ちがって", "間違いました", "間違えました", "間違えた", "間違った", "間違いです",
    "まちがいました", "まちがえました", "まちがえた", "まちがいです", "言い間違えました",
    "言い間違いました", "言い直します", "いいなおします", "訂正します", "訂正です",
    "訂正いたします", "訂正させてください", "ていせいします",
)  # fmt: skip
#: These are also names or parts of them (家, 本石): they stand between spaces, marks or kanji.
_TAKEN_BACK_ALONE = ("いいえ", "いえいえ", "いえ", "いやいや", "いや", "もとい", "ちがう")
_NAMES = frozenset(("いえ", "もとい"))
_APOLOGIES = (
    "失礼しました", "失礼いたしました", "失礼致しました", "しつれいしました",
    "しつれいいたしました", "失礼", "しつれい", "すみません", "すいません", "ごめんなさい",
    "ごめん", "申し訳ありません", "申し訳ございません", "もうしわけありません",
    "もうしわけございません",
)  # fmt: skip
_ALONE_BEFORE = "(?:(?<![ぁ-ゖー])|(?<=です))"
_ALONE_AFTER = rf"(?=[^{KANJI}ぁ-ゖー]|$|[{KANJI}]{{2}})"
_ALONE = re.compile(f"{_ALONE_BEFORE}(?:{spaced_pattern(_TAKEN_BACK_ALONE)}){_ALONE_AFTER}")
_TURN = re.compile(
    rf"(?P<corrects>{spaced_pattern(_TAKEN_BACK)}|{_ALONE.pattern})"
    rf"|(?P<apologises>{spaced_pattern(_APOLOGIES)})"
)
_SENTENCES = re.compile(r"[、。,.…]+|(?<=です|ます|まし) +")
_GOES_ON = re.compile(r"(?<=です|ます)[、。,.… ]+\S")
#: Somebody else's name may follow or stand before these.
_RELATIVES = re.compile(
    "(?:母|父|はは|ちち|娘|むすめ|息子|むすこ|妻|夫|主人|家内|祖母|祖父|家族|代理|代わり|かわり"
    "|さん|様|さま|先生|本人では|本人じゃ)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of an utterance as it was written; it may be empty."""

    text: str
    relation: Relation


def turns(text: str) -> list[Part]:
    """``text`` parted at its corrections and apologies; one part where there is none."""
    plain = unicodedata.normalize("NFKC", text)
    # Folding keeps lengths, so positions fit the unfolded text.
    parts: list[Part] = []
    relation: Relation = "first"
    at = 0
    for match in _TURN.finditer(hiragana(plain)):
        parts.append(Part(plain[at : match.start()], relation))
        relation = "corrects" if match["corrects"] else "apologises"
        at = match.end()
    return [*parts, Part(plain[at:], relation)]


def may_be_a_name(text: str) -> bool:
    """Whether nothing but a word that is also a name takes something back in ``text``."""
    found = [match.group() for match in _TURN.finditer(hiragana(text))]
    return bool(found) and _NAMES.issuperset(found)


def sentences(text: str) -> list[str]:
    """``text`` parted at its marks and after です; empty ones left out."""
    plain = unicodedata.normalize("NFKC", text)
    return [part.strip() for part in _SENTENCES.split(plain) if part.strip()]


def goes_on(text: str) -> bool:
    """Whether more follows after です."""
    return _GOES_ON.search(unicodedata.normalize("NFKC", text)) is not None


def speaks_of_others(text: str) -> bool:
    """Whether relatives, a deputy or someone called さん come in."""
    return _RELATIVES.search(unicodedata.normalize("NFKC", text)) is not None
