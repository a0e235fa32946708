"""Whether what was heard among listened names is evidence for a registered one. Pure.

A closed list always hears something of itself, so being heard is not enough: the name has to be
heard better than any other name of the list, and the same audio, heard without a list, has to be
that name too, or nearly as likely (DESIGN.md "Deciding who someone is").
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from ivr.identity.listened_names import Asked, FullName, ListenedNames, part_alone
from ivr.understanding.kana import is_kana
from ivr.understanding.mora import level

Decision = Literal["pass", "uncertain", "none"]

#: How much likelier a name must be than the next one (natural logarithm of the ratio), and ...
LEAST_MARGIN = 0.5
#: ... its least share of the likelihood of all that was heard without a list, 0..1. Both were
#: measured (benchmarks/heard_names.py, docs/hearing.md).
LEAST_AGREEMENT = 0.3
#: Hypotheses this much less likely are dropped by the recogniser (``lattice-beam`` of the model).
ALONE = 6.0
#: A name that a model has to spell may take so many words.
_MOST_WORDS = 16
_WEAKER: tuple[Decision, ...] = ("none", "uncertain", "pass")


@dataclass(frozen=True, slots=True)
class Guess:
    """A hypothesis of a recogniser (サトー ハナコ です). ``score`` is the logarithm of its
    likelihood."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class NameEvidence:
    """``names`` are the registered names that what was heard best is, or is a part of; none where
    something else was heard best.

    ``pass``: it was, beyond doubt. ``uncertain``: it was, but its ``margin`` or ``agreement`` is
    too small. ``none``: it was not. ``whole``: surname and given name were both weighed.
    ``confirmed``: the caller has said yes to what was heard without a list. Nothing of this may
    change what the caller hears before the code is entered; what is read back is what was heard
    without a list.
    """

    decision: Decision
    names: frozenset[FullName] = frozenset()
    margin: float = 0.0
    agreement: float = 0.0
    whole: bool = True
    confirmed: bool = False


def weigh(
    listened: ListenedNames,
    guesses: Sequence[Guess],
    free: Sequence[Guess],
    *,
    asked: Asked = "full",
    least_margin: float = LEAST_MARGIN,
    least_agreement: float = LEAST_AGREEMENT,
) -> NameEvidence:
    """Weigh ``guesses`` against ``free``, what was heard of the same audio without a list.

    ``asked``: what was asked for, see :meth:`ListenedNames.phrases`. Where no other name came
    near, the margin is ``ALONE``.
    """
    part = part_alone(asked)
    whole: set[tuple[str, ...]] = {(name.surname, name.given) for name in listened.names}
    alone: set[tuple[str, ...]] = {(name.sound(part),) for name in listened.names}
    ranked = sorted(guesses, key=lambda guess: -guess.score)
    heard = [_listed(guess.text, whole) or _listed(guess.text, alone) for guess in ranked]
    best = heard[0] if heard else ()
    names = frozenset(
        name
        for name in listened.registered
        if best in ((name.surname, name.given), (name.sound(part),))
    )
    if not names:
        return NameEvidence("none")
    others = (guess.score for guess, sounds in zip(ranked, heard, strict=True) if sounds != best)
    margin = ranked[0].score - next(others, ranked[0].score - ALONE)
    agreement = agreement_of(best, free)
    sure = margin >= least_margin and agreement >= least_agreement
    return NameEvidence(
        "pass" if sure else "uncertain", names, margin, agreement, whole=len(best) > 1
    )


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
        confirmed=surname.confirmed or given.confirmed,
    )


def agreement_of(sounds: Sequence[str], free: Sequence[Guess]) -> float:
    """How likely a name (its parts as they sound) is among all that was heard without a list:
    its share of their likelihood, 0..1."""
    best = max((guess.score for guess in free), default=0.0)
    shares = [math.exp(guess.score - best) for guess in free]
    said = "".join(sounds)
    fits = [said in set(_pieces(guess.text)) for guess in free]
    return sum(share for share, fit in zip(shares, fits, strict=True) if fit) / (sum(shares) or 1)


def _pieces(text: str) -> Iterator[str]:
    """Everything between two spaces of ``text``, as it sounds: a name may be one word, several,
    or spelt."""
    words = text.split()
    for start, end in combinations(range(len(words) + 1), 2):
        if end - start <= _MOST_WORDS and all(map(is_kana, words[start:end])):
            yield level("".join(words[start:end]))


def _listed(text: str, known: set[tuple[str, ...]]) -> tuple[str, ...]:
    """The listed name in a hypothesis; empty where it has none, or two."""
    words = [level(word) if is_kana(word) else word for word in text.split()]
    sizes = {len(name) for name in known}
    found = {
        tuple(words[at : at + size])
        for size in sizes
        for at in range(len(words) - size + 1)
        if tuple(words[at : at + size]) in known
    }
    return found.pop() if len(found) == 1 else ()
