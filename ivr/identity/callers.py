"""The caller's number as Twilio gives it, and when it is none.

A number is a hint, never a proof: it can be forged.
"""

from __future__ import annotations

import re

from ivr.identity.ports import Customer

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
#: Words that networks spell on a keypad where a number is withheld: +266696687 is ANONYMOUS.
_SPELLED = frozenset(
    "+" + word.translate(_KEYPAD)
    for word in ("ANONYMOUS", "RESTRICTED", "BLOCKED", "UNKNOWN", "UNAVAILABLE", "PRIVATE")
)


def usable_number(caller: str) -> str | None:
    """The number in E.164, or None where it is withheld, malformed or a switchboard's word."""
    if not _E164.fullmatch(caller) or caller in _SPELLED:
        return None
    return caller


def is_registered(caller: str, customer: Customer) -> bool:
    """Whether the call seems to come from a phone of this customer."""
    number = usable_number(caller)
    return number is not None and number in (customer.mobile, customer.landline)
