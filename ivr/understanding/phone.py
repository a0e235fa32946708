"""Phone numbers as callers say them, digit by digit, checked against the numbering plans."""

from __future__ import annotations

import phonenumbers

from ivr.understanding import digits
from ivr.understanding.value import Understood

#: Numbers without a country code are Japanese.
HOME = "JP"


def parse(text: str, *, confidence: float) -> Understood:
    """The phone number in ``text`` as E.164 (``+819012345678``).

    ``invalid`` with ``no_such_phone_number`` where the digits were understood, but no numbering
    plan holds them (one too few, one too many, an area nobody has). Numbers of other countries
    begin with Japan's international prefix 010 or with ``+``. Otherwise as
    :func:`ivr.understanding.digits.parse`.
    """
    found = digits.parse(text.replace("+", " ").replace("＋", " "), confidence=confidence)
    if found.status != "ok" or not isinstance(found.value, str):
        return found
    abroad = text.lstrip().startswith(("+", "＋"))
    try:
        number = phonenumbers.parse(("+" if abroad else "") + found.value, HOME)
    except phonenumbers.NumberParseException:
        return Understood("invalid", None, confidence, "no_such_phone_number")
    if not phonenumbers.is_valid_number(number):
        return Understood("invalid", None, confidence, "no_such_phone_number")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Understood("ok", written, confidence)
