"""Signs spelt aloud, as an e-mail address is: what every language's tables give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Piece:
    """What one word of a spelling stands for.

    ``signs``: letters, digits, ``@ . - _ +``, or a whole word (``gmail``, ``com``). ``kind``:
    ``sign`` for one sign; ``domain`` for a word that only means something after the ``@``;
    ``word`` for one that was said or written whole. ``host``: the domain that ``domain`` means
    where nothing follows it (``gmail.com``). ``doubt``: why it may be something else (a reason
    code), or empty.
    """

    signs: str
    kind: Literal["sign", "domain", "word"] = "sign"
    host: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Spelling:
    """The pieces of an utterance in order; ``left_over``: other words stood among them."""

    pieces: tuple[Piece, ...]
    left_over: bool


#: Said without more, some names mean one domain, others one of several (Yahoo gives out
#: yahoo.co.jp, yahoo.ne.jp and yahoo.com; SoftBank softbank.ne.jp and i.softbank.jp).
_ONE, _ONE_OF_SEVERAL = "", "domain_guessed"
DOMAINS: dict[str, Piece] = {
    name: Piece(name, "domain", host, doubt)
    for name, host, doubt in (
        ("gmail", "gmail.com", _ONE),
        ("icloud", "icloud.com", _ONE),
        ("docomo", "docomo.ne.jp", _ONE),
        ("ezweb", "ezweb.ne.jp", _ONE),
        ("au", "au.com", _ONE_OF_SEVERAL),
        ("softbank", "softbank.ne.jp", _ONE_OF_SEVERAL),
        ("yahoo", "yahoo.co.jp", _ONE_OF_SEVERAL),
        ("hotmail", "hotmail.com", _ONE_OF_SEVERAL),
        ("outlook", "outlook.com", _ONE_OF_SEVERAL),
        ("nifty", "nifty.com", _ONE_OF_SEVERAL),
        ("biglobe", "biglobe.ne.jp", _ONE_OF_SEVERAL),
    )
}
#: Ends of domains that are said as words.
ENDINGS: dict[str, Piece] = {
    name: Piece(name, "domain") for name in ("com", "net", "org", "info", "jp", "co", "ne", "or")
}
