"""What was heard, and what it was taken to mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "unclear", "invalid", "none"]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One guess of a recogniser. ``confidence`` is 0..1, or None where none was given."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class HeardName:
    """A name as heard: spelling and the set of its possible readings, in katakana.

    ``surnames`` and ``givens`` are readings of the two parts where a split is known;
    ``wholes`` are readings of the whole where it is not. Any of them may be empty.
    ``rare`` names those among them that the spelling hardly ever has, or that nobody has listed
    for it: they confirm a name and never pass it.
    ``text`` is the cleaned spelling (fillers and polite endings gone), never shown or logged.
    """

    text: str
    surname_text: str = ""
    given_text: str = ""
    surnames: tuple[str, ...] = ()
    givens: tuple[str, ...] = ()
    wholes: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()


Value = str | HeardName


@dataclass(frozen=True, slots=True)
class Understood:
    """A value with a confidence (0..1), a status and a reason code (``snake_case``).

    ``ok``: use it. ``unclear``: a value may be there, ask or confirm. ``invalid``: it was
    said clearly but cannot be (a future birthdate). ``none``: nothing of this kind was said.
    """

    status: Status
    value: Value | None = None
    confidence: float = 0.0
    reason: str = ""
