"""Which names a recogniser listens for once a birthdate is claimed.

A closed list helps it to hear the registered names, and flatters impostors: of a list with one
name, that name is heard. So every registered name stands beside others that sound like it, beside
common ones and beside decoys, and how many names there are says nothing: a birthdate that nobody
has gets as many, in clusters of the same shape (DESIGN.md "Deciding who someone is").
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256
from itertools import chain
from typing import Literal

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ivr.understanding.mora import distance, level, morae

Part = Literal["surname", "given"]
Asked = Literal["full", "surname", "given"]

#: Names with look-alikes of their own, registered ones and decoys together: a million customers
#: leave about 40 to a birthdate. Where more are registered, twice as many, and so on.
SEEDS = 48
#: Look-alikes of a name with another surname, and with another given name.
ALIKE = 4
#: Common surnames that are listened for whatever the birthdate.
COMMON = 64

_SIZES = 4  # bytes of one keyed number


def derive_decoy_key(index_key: bytes) -> bytes:
    """The key that decoys are chosen with, 32 bytes, derived from the index key (HKDF-SHA256,
    RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"honnin-ivr decoys v1").derive(
        index_key
    )


@dataclass(frozen=True, slots=True)
class FullName:
    """Surname and given name in katakana, as they sound (サトー ハナコ)."""

    surname: str
    given: str

    def sound(self, part: Part) -> str:
        """One part of it."""
        return self.surname if part == "surname" else self.given


@dataclass(frozen=True, slots=True)
class ListenedNames:
    """``names``: everything that is listened for. ``registered``: those that somebody with the
    claimed birthdate has; whether there are any must not show before the code is entered."""

    names: tuple[FullName, ...]
    registered: frozenset[FullName]

    def phrases(self, asked: Asked = "full") -> list[str]:
        """What a recogniser listens for where ``asked`` is: whole names, because people say them
        where a part was asked, too, and that part. Where the whole was asked, a surname alone
        would only take the place of names that are not listed."""
        whole = [f"{name.surname} {name.given}" for name in self.names]
        if asked == "full":
            return whole
        part = part_alone(asked)
        return list(dict.fromkeys((*whole, *(name.sound(part) for name in self.names))))


def part_alone(asked: Asked) -> Part:
    """Which part of a name a single word is where ``asked`` is."""
    return "given" if asked == "given" else "surname"


class NamePool:
    """Names to draw look-alikes and decoys from; most common first, as they sound."""

    def __init__(self, surnames: Sequence[str], givens: Sequence[str]) -> None:
        self.names: Mapping[Part, Sequence[str]] = {"surname": surnames, "given": givens}
        self._rank = {part: {n: at for at, n in enumerate(ns)} for part, ns in self.names.items()}
        self._near: Mapping[Part, Mapping[tuple[str, ...], list[str]]] = {
            part: _by_gaps(names) for part, names in self.names.items()
        }
        self.alike: Callable[[str, Part], tuple[str, ...]] = lru_cache(maxsize=65_536)(self._alike)

    def _alike(self, sound: str, part: Part) -> tuple[str, ...]:
        """``ALIKE`` names one mora from ``sound``, by turns the nearest and the most common."""
        near = self._near[part]
        found = {name for gap in _gaps(sound) for name in near.get(gap, ()) if name != sound}
        ranks = self._rank[part]
        common = sorted(found, key=ranks.__getitem__)
        nearest = sorted(common, key=lambda name: distance(sound, name))
        turns = dict.fromkeys(chain.from_iterable(zip(nearest, common, strict=True)))
        return tuple(turns)[:ALIKE]


class NameSelection:
    """Selects names for birthdates. The same birthdate gets the same decoys as long as the key
    is the same, so that trying again tells nothing."""

    def __init__(self, pool: NamePool, key: bytes) -> None:
        self._pool = pool
        self._key = key

    def select(self, birthdate: str | None, registered: Iterable[tuple[str, str]]) -> ListenedNames:
        """The names to listen for. ``birthdate`` is ISO, None where none was understood;
        ``registered`` are surname and given name (kana) of everybody who has it."""
        known = dict.fromkeys(FullName(level(one), level(other)) for one, other in registered)
        seeds = SEEDS
        while seeds < len(known):
            seeds *= 2
        size = seeds * (1 + 2 * ALIKE) + COMMON
        decoys = self._decoys(birthdate or "", 3 * size)
        found = dict.fromkeys(known)
        while len(found) < seeds:
            found[next(decoys)] = None
        for seed in list(found):
            found |= dict.fromkeys(self._like(seed))
        givens = self._pool.names["given"]
        for at, surname in enumerate(self._pool.names["surname"][:COMMON]):
            found[FullName(surname, givens[at % len(givens)])] = None
        while len(found) < size:
            found[next(decoys)] = None
        return ListenedNames(tuple(found)[:size], frozenset(known))

    def _like(self, name: FullName) -> Iterator[FullName]:
        for surname in self._pool.alike(name.surname, "surname"):
            yield FullName(surname, name.given)
        for given in self._pool.alike(name.given, "given"):
            yield FullName(name.surname, given)

    def _decoys(self, birthdate: str, most: int) -> Iterator[FullName]:
        """Names that the key and the birthdate choose, common ones more often."""
        seed = hmac.digest(self._key, f"decoys\0{birthdate}".encode(), "sha256")
        stream = shake_256(seed).digest(2 * most * _SIZES)
        for at in range(0, len(stream), 2 * _SIZES):
            surname = self._drawn("surname", stream[at : at + _SIZES])
            yield FullName(surname, self._drawn("given", stream[at + _SIZES : at + 2 * _SIZES]))
        raise ValueError("the pool has too few names for so many decoys")

    def _drawn(self, part: Part, number: bytes) -> str:
        names = self._pool.names[part]
        share = int.from_bytes(number) / (1 << 8 * _SIZES)
        return names[int(share * share * len(names))]


def _by_gaps(names: Iterable[str]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        for gap in _gaps(name):
            found.setdefault(gap, []).append(name)
    return found


def _gaps(sound: str) -> Iterator[tuple[str, ...]]:
    """The beats of a sound with one left out or replaced: what two names share that are one
    beat apart."""
    beats = morae(sound)
    yield beats
    for at in range(len(beats)):
        yield (*beats[:at], *beats[at + 1 :])
        yield (*beats[:at], "", *beats[at + 1 :])
