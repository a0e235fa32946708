"""What callers say around a number that is read out digit by digit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_HYPHENS = re.compile(r"ハイフン|はいふん|ダッシュ|だっしゅ|\b(?:hyphen|dash)\b|[‐‑‒–—―−()]")


def without_words(text: str, labels: re.Pattern[str]) -> str:
    """``text`` in NFKC and small letters without ``labels`` (what the number is called) and
    without the hyphens and brackets between its groups, said or written."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return _HYPHENS.sub(" ", labels.sub(" ", plain)).strip()


def in_groups(groups: Sequence[str], *, language: str) -> str:
    """Groups of digits so that a voice says them one by one and rests between the groups:
    ``0、9、0の、1、2、3、4`` in Japanese, ``0, 9, 0. 1, 2, 3, 4`` in English."""
    if language == "ja":
        return "の、".join("、".join(group) for group in groups)
    return ". ".join(", ".join(group) for group in groups)
