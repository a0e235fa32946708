"""What is heard among listened names, weighed: near is never pass, and the list is not believed."""

from __future__ import annotations

import math

import pytest

from ivr.identity.listened_names import Asked, FullName, ListenedNames
from ivr.identity.name_evidence import (
    ALONE,
    LEAST_AGREEMENT,
    Guess,
    NameEvidence,
    agreement_of,
    merge,
    weigh,
)

SATO, SAITO, ONO = (
    FullName("サトー", "ハナコ"),
    FullName("サイトー", "ハナコ"),
    FullName("オノ", "ケンジ"),
)
LISTED = ListenedNames((SATO, SAITO, ONO, FullName("サトー", "ハルコ")), frozenset((SATO, ONO)))
#: As a model hears it that knows the words, and one that has to spell them.
FREE = [("さとう はなこ です", 9.0), ("さ とー は な こ です", 8.0), ("かとう はなこ です", 7.0)]


def guessed(*guesses: tuple[str, float]) -> list[Guess]:
    return [Guess(*each) for each in guesses]


def evidence(
    guesses: list[tuple[str, float]], free: list[tuple[str, float]] | None = None
) -> NameEvidence:
    return weigh(LISTED, guessed(*guesses), guessed(*(FREE if free is None else free)))


@pytest.mark.parametrize(
    ("guesses", "decision", "margin"),
    [
        ([("サトー ハナコ です", 20.0)], "pass", ALONE),
        ([("サトー ハナコ", 20.0), ("サイトー ハナコ", 16.0)], "pass", 4.0),
        ([("えーと さとう はなこ です", 20.0), ("サイトー ハナコ", 16.0)], "pass", 4.0),
        ([("サトー ハナコ", 20.0), ("サイトー ハナコ", 19.7)], "uncertain", 0.3),
        ([("サイトー ハナコ", 19.7), ("サトー ハナコ", 20.0)], "uncertain", 0.3),
        ([("サトー ハナコ", 20.0), ("サトー はな", 19.7)], "uncertain", 0.3),
        ([("サトー ハナコ", 20.0), ("[unk]", 19.7)], "uncertain", 0.3),
        ([("サトー ハナコ", 20.0), ("サトー ハナコ です", 19.9)], "pass", ALONE),
    ],
)
def test_a_registered_name_has_to_be_heard_clearly(
    guesses: list[tuple[str, float]], decision: str, margin: float
) -> None:
    found = evidence(guesses)
    assert (found.decision, found.names, found.whole) == (decision, frozenset({SATO}), True)
    assert found.margin == pytest.approx(margin)


@pytest.mark.parametrize(
    "guesses",
    [
        [],
        [("", 20.0)],
        [("サイトー ハナコ", 20.0), ("サトー ハナコ", 19.9)],
        [("サトー ハルコ", 20.0), ("サトー ハナコ", 19.9)],
        [("[unk]", 20.0), ("サトー ハナコ", 1.0)],
        [("サトー ハナコ オノ ケンジ", 20.0)],
        [("ハナコ", 20.0)],
        [("佐藤 花子", 20.0)],
    ],
)
def test_anything_else_heard_best_is_no_evidence(guesses: list[tuple[str, float]]) -> None:
    assert evidence(guesses) == NameEvidence("none")


@pytest.mark.parametrize("text", ["サトー", "サトー です", "サトー ケンジ"])
def test_a_surname_alone_is_a_part(text: str) -> None:
    found = evidence([(text, 20.0)])
    assert (found.names, found.whole) == (frozenset({SATO}), False)


@pytest.mark.parametrize(
    "free",
    [
        [],
        [("[unk]", 9.0)],
        [("", 9.0)],
        [("いまい らの", 9.0)],
        [("さとう", 9.0)],
        [("かとう はなこ", 9.0), ("さとう はなこ", 7.0)],
    ],
)
def test_without_the_list_it_has_to_be_heard_too(free: list[tuple[str, float]]) -> None:
    found = evidence([("サトー ハナコ", 20.0)], free)
    assert found.decision == "uncertain"
    assert found.agreement < LEAST_AGREEMENT


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["さとう はなこ"], 1.0),
        (["サトウ ハナコ です"], 1.0),
        (["さ と う はな こ です"], 1.0),
        (["さとうはなこ"], 1.0),
        (["わたくし さとう はなこ と もうします"], 1.0),
        (["さとう はなこ", "かとう はなこ"], 0.5),
        (["さとうはなこです"], 0.0),
        (["佐藤 花子"], 0.0),
        ([], 0.0),
    ],
)
def test_agreement_is_a_share_of_the_likelihood(texts: list[str], expected: float) -> None:
    free = guessed(*((text, -3000.0) for text in texts))
    assert agreement_of(("サトー", "ハナコ"), free) == pytest.approx(expected)


def test_likelier_hypotheses_have_a_larger_share() -> None:
    free = guessed(("かとう はなこ", 2.0), ("さとう はなこ", 1.0))
    assert agreement_of(("サトー", "ハナコ"), free) == pytest.approx(1 / (1 + math.e))


def test_parts_said_one_by_one_are_weighed_and_merged() -> None:
    surname = weigh(LISTED, guessed(("サトー です", 9.0)), guessed(FREE[0]), asked="surname")
    assert (surname.decision, surname.names) == ("pass", frozenset({SATO}))
    heard = guessed(("ハナコ", 9.0), ("ハルコ", 8.8))
    given = weigh(LISTED, heard, guessed(FREE[0]), asked="given")
    assert (given.decision, given.whole) == ("uncertain", False)
    both = merge(surname, given)
    assert (both.decision, both.names, both.whole) == ("uncertain", frozenset({SATO}), True)
    assert both.margin == pytest.approx(0.2)
    other = weigh(LISTED, guessed(("ケンジ", 9.0)), guessed(("けんじ", 1.0)), asked="given")
    assert (other.decision, other.names) == ("pass", frozenset({ONO}))
    assert merge(surname, other) == NameEvidence("none")


@pytest.mark.parametrize("asked", ["surname", "given"])
def test_whoever_says_the_whole_name_where_a_part_was_asked_is_understood(asked: Asked) -> None:
    heard, free = guessed(("サトー ハナコ", 9.0)), guessed(FREE[0])
    found = weigh(LISTED, heard, free, asked=asked)
    assert (found.decision, found.names, found.whole) == ("pass", frozenset({SATO}), True)


def test_thresholds_are_for_ops_to_set() -> None:
    guesses = guessed(("サトー ハナコ", 20.0), ("サイトー ハナコ", 18.0))
    free = guessed(*FREE)
    assert weigh(LISTED, guesses, free, least_margin=2.1).decision == "uncertain"
    assert weigh(LISTED, guesses, free, least_agreement=1.1).decision == "uncertain"
    assert weigh(LISTED, guesses, free).decision == "pass"
