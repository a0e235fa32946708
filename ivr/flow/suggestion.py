"""How a message shows a word somebody wrote, and which word they may have meant."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

#: A word further from every known word than this is not a slip of the fingers.
CLOSE_ENOUGH = 0.6
LONGEST_SHOWN = 60


def shown(word: str) -> str:
    """``word`` in quotes, on one line, cut where it is long."""
    cut = word if len(word) <= LONGEST_SHOWN else word[:LONGEST_SHOWN] + "…"
    return "'" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut) + "'"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``" (did you mean 'prompt'?)"`` for the nearest of ``known``, or an empty string.

    A swap of two neighbouring letters counts as one slip (Damerau-Levenshtein)."""
    if len(word) > LONGEST_SHOWN:
        return ""
    best = process.extractOne(
        word,
        sorted(known),
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=CLOSE_ENOUGH,
    )
    return f" (did you mean {shown(best[0])}?)" if best else ""
