"""Samples are tried by lint: against their own grammar, and against what else is listened for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from small_flow import Workshop, complaints

from ivr.flow.grammars import read_grammar
from ivr.flow.samples import misread

FLOW = "flows/small/flow.yaml"
CONSENT = "grammars/ja/consent.samples.yaml"
COMMANDS = "grammars/ja/commands.yaml"
SHIPPED = Path(__file__).parents[2] / "grammars"
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("say", "said"),
    [
        ("はい、でもあとで", "means nothing here"),
        ("いいえ", "means 'no' here"),
    ],
)
def test_a_sample_means_what_it_says(workshop: Workshop, say: str, said: str) -> None:
    workshop.edit(CONSENT, ("say: はい", f"say: {say}"))
    assert complaints("grammars/ja") == [f"{CONSENT}:4:11: '{say}' {said}"]


def test_no_grammar_steals_the_samples_of_another(workshop: Workshop) -> None:
    workshop.edit(COMMANDS, ("why: [なぜ]", "why: [なぜ, はい]"))
    (problem,) = (each for each in complaints(FLOW) if each.startswith(CONSENT))
    assert problem == (
        f"{CONSENT}:4:11: 'はい' means 'why' to the grammar commands in the state consent, which"
        " listens for both"
    )


def test_a_grammar_that_is_never_heard_beside_it_steals_nothing(workshop: Workshop) -> None:
    """yes_no answers read-backs; the consent is another state's."""
    workshop.edit("grammars/ja/yes_no.yaml", ("no: [いいえ]", "no: [いいえ, ええ]"))
    workshop.edit(CONSENT, ("say: はい", "say: ええ"))
    assert complaints(FLOW) == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_values_of_slots_are_tried_too(language: str) -> None:
    path = SHIPPED / language / "customer_number.yaml"
    reading = read_grammar(path)
    assert list(misread(path, reading, TODAY)) == []
    wrong = [each.model_copy(update={"value": "1"}) for each in reading.samples[:1]]
    (problem,) = misread(path, replace(reading, samples=tuple(wrong)), TODAY)
    assert problem.line == 4
    assert "is ok" in problem.message
