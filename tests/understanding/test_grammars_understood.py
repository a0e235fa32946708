"""The shipped grammars: every sample means what it says, and no grammar steals another's."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from ivr.flow.grammars import NOTHING, GrammarReading, NameValue, Sample, read_grammars
from ivr.understanding import slots
from ivr.understanding.grammar import Grammar
from ivr.understanding.mora import level
from ivr.understanding.phrases import meaning
from ivr.understanding.value import HeardName, Hypothesis, Understood

GRAMMARS = Path(__file__).parents[2] / "grammars"
TODAY = date(2026, 11, 22)
LANGUAGES = ("ja", "en")
CHOICES = ("yes_no", "consent", "ready", "code_help")
SLOTS = (
    "birthdate",
    "name",
    "code",
    "address",
    "phone_number",
    "customer_number",
    "email_address",
)
SPOKEN = tuple(slot for slot in SLOTS if slot != "code")


@cache
def readings(language: str) -> dict[str, GrammarReading]:
    return {reading.name: reading for reading in read_grammars(GRAMMARS / language)}


def grammar_of(language: str, name: str) -> Grammar:
    grammar = readings(language)[name].grammar
    assert grammar is not None
    return grammar


def samples(*names: str) -> list[tuple[str, str, Sample]]:
    return [
        (language, name, sample)
        for language in LANGUAGES
        for name in names
        for sample in readings(language)[name].samples
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_grammar_files_are_sound_and_complete(language: str) -> None:
    assert set(readings(language)) == {*CHOICES, *SLOTS, "birthdate_part", "commands"}
    problems = [problem for reading in readings(language).values() for problem in reading.problems]
    assert problems == []


@pytest.mark.parametrize("name", [*CHOICES, "commands"])
def test_both_languages_have_the_same_meanings(name: str) -> None:
    one, other = (set(grammar_of(language, name).meanings) for language in LANGUAGES)
    assert one == other


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*CHOICES, "commands"])
def test_every_meaning_has_a_sample_and_something_is_refused(language: str, name: str) -> None:
    said = {sample.means for sample in readings(language)[name].samples}
    assert said == {*grammar_of(language, name).meanings, NOTHING}


@pytest.mark.parametrize(("language", "name", "sample"), samples(*CHOICES, "commands"))
def test_every_sample_means_what_it_says(language: str, name: str, sample: Sample) -> None:
    found = meaning(grammar_of(language, name), [Hypothesis(sample.say)])
    assert (found or NOTHING) == sample.means


@pytest.mark.parametrize(("language", "name", "sample"), samples(*SLOTS))
def test_every_slot_sample_has_its_value(language: str, name: str, sample: Sample) -> None:
    found = slots.parse(
        name, [Hypothesis(sample.say, 1.0)], language=language, today=sample.today or TODAY
    )
    if sample.value == NOTHING:
        assert found.status != "ok"
    elif isinstance(sample.value, NameValue):
        assert is_name(found, sample.value.surname, sample.value.given)
    else:
        assert (found.status, found.value) == ("ok", sample.value)


def is_name(found: Understood, surname: str, given: str) -> bool:
    assert found.status == "ok"
    assert isinstance(found.value, HeardName)
    if surname.isascii():
        return (found.value.surname_text, found.value.given_text) == (surname, given)
    heard = ({*map(level, found.value.surnames)}, {*map(level, found.value.givens)})
    return level(surname) in heard[0] and level(given) in heard[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CHOICES)
def test_no_choice_steals_a_command_and_no_command_a_choice(language: str, name: str) -> None:
    stolen = []
    for owner, thief in ((name, "commands"), ("commands", name)):
        for sample in readings(language)[owner].samples:
            found = meaning(grammar_of(language, thief), [Hypothesis(sample.say)])
            if sample.means != NOTHING and found not in {None, sample.means}:
                stolen.append((owner, sample.say, found))
    assert stolen == []


@pytest.mark.parametrize(("language", "name", "sample"), samples(*SPOKEN))
def test_no_command_steals_an_answer(language: str, name: str, sample: Sample) -> None:
    if sample.value != NOTHING:
        assert meaning(grammar_of(language, "commands"), [Hypothesis(sample.say)]) is None


@pytest.mark.parametrize(("language", "name", "sample"), samples("commands"))
def test_no_slot_takes_a_command_for_its_answer(language: str, name: str, sample: Sample) -> None:
    if sample.means != NOTHING:
        for slot_type in SPOKEN:
            heard = [Hypothesis(sample.say, 1.0)]
            found = slots.parse(slot_type, heard, language=language, today=TODAY)
            assert found.value is None, slot_type


@pytest.mark.parametrize("text", ["大丈夫です", "結構です", "いいです"])
@pytest.mark.parametrize("name", [*CHOICES, "commands"])
def test_words_that_mean_yes_and_no_mean_neither(text: str, name: str) -> None:
    assert meaning(grammar_of("ja", name), [Hypothesis(text)]) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_recognisers_get_few_and_short_hints(language: str) -> None:
    # Twilio takes 500 hints of up to 100 characters each (voice/twiml/gather, "hints").
    for name in readings(language):
        hints = grammar_of(language, name).hints
        assert len(hints) <= 60
        assert all(len(hint) <= 100 for hint in hints)
