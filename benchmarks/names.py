"""How fast two names are compared, and what passes that should not. A measurement, not a test.

Run with ``python benchmarks/names.py`` from the project's folder. Names are drawn from the
dictionary's own surnames and given names, as kana and as kanji; nothing else is read. rapidfuzz's
ratio on the same readings stands beside it in the same run: faster, and no judge of names.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from rapidfuzz import fuzz

from ivr.understanding.compare import compare
from ivr.understanding.ja import names
from ivr.understanding.ja.sudachi import core
from ivr.understanding.mora import level
from ivr.understanding.value import HeardName

_PAIRS = 1_000_000
_TIMED = 20_000
_KANJI = 20_000
_SEED = 5
_RATIO = 85.0

Name = tuple[str, str, str, str]


def listed() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Surnames and given names of the dictionary: spelling and katakana reading."""
    found: dict[str, list[tuple[str, str]]] = {"姓": [], "名": []}
    for entry in core().entries():
        tag = entry.part_of_speech()[3]
        if tag in found:
            found[tag].append((entry.surface(), entry.reading_form()))
    return sorted(set(found["姓"])), sorted(set(found["名"]))


def drawn(count: int, chance: random.Random) -> list[Name]:
    """Made-up people: surname and given name, each with its reading, all readings kana."""
    surnames, givens = listed()
    people: list[Name] = []
    while len(people) < count:
        (surname, surname_kana), (given, given_kana) = (
            chance.choice(surnames),
            chance.choice(givens),
        )
        if level(surname_kana) and level(given_kana):
            people.append((surname, given, surname_kana, given_kana))
    return people


def look_alikes(people: Sequence[Name]) -> Iterator[tuple[Name, Name]]:
    """People beside somebody of the same given name whose surname begins differently."""
    by_tail: dict[str, Name] = {}
    for one in people:
        sound = level(one[2])
        other = by_tail.setdefault(sound[1:], one)
        if level(other[2]) != sound and len(sound) > 2:
            yield one, (other[0], one[1], other[2], one[3])


def as_kana(person: Name) -> HeardName:
    """The name as a kana model hears it."""
    _, _, surname, given = person
    return HeardName(surname + given, surname, given, (surname,), (given,), (surname + given,))


def decision(heard: HeardName, person: Name) -> str:
    surname, given, surname_kana, given_kana = person
    return compare(
        heard, surname=surname, given=given, surname_kana=surname_kana, given_kana=given_kana
    ).decision


def microseconds(
    call: Callable[[HeardName, Name], object], pairs: Sequence[tuple[HeardName, Name]]
) -> float:
    """Processor time of one call: the median of five rounds over ``pairs``."""
    rounds = []
    for _ in range(5):
        begun = time.process_time()
        for heard, person in pairs:
            call(heard, person)
        rounds.append((time.process_time() - begun) / len(pairs) * 1e6)
    return statistics.median(rounds)


def _ratio(heard: HeardName, person: Name) -> bool:
    return fuzz.ratio(heard.text, person[2] + person[3]) >= _RATIO


def _same(one: Name, other: Name) -> bool:
    return level(one[2] + one[3]) == level(other[2] + other[3])


def main() -> None:
    chance = random.Random(_SEED)  # noqa: S311
    people = drawn(_PAIRS, chance)
    passed = confirmed = fuzzy = strangers = 0
    for one, other in pairwise([*people, people[0]]):
        if _same(one, other):
            continue
        strangers += 1
        heard = as_kana(one)
        found = decision(heard, other)
        passed += found == "pass"
        confirmed += found == "confirm"
        fuzzy += _ratio(heard, other)
    print(f"strangers heard as kana: {strangers} pairs, {passed} pass, {confirmed} confirm;")
    print(f"  rapidfuzz ratio >= {_RATIO:.0f}: {fuzzy} accepted")

    pairs = list(look_alikes(people[:_KANJI]))
    alike = [decision(as_kana(one), other) for one, other in pairs]
    fuzzy = sum(_ratio(as_kana(one), other) for one, other in pairs)
    print(f"surnames that differ in their first kana: {len(pairs)} pairs, {_counts(alike)};")
    print(f"  rapidfuzz ratio >= {_RATIO:.0f}: {fuzzy} accepted")

    written = []
    for person in people[:_KANJI]:
        found_name = names.parse(person[0] + person[1], asked="full", confidence=1.0).value
        if isinstance(found_name, HeardName):
            written.append((found_name, person))
    own = [decision(heard, person) for heard, person in written]
    others = [
        decision(heard, other)
        for (heard, one), (_, other) in pairwise(written)
        if not _same(one, other)
    ]
    print(f"own name heard as kanji: {len(written)} of {_KANJI} understood,", _counts(own))
    print(f"strangers heard as kanji: {len(others)} pairs,", _counts(others))

    fresh = [(as_kana(one), other) for one, other in pairwise(people[:_TIMED])]
    kanji = [(heard, other) for (heard, _), (_, other) in pairwise(written)]
    print(
        f"compare, kana, strangers: {microseconds(decision, fresh):.1f} µs (rapidfuzz ratio "
        f"{microseconds(_ratio, fresh):.1f} µs)"
    )
    print(f"compare, kanji, strangers: {microseconds(decision, kanji):.1f} µs")
    same = [(as_kana(person), person) for person in people[:_TIMED]]
    print(f"compare, kana, the same name: {microseconds(decision, same):.1f} µs")


def _counts(decisions: Sequence[str]) -> str:
    return ", ".join(f"{decisions.count(each)} {each}" for each in ("pass", "confirm", "fail"))


if __name__ == "__main__":
    main()
