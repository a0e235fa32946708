"""A grammar: phrases by meaning, in one language. Loaded from ``grammars/<language>/*.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Grammar:
    """``meanings`` maps a meaning (``yes``, ``repeat``) to the phrases that carry it, already
    expanded; ``contains`` maps a meaning to fragments that carry it wherever they stand in an
    utterance. ``hints`` are words worth hinting to a recogniser. ``fillers`` may surround any
    phrase without changing what it means. ``spoken`` are sentences of ``written/reading`` words
    that show a recogniser how values without phrases are said (:mod:`.sentences`).
    """

    name: str
    language: str
    meanings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
