"""What a spoken name makes of the one who is registered: the rules of a call, in a table."""

from __future__ import annotations

import pytest

from ivr.dialogue.answers import Answer, Given, Missed
from ivr.identity.listened_names import FullName
from ivr.identity.name_evidence import NameEvidence
from ivr.understanding.value import HeardName
from ivr.wiring.name_trials import outcome

SATO, KATO = ("サトウ", "ハナコ"), ("カトウ", "ハナコ")


def name(surname: str) -> HeardName:
    return HeardName(f"{surname}ハナコ", surnames=(surname,), givens=("ハナコ",))


def sounds_like(surname: str, decision: str = "pass") -> NameEvidence:
    return NameEvidence(decision, frozenset({FullName(surname, "ハナコ")}), 4.0, 0.9)  # type: ignore[arg-type]


NOTHING_LIKE_IT = NameEvidence("none")


@pytest.mark.parametrize(
    ("registered", "heard", "evidence", "expected"),
    [
        (SATO, Given(name("サトウ"), sure=True), sounds_like("サトー"), "found"),
        (SATO, Given(name("サトウ"), sure=False), sounds_like("サトー"), "found"),
        (SATO, Given(name("サトウ"), sure=True), sounds_like("サトー", "uncertain"), "uncertain"),
        (SATO, Given(name("サトウ"), sure=True), NOTHING_LIKE_IT, "uncertain"),
        # Models that know no names by their reading have no such evidence.
        (SATO, Given(name("サトウ"), sure=True), None, "found"),
        (SATO, Given(name("カトウ"), sure=False), sounds_like("サトー"), "again"),
        (SATO, Given(name("スズキ"), sure=True), NOTHING_LIKE_IT, "nobody"),
        (SATO, Given(name("サトウ"), sure=True, whole=False), sounds_like("サトー"), "again"),
        (SATO, Missed("no_match"), None, "again"),
        (SATO, None, None, "again"),
        # サトウ says their name, and カトウ is registered.
        (KATO, Given(name("サトウ"), sure=True), NOTHING_LIKE_IT, "nobody"),
        (KATO, Given(name("カトウ"), sure=True), sounds_like("カトー"), "found"),
        (KATO, Given(name("カトウ"), sure=False), sounds_like("カトー"), "found_if_yes"),
        (KATO, Given(name("カトウ"), sure=False), NOTHING_LIKE_IT, "again"),
    ],
)
def test_what_becomes_of_a_name_that_sounds_like_sato(
    registered: tuple[str, str],
    heard: Answer | None,
    evidence: NameEvidence | None,
    expected: str,
) -> None:
    assert outcome(heard, evidence, said=SATO, registered=registered) == expected
