"""What a caller's number tells of itself. It can be forged: a hint, never a proof."""

from __future__ import annotations

from collections.abc import Mapping

import phonenumbers
from phonenumbers import PhoneNumberType

from ivr.identity.callers import usable_number

_JAPAN = 81
#: Kinds that have a signal, as far as libphonenumber's tables know them. New ranges may be missing
#: there, so "not valid" by its tables says nothing here; a wrong length does.
_KINDS = {
    PhoneNumberType.VOIP: "number_voip",
    PhoneNumberType.TOLL_FREE: "number_tollfree",
    PhoneNumberType.PREMIUM_RATE: "number_tollfree",
}


def signals_of(caller: str) -> Mapping[str, int]:
    """The signals of a number in E.164, or of what stands for one (``anonymous``, nothing)."""
    number = usable_number(caller)
    if number is None:
        return {"number_withheld": 1}
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return {"number_invalid": 1}
    if not phonenumbers.is_possible_number(parsed):
        return {"number_invalid": 1}
    found = {} if parsed.country_code == _JAPAN else {"number_foreign": 1}
    kind = _KINDS.get(phonenumbers.number_type(parsed))
    return found if kind is None else {**found, kind: 1}
