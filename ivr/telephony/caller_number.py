"""Telephone numbers as Twilio hands them over."""

from __future__ import annotations

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)

#: What Twilio puts in ``From`` for a caller without a number: the words ANONYMOUS, RESTRICTED,
#: BLOCKED, UNKNOWN and UNAVAILABLE, spelled on a telephone keypad.
_WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})


def e164(value: str) -> str:
    """``value`` where it is a number in E.164 form, else an empty string.

    Withheld numbers, SIP addresses and client names give an empty string too: they have no
    counter of their own (DESIGN.md "Lockout is no weapon").
    """
    value = value.strip()
    if value in _WITHHELD or _E164.fullmatch(value) is None:
        return ""
    return value
