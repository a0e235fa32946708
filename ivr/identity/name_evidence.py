"""Whether what was heard among listened names is evidence for a registered one. Pure.

A closed list always hears something of itself, so being heard is not enough: the name has to be
heard clearly better than any other name of the list, and the same audio, heard without a list, has
to sound like it (DESIGN.md "Deciding who someone is").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ivr.identity.listened_names import Asked, FullName, ListenedNames
from ivr.understanding.kana import is_kana
from ivr.understanding.mora import distance, level, morae

Decision = Literal["pass", "uncertain", "none"]

#: How much likelier a name must be than the next one (natural logarithm of the ratio).
LEAST_MARGIN = 3.0
#: Hypotheses this much less likely are dropped by the recogniser (``lattice-beam`` of the model).
ALONE = 6.0
#: How much of a name must be found where no list helped, 0..1.
LEAST_AGREEMENT = 0.65
#: Beats of what was heard that are searched; nobody's name comes later.
_MOST_BEATS = 40
#: A name may come out this many beats shorter or longer.
_STRETCH = 2
_WEAKER: tuple[Decision, ...] = ("none", "uncertain", "pass")


@dataclass(frozen=True, slots=True)
class Guess:
    """A hypothesis of the recogniser that listened for the list, as it writes it (サトー ハナコ
    です). ``score`` is the logarithm of its likelihood."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class NameEvidence:
    """``names`` are the registered names that what was heard best is, or is a part of; none where
    something else was heard best.

    ``pass``: it was, beyond doubt. ``uncertain``: it was, but its ``margin`` or ``agreement`` is
    too small. ``none``: it was not. Nothing of this may change what the caller hears before the
    code is entered; what is read back is what was heard without a list.
    """

    decision: Decision
    names: frozenset[FullName] = frozenset()
    margin: float = 0.0
    agreement: float = 0.0


def weigh(
    listened: ListenedNames,
    guesses: Sequence[Guess],
    free: Sequence[str],
    *,
    asked: Asked = "full",
    least_margin: float = LEAST_MARGIN,
    least_agreement: float = LEAST_AGREEMENT,
) -> NameEvidence:
    """Weigh ``guesses`` against ``free``, what was heard of the same audio without a list (kana).

    ``asked``: what the list was of. Where no other name came near, the margin is ``ALONE``.
    """
    ranked = sorted(guesses, key=lambda guess: -guess.score)
    known = {name.sounds(asked) for name in listened.names}
    best = _sounds(ranked[0].text, known) if ranked else ()
    names = frozenset(name for name in listened.registered if best == name.sounds(asked))
    if not names:
        return NameEvidence("none")
    others = (guess.score for guess in ranked[1:] if _sounds(guess.text, known) != best)
    margin = ranked[0].score - next(others, ranked[0].score - ALONE)
    agreement = max((agreement_of("".join(best), text) for text in free), default=0.0)
    sure = margin >= least_margin and agreement >= least_agreement
    return NameEvidence("pass" if sure else "uncertain", names, margin, agreement)


def merge(surname: NameEvidence, given: NameEvidence) -> NameEvidence:
    """Evidence of a surname and of a given name, heard one after the other, as one: as good as
    the weaker, and only for names that have both."""
    names = surname.names & given.names
    if not names:
        return NameEvidence("none")
    return NameEvidence(
        min(surname.decision, given.decision, key=_WEAKER.index),
        names,
        min(surname.margin, given.margin),
        min(surname.agreement, given.agreement),
    )


def agreement_of(sound: str, text: str) -> float:
    """How much of a name, as it sounds, is somewhere in ``text`` (kana), 0..1, by weighted
    morae."""
    wanted = len(morae(sound))
    beats = morae(level("".join(text.split())))[:_MOST_BEATS]
    pieces = {
        "".join(beats[start : start + size])
        for size in range(max(1, wanted - _STRETCH), wanted + _STRETCH + 1)
        for start in range(max(1, len(beats) - size + 1))
    }
    off = min(distance(sound, piece) for piece in pieces)
    return max(0.0, 1.0 - off / wanted)


def _sounds(text: str, known: set[tuple[str, ...]]) -> tuple[str, ...]:
    """The listed name in a hypothesis; empty where it has none, or two."""
    words = [level(word) if is_kana(word) else word for word in text.split()]
    found = {
        tuple(words[at : at + size])
        for size in (1, 2)
        for at in range(len(words) - size + 1)
        if tuple(words[at : at + size]) in known
    }
    return found.pop() if len(found) == 1 else ()
