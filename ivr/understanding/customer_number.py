"""A customer number: digits that the caller reads from a card or a letter."""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz.distance import Levenshtein

from ivr.understanding import digits
from ivr.understanding.compare import Comparison
from ivr.understanding.number_words import in_groups, without_words
from ivr.understanding.value import Understood

_LABELS = re.compile(
    r"(?:お客様|お客さま|おきゃくさま|客様|顧客|こきゃく|会員|かいいん|契約者?|けいやく|口座|こうざ|登録)"
    r"の?(?:番号|ばんごう)(?:は|が)?|(?:ばんごう)(?:は|が)?"
    r"|\b(?:customer|member|membership|client|account|contract) (?:number|id)\b"
)
_GROUP = 4
_NO_DIGIT = re.compile(r"\D")
_BELOW_PASS = 0.99


def parse(text: str, *, confidence: float, length: int | None = None) -> Understood:
    """The digits of a customer number, ``length`` of them where given.

    Hyphens, の and what the number is called may stand in it and are dropped; see
    :func:`ivr.understanding.digits.parse` for the statuses.
    """
    return digits.parse(without_words(text, _LABELS), confidence=confidence, length=length)


def compare_numbers(heard: str, registered: str) -> Comparison:
    """Whether the customer number that was heard is the registered one. Only the digits of that
    count: no keypad has letters or hyphens. One digit more, less or other is another customer:
    ``pass`` or ``fail``."""
    number = _NO_DIGIT.sub("", unicodedata.normalize("NFKC", registered))
    if heard and heard == number:
        return Comparison("pass", 1.0)
    return Comparison("fail", min(_BELOW_PASS, Levenshtein.normalized_similarity(heard, number)))


def spoken(number: str, *, language: str) -> str:
    """The number digit by digit with a rest after every fourth. ``ValueError`` for what is not
    all digits."""
    if not (number.isascii() and number.isdecimal()):
        raise ValueError("a customer number is read back from its digits")
    groups = [number[at : at + _GROUP] for at in range(0, len(number), _GROUP)]
    return in_groups(groups, language=language)
