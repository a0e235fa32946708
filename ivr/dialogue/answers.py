"""What an answer means in the state that asked: pure, without deciding what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ivr.dialogue.call import Call, Counter
from ivr.dialogue.questions import is_keypad
from ivr.flow.flow import Flow
from ivr.flow.model import ChooseState, CollectState
from ivr.understanding import phrases, slots
from ivr.understanding.birthdate import Reading
from ivr.understanding.value import HeardName, Hypothesis, Understood, Value


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of a choose state's answers."""

    meaning: str


@dataclass(frozen=True, slots=True)
class Given:
    """A value for the slot. ``sure`` is the recogniser's doubt against the slot's policy;
    ``whole`` is false where only the surname of a full name was said."""

    value: Value
    sure: bool
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Partly:
    """A part of a birthdate; ``said``: all that was said of it so far. ``further``: it lacks less
    than before."""

    said: Reading
    further: bool


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Yes or no to a read-back."""

    yes: bool


@dataclass(frozen=True, slots=True)
class Commanded:
    """A global command."""

    command: str


@dataclass(frozen=True, slots=True)
class Led:
    """Straight to another state (a keypad menu, a state's own command)."""

    state: str


@dataclass(frozen=True, slots=True)
class Missed:
    """Nothing usable; ``counter`` says in which way."""

    counter: Counter


Answer = Chosen | Given | Partly | Confirmed | Commanded | Led | Missed

Asked = ChooseState | CollectState


def of_speech(
    flow: Flow, call: Call, state: Asked, hypotheses: Sequence[Hypothesis], today: date
) -> Answer:
    """What speech means. ``today`` is the date in Japan."""
    grammars = flow.grammars[call.language]
    if call.confirming is not None:
        verdict = phrases.meaning(grammars["yes_no"], hypotheses)
        if verdict in {"yes", "no"}:
            return Confirmed(verdict == "yes")
    elif isinstance(state, ChooseState) and state.grammar is not None:
        chosen = phrases.meaning(grammars[state.grammar], hypotheses)
        if chosen in state.choices:
            return Chosen(chosen)
    command = phrases.meaning(grammars["commands"], hypotheses)
    if command is not None and command in state.commands:
        return Led(state.commands[command])
    if command is not None and command in flow.file.commands:
        return Commanded(command)
    if isinstance(state, ChooseState):
        return Missed("no_match")
    slot = flow.file.slots[state.slot]
    if slot.type == "code":
        # Spoken aloud it could be overheard: a code is only ever taken from the keypad.
        return Missed("no_match")
    if slot.type == "birthdate" and state.missing is not None:
        return _of_date(flow, call, state, hypotheses, today)
    understood = slots.parse(
        slot.type,
        hypotheses,
        language=call.language,
        today=today,
        part=state.part,
        length=slot.length,
        held=call.confirming or call.slots.get(state.slot),
    )
    return _of_value(flow, state, understood)


def _of_date(
    flow: Flow, call: Call, state: CollectState, hypotheses: Sequence[Hypothesis], today: date
) -> Answer:
    """A birthdate, or a part of it after other parts."""
    held = call.said or Reading()
    yes_no = flow.grammars[call.language]["yes_no"]

    def after(before: Reading) -> tuple[Understood, Reading]:
        return slots.parse_date_part(hypotheses, language=call.language, today=today, held=before)

    understood, said = after(held)
    if said == held and call.said is not None and phrases.meaning(yes_no, hypotheses) == "no":
        # "Which month?" -- "No": what was heard before was wrong. 二 alone is February.
        return Missed("mismatch")
    if understood.value is not None or understood.status == "invalid" or said == held:
        return _of_value(flow, state, understood)
    if isinstance(call.confirming, str):
        # "March 5, is that right?" -- "April": read back once more.
        understood, _ = after(Reading.of(date.fromisoformat(call.confirming)))
        given = _of_value(flow, state, understood)
        return replace(given, sure=False) if isinstance(given, Given) else given
    return Partly(said, further=len(said.missing) < len(held.missing))


def of_keys(
    flow: Flow, call: Call, state: Asked, digits: str, finished_on: str, today: date
) -> Answer:
    """What keys mean; see ``ivr.dialogue.events.Pressed``."""
    if isinstance(state, CollectState) and is_keypad(flow, state) and call.confirming is None:
        if "*" in digits or finished_on == "*":
            return Led(state.menu) if state.menu else Commanded("repeat")
        entered = digits.replace("#", "")
        if not entered:
            return Missed("no_input")
        slot = flow.file.slots[state.slot]
        return _of_value(
            flow, state, slots.parse_keys(slot.type, entered, today=today, length=slot.length)
        )
    key = digits[:1] or finished_on
    if not key:
        return Missed("no_input")
    if call.confirming is not None and key in {"1", "2"}:
        return Confirmed(key == "1")
    if isinstance(state, ChooseState) and key in state.keys:
        return Chosen(state.keys[key])
    if key in flow.file.keys:
        return Commanded(flow.file.keys[key])
    if isinstance(state, CollectState) and state.on_digits and key.isdigit():
        return Led(state.on_digits)
    return Missed("no_match")


def _of_value(flow: Flow, state: CollectState, understood: Understood) -> Answer:
    """Whether a slot's value can be used, by the recogniser's doubt alone."""
    slot = flow.file.slots[state.slot]
    if understood.status == "invalid":
        return Missed("invalid")
    if understood.value is None or understood.status == "none":
        return Missed("no_match")
    if isinstance(understood.value, HeardName) and understood.reason == "given_missing":
        return Given(understood.value, sure=True, whole=False)
    sure = understood.status == "ok" and understood.confidence >= slot.unsure_below
    return Given(understood.value, sure=sure)
