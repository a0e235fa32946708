"""A telephone number said or keyed, brought to E.164 by Google's numbering plans."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult
from rapidfuzz.distance import Levenshtein

from ivr.understanding import digits
from ivr.understanding.compare import Comparison
from ivr.understanding.number_words import in_groups, without_words
from ivr.understanding.value import Understood

_LABELS = re.compile(
    r"(?:携帯|けいたい|電話|でんわ|自宅|じたく|家|連絡先|れんらくさき)の?(?:電話|でんわ)?の?"
    r"(?:番号|ばんごう)?(?:は|が)"
    r"|(?:携帯|けいたい)?(?:電話|でんわ)(?:番号|ばんごう)(?:は|が)?|(?:番号|ばんごう)(?:は|が)"
    r"|\b(?:my |the )?(?:mobile|cell|phone|telephone|home)(?: phone)?(?: number)?(?: is)?\b"
)
_PLUS = re.compile(r"(?:\+|プラス|ぷらす|\bplus\b)[\s、,]*")
#: Japan has its own numbers first (国内, no country code): libphonenumber's region.
_HOME = "JP"
_HOME_CODE = 81
#: Numbers that nobody has at home: free and shared ones, premium rates, one for a whole company.
_NOBODYS = frozenset(
    (PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST, PhoneNumberType.PREMIUM_RATE,
     PhoneNumberType.UAN)
)  # fmt: skip
_WRONG_LENGTH = frozenset(
    (ValidationResult.TOO_SHORT, ValidationResult.TOO_LONG, ValidationResult.INVALID_LENGTH)
)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def parse(text: str, *, confidence: float) -> Understood:
    """The number ``text`` says, in E.164 (``+819012345678``).

    Japanese numbers with their leading 0, others after プラス or ``plus``. ``unclear`` with
    ``zero_missing``: a Japanese number only if its 0 was lost. ``invalid``: ``wrong_length``,
    ``no_such_number`` (no number of that form is assigned), ``shared_number`` (free, premium and
    company numbers). What other words stand in it: see :func:`ivr.understanding.digits.parse`.
    """
    plain = without_words(text, _LABELS)
    abroad = _PLUS.match(plain)
    found = digits.parse(plain[abroad.end() :] if abroad else plain, confidence=confidence)
    if not isinstance(found.value, str):
        return found
    judged = _judged(found.value, abroad=abroad is not None, confidence=found.confidence)
    return (
        judged if found.status == "ok" else replace(judged, status="unclear", reason=found.reason)
    )


def keyed(keys: str) -> Understood:
    """A number from the keypad; abroad with Japan's international prefix 010."""
    found = digits.keyed(keys)
    if found.status != "ok" or not isinstance(found.value, str):
        return found
    return _judged(found.value, abroad=False, confidence=1.0)


def compare_phones(heard: str, registered: Iterable[str | None]) -> Comparison:
    """Whether ``heard`` (E.164) is one of the registered numbers, however those are written.

    ``confirm``: none of them, but one digit other, lost or added. ``fail``: everything else, and
    where none is registered. The score is the share of digits that agree with the nearest, 1.0
    for a pass only.
    """
    numbers = [_e164(number) for number in registered if number]
    if heard in numbers:
        return Comparison("pass", 1.0)
    off = min((Levenshtein.distance(heard, number) for number in numbers), default=len(heard))
    score = max(0.0, 1.0 - off / max(len(heard), 1))
    return Comparison("confirm" if off <= 1 and heard else "fail", score)


def _e164(number: str) -> str:
    parsed = _parsed(unicodedata.normalize("NFKC", number))
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if parsed else number


def spoken(number: str, *, language: str) -> str:
    """An E.164 number in its usual groups, digit by digit: ``0、9、0の、1、2、3、4の、…``.

    Numbers abroad begin with プラス or ``plus``. ``ValueError`` for anything else.
    """
    if not _E164.fullmatch(number):
        raise ValueError("a phone number is read back from E.164")
    parsed = _parsed(number)
    if parsed is None:
        return _plus(language) + in_groups([number[1:]], language=language)
    at_home = parsed.country_code == _HOME_CODE
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    groups = re.findall("[0-9]+", phonenumbers.format_number(parsed, style))
    return ("" if at_home else _plus(language)) + in_groups(groups, language=language)


def _plus(language: str) -> str:
    return "プラス、" if language == "ja" else "plus "


def _judged(said: str, *, abroad: bool, confidence: float) -> Understood:
    number = _parsed(("+" if abroad else "") + said)
    if number is None:
        return Understood("invalid", None, confidence, "wrong_length")
    if phonenumbers.is_possible_number_with_reason(number) in _WRONG_LENGTH:
        return Understood("invalid", None, confidence, "wrong_length")
    if not phonenumbers.is_valid_number(number):
        return Understood("invalid", None, confidence, "no_such_number")
    if phonenumbers.number_type(number) in _NOBODYS:
        return Understood("invalid", None, confidence, "shared_number")
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not abroad and not said.startswith("0"):
        return Understood("unclear", value, confidence, "zero_missing")
    return Understood("ok", value, confidence)


def _parsed(number: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, _HOME)
    except phonenumbers.NumberParseException:
        return None
