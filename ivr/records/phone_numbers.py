"""Phone numbers as people write them in Japan, brought to E.164."""

from __future__ import annotations

import re
import unicodedata

_SEPARATORS = re.compile(r"[\s()./\-‐‑‒–—―−ー]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# Japan's numbering plan: mobiles and IP phones (050) have ten digits after the country code,
# other subscribers nine. Free and shared numbers (0120, 0570 …) are no customer's own.
_JAPAN = re.compile(r"\+81(?:(?P<mobile>[6789]0[0-9]{8})|50[0-9]{8}|(?![25-9]0)[1-9][0-9]{8})")
_SHARED = re.compile(r"\+81(?:120|570|800[0-9]|990|180)[0-9]{6}")


def to_e164(text: str) -> str:
    """``090-1234-5678``, ``(03) 1234 5678`` or ``+81 90 …`` as ``+81…``; other countries with
    ``+`` or Japan's international prefix 010.

    Raises:
        ValueError: what is wrong, without the number.
    """
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text.strip()))
    if digits.startswith("010"):
        digits = "+" + digits[3:]
    elif digits.startswith("0"):
        digits = "+81" + digits[1:]
    elif digits.startswith("+810"):  # +81 (0)90 …
        digits = "+81" + digits[4:]
    if not _E164.fullmatch(digits):
        raise ValueError("is no phone number: write it like 090-XXXX-XXXX or +8190XXXXXXXX")
    if digits.startswith("+81"):
        if _SHARED.fullmatch(digits):
            raise ValueError("is a free or shared number, not a customer's own phone")
        if not _JAPAN.fullmatch(digits):
            raise ValueError("has too few or too many digits for a phone in Japan")
    return digits


def may_be_mobile(e164: str) -> bool:
    """Whether text messages can reach the number: in Japan 060, 070, 080 and 090 only; abroad
    nobody can tell from the number, so True."""
    japan = _JAPAN.fullmatch(e164)
    return japan is None or japan["mobile"] is not None
