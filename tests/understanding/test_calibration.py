"""Confidences that become probabilities, from labelled utterances."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.calibration import (
    ANY,
    LEAST_EXAMPLES,
    Calibration,
    Evidence,
    Example,
    brier,
    evidence_of,
    fit,
)

NOTHING = Calibration({})
SHARES = st.floats(0, 1)
EVIDENCE = st.builds(Evidence, SHARES, SHARES, st.booleans())


def labelled(count: int, *, kind: str = "birthdate", seed: int = 1) -> list[Example]:
    """A recogniser that is far too sure of itself, but right where its hypotheses agree."""
    source = Random(seed)  # noqa: S311
    found = []
    for _ in range(count):
        sure, agreement = source.uniform(0.6, 1.0), source.uniform(0.2, 1.0)
        likely = 0.15 + 0.8 * agreement
        found.append(Example(kind, Evidence(sure, agreement, True), source.random() < likely))
    return found


@given(EVIDENCE)
def test_without_weights_a_confidence_is_what_it_is(evidence: Evidence) -> None:
    sure = min(max(evidence.confidence, 0.001), 0.999)
    assert NOTHING.probability("birthdate", evidence) == pytest.approx(sure)


@given(EVIDENCE, st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_a_probability_is_one_whatever_the_weights(
    evidence: Evidence, weights: list[float]
) -> None:
    one, two, three, four = weights
    found = Calibration({ANY: (one, two, three, four)}).probability("digits", evidence)
    assert 0 <= found <= 1


def test_fitting_makes_probabilities_of_confidences() -> None:
    examples = labelled(2000)
    calibration = fit(examples)
    fresh = labelled(4000, seed=2)
    assert brier(fresh, calibration) < 0.85 * brier(fresh, NOTHING)
    for low in (0.5, 0.7, 0.8):
        given = [
            (found, each.right)
            for each in fresh
            if low <= (found := calibration.probability(each.kind, each.evidence)) < low + 0.1
        ]
        mean = math.fsum(found for found, _ in given) / len(given)
        assert sum(right for _, right in given) / len(given) == pytest.approx(mean, abs=0.08)


def test_agreement_and_doubt_count() -> None:
    calibration = fit(labelled(2000))
    alone, agreed = (Evidence(0.9, share, True) for share in (0.3, 1.0))
    assert calibration.probability("birthdate", alone) < calibration.probability(
        "birthdate", agreed
    )
    doubtful = [Example("x", Evidence(0.9, 1.0, clear), clear) for clear in (True, False) * 200]
    weights = fit(doubtful)
    assert weights.probability("x", Evidence(0.9, 1.0, True)) > 0.9
    assert weights.probability("x", Evidence(0.9, 1.0, False)) < 0.1


def test_a_kind_has_weights_of_its_own_where_enough_is_known() -> None:
    many = labelled(LEAST_EXAMPLES)
    few = labelled(LEAST_EXAMPLES - 1, kind="yes_no")
    calibration = fit([*many, *few])
    assert set(calibration.weights) == {ANY, "birthdate"}
    evidence = Evidence(0.8, 0.5, True)
    assert calibration.probability("yes_no", evidence) == evidence.probability(
        calibration.weights[ANY]
    )


def test_few_examples_change_little() -> None:
    evidence = Evidence(0.8, 1.0, True)
    assert fit([]).probability("x", evidence) == pytest.approx(0.8)
    wrong = fit([Example("x", evidence, False)])
    assert 0.5 < wrong.probability("x", evidence) < 0.8


@pytest.mark.parametrize("right", [True, False])
def test_examples_that_are_all_alike_end_somewhere(right: bool) -> None:
    examples = [Example("x", Evidence(1.0, 1.0, True), right)] * 500
    found = fit(examples).probability("x", Evidence(1.0, 1.0, True))
    assert abs(found - right) < 0.05


@pytest.mark.parametrize(
    ("hypotheses", "expected"),
    [
        ([], Evidence(0.0, 0.0, True)),
        ([("a", 0.5)], Evidence(0.5, 1.0, True)),
        ([("a", 0.5), ("b", 0.25), ("a", 0.25)], Evidence(0.5, 0.75, True)),
        ([("a", 0.0), ("b", 0.0)], Evidence(0.0, 0.0, True)),
        ([("a", 0.6), (None, 0.4)], Evidence(0.6, 0.6, True)),
        ([(None, 0.6), ("a", 0.2), ("b", 0.2)], Evidence(0.2, 0.2, True)),
        ([("b", 1.0)], Evidence(0.0, 0.0, True)),
    ],
)
def test_agreement_is_by_what_hypotheses_mean(
    hypotheses: list[tuple[object, float]], expected: Evidence
) -> None:
    assert evidence_of("a", hypotheses, clear=True) == expected


def test_a_file_is_read_as_it_was_written() -> None:
    calibration = fit(labelled(300))
    assert Calibration.from_json(calibration.to_json()) == calibration
    assert '"agreement":' in calibration.to_json()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Expecting value"),
        ("[" * 100_000, "brackets in brackets"),
        ("[]", "no calibration of version 1"),
        ('{"version": 2}', "no calibration of version 1"),
        ('{"version": 1, "weights": {"any": {"constant": 1}}}', "needs the numbers constant, "),
        ('{"version": 1, "weights": {"any": []}}', "needs the numbers"),
        (
            '{"version": 1, "weights": {"any": {"constant": true, "confidence": 1,'
            ' "agreement": 0, "clear": 0}}}',
            "needs the numbers",
        ),
    ],
)
def test_a_file_that_is_no_calibration_says_why(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Calibration.from_json(text)
