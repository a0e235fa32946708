"""Names compared in pairs, as text: what ``ivr compare-names`` and ``ivr evaluate`` do.

A registered name is furigana, surname and given name parted by a space; or one part alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ivr.understanding.compare import Comparison, Decision, compare
from ivr.understanding.ja import names, single_name
from ivr.understanding.names import Asked
from ivr.understanding.value import HeardName

#: What stands in for the part nobody asked about, the same on both sides.
_OTHER = "タロウ"
_RANK = {"pass": 2, "confirm": 1, "fail": 0}
_PARTS: dict[str, Asked] = {"surname": "surname", "given": "given"}


def compare_texts(heard: str, registered: str, *, part: str = "") -> Comparison:
    """Compare what was heard (kanji or kana) with registered furigana (``サトウ タロウ``).

    With one part registered only that part is compared: as a surname or a given name where
    ``part`` says so, otherwise as whichever fits better. Raises ``ValueError`` for furigana
    in more than two parts or none.
    """
    words = registered.split()
    if len(words) == 2:
        name = _heard(heard, "full")
        return _compare(name, words[0], words[1])
    if len(words) != 1:
        raise ValueError("furigana is one part, or a surname and a given name with a space between")
    parts = [_PARTS[part]] if part in _PARTS else _PARTS.values()
    found = [_one_part(heard, words[0], each) for each in parts]
    return max(found, key=lambda each: (_RANK[each.decision], each.score))


def _one_part(heard: str, kana: str, part: Asked) -> Comparison:
    name = _heard(heard, part)
    if part == "given":
        alone = replace(name, surname_text=_OTHER, surnames=(_OTHER,), wholes=())
        return _compare(alone, _OTHER, kana)
    alone = replace(name, given_text=_OTHER, givens=(_OTHER,), wholes=())
    return _compare(alone, kana, _OTHER)


def _compare(name: HeardName, surname: str, given: str) -> Comparison:
    return compare(name, surname="", given="", surname_kana=surname, given_kana=given)


@lru_cache(maxsize=65_536)
def _heard(text: str, part: Asked) -> HeardName:
    """The name in ``text``; an empty one where there is none. Remembered: pairs repeat."""
    found = names.parse(text, asked=part, confidence=1.0)
    if isinstance(found.value, HeardName):
        return found.value
    # Whoever compares names says that the text is one, though a caller would be asked back.
    return single_name.known_to_be_one(text, part)


@dataclass(frozen=True, slots=True)
class PairScore:
    """One comparison. ``same``: whether both are the same name, so that pass would be right."""

    kind: str
    same: bool
    heard: str
    registered: str
    decision: Decision
    score: float


def pair_scores(row: Mapping[str, Any]) -> Iterator[PairScore]:
    """The comparisons that a row of labelled names calls for; none where its shape is unknown.

    A name with its reading (``kanji``, ``kana``, ``role``), heard as kanji and as kana; many
    spellings with one reading (``kanji`` is a list); two different surnames (``a``, ``b``,
    ``kanji_a``, ``kanji_b``), each heard for the other.
    """
    kana, kanji, role = row.get("kana"), row.get("kanji"), str(row.get("role") or "surname")
    if isinstance(kana, str) and isinstance(kanji, (str, list)):
        spellings = [kanji] if isinstance(kanji, str) else kanji
        for spelling in spellings:
            yield _pair(f"{role}, heard as kanji", True, str(spelling), kana, role)
        yield _pair(f"{role}, heard as kana", True, kana, kana, role)
        if role == "full":
            yield _pair("full, run together", True, "".join(str(kanji).split()), kana, role)
    elif isinstance(row.get("a"), str) and isinstance(row.get("b"), str):
        for one, other in (("a", "b"), ("b", "a")):
            yield _pair("look-alike, heard as kana", False, row[one], row[other], "surname")
            spelt = row.get(f"kanji_{one}")
            if isinstance(spelt, str):
                yield _pair("look-alike, heard as kanji", False, spelt, row[other], "surname")


def _pair(kind: str, same: bool, heard: str, registered: str, part: str) -> PairScore:
    found = compare_texts(heard, registered, part=part)
    return PairScore(kind, same, heard, registered, found.decision, found.score)
