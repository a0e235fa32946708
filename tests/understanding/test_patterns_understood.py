"""What a recogniser is told to expect is understood, in the words that the grammar writes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ivr.flow.grammars import read_grammars
from ivr.understanding import slots
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import Hypothesis

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 22)
#: The name itself is no part of the patterns of names: they are what is said around it.
PATTERNS = [
    reading.grammar
    for language in ("ja", "en")
    for reading in read_grammars(ROOT / "grammars" / language)
    if reading.grammar is not None and reading.grammar.spoken and reading.name != "name"
]
#: A part of a date alone, days that no month has, numbers that nobody has.
NO_FAULT_OF_THE_WORDS = {
    "year_missing", "month_missing", "day_missing", "era_mismatch", "too_old", "future",
    "impossible_date", "no_such_number", "wrong_length", "zero_missing", "shared_number",
}  # fmt: skip


def test_there_are_patterns_in_both_languages() -> None:
    assert {grammar.language for grammar in PATTERNS} == {"ja", "en"}


@pytest.mark.parametrize("grammar", PATTERNS, ids=lambda each: f"{each.language}-{each.name}")
def test_sentences_of_patterns_are_understood(grammar: Grammar) -> None:
    misunderstood = []
    for sentence in grammar.spoken:
        text = " ".join(word.partition("/")[0] for word in sentence.split())
        found = slots.parse(
            grammar.name, [Hypothesis(text, 1.0)], language=grammar.language, today=TODAY
        )
        if found.status != "ok" and found.reason not in NO_FAULT_OF_THE_WORDS:
            misunderstood.append((text, found.reason))
    assert misunderstood == []
