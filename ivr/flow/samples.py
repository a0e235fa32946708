"""Sample utterances tried: each means what it says, and nothing else where it may be said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ivr.errors import Problem
from ivr.flow.flow import Flow
from ivr.flow.grammars import NOTHING, GrammarReading, NameValue, Sample, read_grammars, twin_of
from ivr.flow.model import ChooseState, CollectState
from ivr.flow.source import read_yaml
from ivr.flow.suggestion import shown
from ivr.understanding import slots
from ivr.understanding.grammar import Grammar
from ivr.understanding.mora import level
from ivr.understanding.phrases import meaning
from ivr.understanding.slot_types import SLOT_TYPES
from ivr.understanding.value import HeardName, Hypothesis, Understood

#: Grammars that answer a read-back, and that are heard in every state.
_READ_BACK, _COMMANDS = "yes_no", "commands"


def misread(path: Path, reading: GrammarReading, today: date) -> Iterator[Problem]:
    """Samples of the grammar at ``path`` that its grammar takes for something else. ``today``
    is the day of samples that have none."""
    if reading.grammar is None:
        return
    for index, sample in enumerate(reading.samples):
        found = _told(reading.grammar, sample, today)
        if not _is_right(sample, found):
            yield _problem(path, index, f"{shown(sample.say)} {_as_words(found)} here")


def stolen(flow: Flow, grammars_dir: Path, today: date) -> Iterator[Problem]:
    """Samples that mean something else to another grammar in a state of ``flow`` that listens
    for both."""
    for language in flow.file.languages:
        folder = grammars_dir / language
        readings = {each.name: each for each in read_grammars(folder) if each.grammar is not None}
        pairs = {
            (owner, thief): state
            for state, names in reversed(list(_together(flow)))
            for owner in names
            for thief in names
            if owner != thief and {owner, thief} <= readings.keys()
        }
        for (owner, thief), state in sorted(pairs.items()):
            other = readings[thief].grammar
            for index, sample in enumerate(readings[owner].samples):
                if NOTHING in (sample.means, sample.value) or other is None:
                    continue
                found = _told(other, sample, today)
                if found in (None, sample.means) or (
                    isinstance(found, Understood) and found.value is None
                ):
                    continue
                message = (
                    f"{shown(sample.say)} {_as_words(found)} to the grammar {thief} in the state"
                    f" {state}, which listens for both"
                )
                yield _problem(folder / f"{owner}.yaml", index, message)


def _together(flow: Flow) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Which grammars are listened for at the same time, by state."""
    for name, state in flow.file.states.items():
        if not isinstance(state, ChooseState | CollectState) or not state.listen.speech:
            continue
        if isinstance(state, CollectState):
            yield name, (flow.file.slots[state.slot].type, _COMMANDS)
            if state.confirm is not None:
                yield name, (_READ_BACK, _COMMANDS)
        elif state.grammar is not None:
            yield name, (state.grammar, _COMMANDS)


def _told(grammar: Grammar, sample: Sample, today: date) -> str | Understood | None:
    """What a grammar makes of a sample: a meaning, or a value of the slot it is called after."""
    said = [Hypothesis(sample.say, 1.0)]
    if grammar.name not in SLOT_TYPES:
        return meaning(grammar, said)
    return slots.parse(grammar.name, said, language=grammar.language, today=sample.today or today)


def _is_right(sample: Sample, found: str | Understood | None) -> bool:
    if not isinstance(found, Understood):
        return (found or NOTHING) == (sample.means or sample.value)
    if sample.value == NOTHING:
        return found.status != "ok"
    if isinstance(sample.value, NameValue):
        return found.status == "ok" and _is_name(sample.value, found.value)
    return (found.status, found.value) == ("ok", sample.value)


def _is_name(wanted: NameValue, found: object) -> bool:
    if not isinstance(found, HeardName):
        return False
    if wanted.surname.isascii():
        return (found.surname_text, found.given_text) == (wanted.surname, wanted.given)
    parts = ((wanted.surname, found.surnames), (wanted.given, found.givens))
    return all(level(one) in map(level, readings) for one, readings in parts)


def _as_words(found: str | Understood | None) -> str:
    """Codes only where a value was understood: a grammar's own samples may be anybody's."""
    if isinstance(found, Understood):
        return f"is {found.status}{f' ({found.reason})' if found.reason else ''}"
    return "means nothing" if found is None else f"means {shown(found)}"


def _problem(path: Path, index: int, message: str) -> Problem:
    return read_yaml(twin_of(path)).problem(("samples", index, "say"), message)
