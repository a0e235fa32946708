"""What is heard among listened names, weighed: near is never pass, and the list is not believed."""

from __future__ import annotations

import pytest

from ivr.identity.listened_names import FullName, ListenedNames
from ivr.identity.name_evidence import ALONE, Guess, NameEvidence, agreement_of, merge, weigh

SATO, SAITO, ONO = (
    FullName("サトー", "ハナコ"),
    FullName("サイトー", "ハナコ"),
    FullName("オノ", "ケンジ"),
)
LISTED = ListenedNames((SATO, SAITO, ONO, FullName("サトー", "ハルコ")), frozenset((SATO, ONO)))
FREE = ["さ と はな こ で す"]


def evidence(guesses: list[tuple[str, float]], free: list[str] | None = None) -> NameEvidence:
    return weigh(LISTED, [Guess(*each) for each in guesses], FREE if free is None else free)


@pytest.mark.parametrize(
    ("guesses", "decision", "margin"),
    [
        ([("サトー ハナコ です", 20.0)], "pass", ALONE),
        ([("サトー ハナコ", 20.0), ("サイトー ハナコ", 16.0)], "pass", 4.0),
        ([("えーと さとう はなこ です", 20.0), ("サイトー ハナコ", 16.0)], "pass", 4.0),
        ([("サトー ハナコ", 20.0), ("サイトー ハナコ", 18.0)], "uncertain", 2.0),
        ([("サイトー ハナコ", 18.0), ("サトー ハナコ", 20.0)], "uncertain", 2.0),
        ([("サトー ハナコ", 20.0), ("サトー はな", 18.0)], "uncertain", 2.0),
        ([("サトー ハナコ", 20.0), ("[unk]", 18.0)], "uncertain", 2.0),
        ([("サトー ハナコ", 20.0), ("サトー ハナコ です", 19.9)], "pass", ALONE),
    ],
)
def test_a_registered_name_has_to_be_heard_clearly(
    guesses: list[tuple[str, float]], decision: str, margin: float
) -> None:
    found = evidence(guesses)
    assert (found.decision, found.names) == (decision, frozenset({SATO}))
    assert found.margin == pytest.approx(margin)


@pytest.mark.parametrize(
    "guesses",
    [
        [],
        [("", 20.0)],
        [("サイトー ハナコ", 20.0), ("サトー ハナコ", 19.9)],
        [("サトー ハルコ", 20.0)],
        [("サトー", 20.0)],
        [("[unk]", 20.0), ("サトー ハナコ", 1.0)],
        [("サトー ハナコ オノ ケンジ", 20.0)],
        [("ハナコ サトー", 20.0)],
        [("佐藤 花子", 20.0)],
    ],
)
def test_anything_else_heard_best_is_no_evidence(guesses: list[tuple[str, float]]) -> None:
    assert evidence(guesses) == NameEvidence("none")


@pytest.mark.parametrize("free", [[], ["[unk]"], [""], ["い ま み ら の"], ["さ と"]])
def test_without_the_list_it_has_to_sound_like_it(free: list[str]) -> None:
    found = evidence([("サトー ハナコ", 20.0)], free)
    assert found.decision == "uncertain"
    assert found.agreement < 0.65


def test_the_best_of_what_was_heard_freely_counts() -> None:
    found = evidence([("サトー ハナコ", 20.0)], ["い ま", "さ とー は な こ"])
    assert (found.decision, found.agreement) == ("pass", 1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("サトーハナコ", 1.0),
        ("さ と う は な こ で す", 1.0),
        ("えー と さ とー は な こ と もー し ま す", 1.0),
        ("さ と はな こ", 0.9),
        ("さ とー は ま こ", 1 - 0.5 / 6),
        ("", 1 - 5.6 / 6),
    ],
)
def test_agreement_is_by_beats_wherever_they_are(text: str, expected: float) -> None:
    assert agreement_of("サトーハナコ", text) == pytest.approx(expected)


def test_parts_said_one_by_one_are_weighed_and_merged() -> None:
    surname = weigh(LISTED, [Guess("サトー です", 9.0)], ["さ と"], asked="surname")
    assert (surname.decision, surname.names) == ("pass", frozenset({SATO}))
    given = weigh(LISTED, [Guess("ハナコ", 9.0), Guess("ハルコ", 8.0)], ["はなこ"], asked="given")
    assert given.decision == "uncertain"
    both = merge(surname, given)
    assert (both.decision, both.names, both.margin) == ("uncertain", frozenset({SATO}), 1.0)
    other = weigh(LISTED, [Guess("ケンジ", 9.0)], ["けんじ"], asked="given")
    assert (other.decision, other.names) == ("pass", frozenset({ONO}))
    assert merge(surname, other) == NameEvidence("none")


def test_thresholds_are_for_ops_to_set() -> None:
    guesses = [Guess("サトー ハナコ", 20.0), Guess("サイトー ハナコ", 18.0)]
    assert weigh(LISTED, guesses, FREE, least_margin=1.0).decision == "pass"
    assert weigh(LISTED, guesses, FREE, least_margin=1.0, least_agreement=1.1).decision == (
        "uncertain"
    )
