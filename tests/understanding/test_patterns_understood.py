"""What a recogniser is told to expect is understood, in the words that the grammar writes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ivr.flow.grammars import read_grammars
from ivr.understanding import slots
from ivr.understanding.grammar import Grammar
from ivr.understanding.ja import birthdate
from ivr.understanding.value import Hypothesis

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 22)
PARTS = {
    language: reading.grammar
    for language in ("ja", "en")
    for reading in read_grammars(ROOT / "grammars" / language)
    if reading.grammar is not None and reading.name == "birthdate_part"
}
#: What was said of a birthdate before, by what is asked for then.
HELD = {"year": "三月五日", "month": "昭和四十年", "day": "昭和四十年三月"}
#: The name itself is no part of the patterns of names: they are what is said around it.
PATTERNS = [
    reading.grammar
    for language in ("ja", "en")
    for reading in read_grammars(ROOT / "grammars" / language)
    if reading.grammar is not None
    and reading.grammar.spoken
    and reading.name not in ("name", "birthdate_part")
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


@pytest.mark.parametrize("language", ["ja", "en"])
def test_parts_of_a_birthdate_answer_some_question_for_them(language: str) -> None:
    def answers(text: str, before: str) -> bool:
        held = birthdate.read(before)
        assert held is not None
        found, said = slots.parse_date_part(
            [Hypothesis(text, 1.0)], language=language, today=TODAY, held=held
        )
        return found.value is not None or said != held

    misunderstood = []
    for sentence in PARTS[language].spoken:
        text = " ".join(word.partition("/")[0] for word in sentence.split())
        if not any(answers(text, before) for before in HELD.values()):
            misunderstood.append(text)
    assert misunderstood == []
