"""Names from abroad, said in a Japanese call and written in kana: ジョン・スミス, グエン ティ ホア.

Which part is the surname depends on where the name is from, and records hold either order. So the
whole is kept in every order it may be registered in, and passes by the whole alone; the parts
only confirm.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ivr.understanding.ja import name_dictionary
from ivr.understanding.ja.name_dictionary import NameDictionary
from ivr.understanding.kana import is_kana, katakana
from ivr.understanding.names import Asked, understood
from ivr.understanding.value import HeardName, Understood

_DOTTED = re.compile("(?<=[ァ-ヺー]) ?[・=] ?(?=[ァ-ヺ])")
_KATAKANA = re.compile("[ァ-ヺー]+")
#: Given name, middle names, surname.
_MOST_PARTS = 5
_MOST_SIGNS = 12
_UNKNOWN_SURE = 0.6


def dotted(text: str) -> bool:
    """Whether a recogniser wrote a name from abroad in the usual way, with ・ or ＝."""
    return _DOTTED.search(unicodedata.normalize("NFKC", text)) is not None


def parse(
    words: Sequence[str], asked: Asked, confidence: float, *, dotted: bool = False
) -> Understood | None:
    """A name from abroad, of which ``words`` are the parts; None where it is none.

    ``ok`` where the dictionary knows every part as a name; ``unclear`` with ``unknown_name``
    where it knows at least one, or where they are ``dotted``. One part alone is the surname, or
    the given name where that was asked. Hiragana counts only where every part is known and no
    other word.
    """
    names = name_dictionary.load()
    parts = [katakana(word) for word in words]
    if not all(is_kana(part) and len(part) <= _MOST_SIGNS for part in parts):
        return None
    if len(parts) > _MOST_PARTS:
        return None
    if len(parts) == 1 and asked == "full":
        parts = _parted(parts[0], names) or parts
    if all(names.rather(part) == "surname" for part in parts):
        return None  # サトウ スズキ: two surnames
    known = [names.is_personal(part) for part in parts]
    sure = [names.is_personal(part) and not names.is_common_word(part) for part in parts]
    if not all(map(_KATAKANA.fullmatch, words)) and not all(sure):
        return None
    if len(parts) == 1:
        return _one_part(parts[0], asked, confidence) if sure[0] else None
    if not dotted and not any(sure):
        return None
    name = _whole(parts)
    if all(known):
        return understood("ok", name, confidence)
    return understood("unclear", name, confidence * _UNKNOWN_SURE, "unknown_name")


def _parted(joined: str, names: NameDictionary) -> list[str]:
    """ジョンスミス, said or written in one: the cut that leaves two names, the most even one.

    One of them is from abroad: others have been parted by what is listed already.
    """
    if names.is_personal(joined):
        return []
    halves = ([joined[:cut], joined[cut:]] for cut in range(2, len(joined) - 1))
    cuts = [
        parts
        for parts in halves
        if all(map(names.is_personal, parts)) and not all(map(names.is_japanese, parts))
    ]
    return max(cuts, key=lambda parts: min(map(len, parts)), default=[])


def _one_part(part: str, asked: Asked, confidence: float) -> Understood:
    if asked == "given":
        return understood("ok", HeardName(part, given_text=part, givens=(part,)), confidence)
    name = HeardName(part, surname_text=part, surnames=(part,))
    if asked == "surname":
        return understood("ok", name, confidence)
    return understood("unclear", name, confidence, "given_missing")


def _whole(parts: Sequence[str]) -> HeardName:
    """Parts in any order that starts somewhere and goes round: given name or surname first, of
    the speaker and of the record."""
    turned = ["".join((*parts[at:], *parts[:at])) for at in range(len(parts))]
    surnames = tuple(dict.fromkeys((parts[-1], parts[0])))
    givens = ("".join(parts[:-1]), "".join(parts[1:]), parts[0], parts[1], parts[-1])
    distinct = tuple(dict.fromkeys(givens))
    return HeardName(
        "・".join(parts),
        surname_text=parts[-1],
        given_text="".join(parts[:-1]),
        surnames=surnames,
        givens=distinct,
        wholes=tuple(dict.fromkeys(turned)),
        rare=tuple(dict.fromkeys((*surnames, *distinct))),
    )
