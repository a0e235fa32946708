"""Placeholders of prompts: ``{company}`` and the like."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BRACES = re.compile(r"\{([^{}]*)\}")


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces, in order, repeats included."""
    return tuple(_BRACES.findall(text))


def has_stray_brace(text: str) -> bool:
    """Whether a brace is opened or closed on its own."""
    return bool(re.search(r"[{}]", _BRACES.sub("", text)))


def filled(text: str, words: Mapping[str, str]) -> str:
    """``text`` with each placeholder that ``words`` knows replaced, once: a brace inside a
    word is never taken for another placeholder."""
    return _BRACES.sub(lambda found: words.get(found[1], found[0]), text)
