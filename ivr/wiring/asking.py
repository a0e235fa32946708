"""The places of a flow in which spoken answers of each slot are given, and what becomes of them."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from ivr.dialogue import questions
from ivr.dialogue.answers import Answer, Commanded, Confirmed, Given, Led, Missed
from ivr.dialogue.call import Call
from ivr.dialogue.machine import new_call
from ivr.errors import HearingError
from ivr.flow.flow import Flow
from ivr.flow.model import CollectState, Slot
from ivr.understanding.value import HeardName
from ivr.wiring.name_trials import is_name
from ivr.wiring.spoken_answers import SpokenAnswer

#: ``unclear``: a value that is read back, or a part of one; it may be the right one.
#: ``no_match``: the caller is asked again. ``wrong``: something else is taken for said.
Verdict = Literal["right", "unclear", "no_match", "wrong"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_DIGITS = "evaluated_digits"
_NUMBER_LENGTH = 8
#: A date that a question about right and wrong reads back.
_READ_BACK = "1985-03-05"
_FIRST_BORN, _BORN_WITHIN = date(1940, 1, 1), 20_000


class Asking:
    """The places of a flow in which answers of each slot are given."""

    def __init__(self, flow: Flow, language: str, at: datetime) -> None:
        """
        Raises:
            HearingError: the flow does not ask for a birthdate and a name by speech.
        """
        self.flow = _with_digits(flow)
        self._fresh = replace(new_call(self.flow, at, language), turn=1)

    def call(self, answer: SpokenAnswer) -> Call:
        """A call that is asked what ``answer`` answers.

        Raises:
            HearingError: it is a command that the flow does not know.
        """
        birthdate, asks = _collecting(self.flow, "birthdate")
        match answer.slot:
            case "birthdate":
                return self._in(birthdate)
            case "name":
                call = self._in(_collecting(self.flow, "name")[0])
                return replace(call, slots={asks.slot: _born(answer).isoformat()})
            case "digits":
                return self._in(_DIGITS)
            case "command" if answer.expected not in self.flow.file.commands:
                return self._in(self._taking(answer.expected))
            case _:
                call = replace(self._in(birthdate), confirming=_READ_BACK)
                return replace(call, action=questions.confirmation(self.flow, call))

    def _in(self, state: str) -> Call:
        call = replace(self._fresh, state=state)
        return replace(call, action=questions.first(self.flow, call, ()))

    def _taking(self, command: str) -> str:
        """A state with a command of its own."""
        for name, state in self.flow.file.states.items():
            if isinstance(state, CollectState) and command in state.commands:
                return name
        raise HearingError(f"the flow {self.flow.name} knows no command {command}")

    def verdict(self, answer: SpokenAnswer, heard: Answer | None) -> tuple[Verdict, bool]:
        """What became of an answer, and whether what was heard holds what was said."""
        match heard:
            case None | Missed():
                return "no_match", False
            case Given(value=value, sure=sure, whole=whole):
                holds = _same(answer, value)
                if not (sure and whole):
                    return "unclear", holds and whole
                return ("right" if holds else "wrong"), holds
            case Confirmed(yes=yes):
                right = answer.slot == "yes_no" and answer.expected == ("yes" if yes else "no")
            case Commanded(command=command):
                right = answer.slot == "command" and answer.expected == command
            case Led(state=state):
                asked = self.flow.file.states[self.call(answer).state]
                ways = asked.commands if isinstance(asked, CollectState) else {}
                right = answer.slot == "command" and ways.get(answer.expected) == state
            case _:  # a part of a date, one of a state's choices
                return "unclear", False
        return ("right" if right else "wrong"), right


def _born(answer: SpokenAnswer) -> date:
    """A birthdate for somebody who only says a name: another for each recording."""
    return _FIRST_BORN + timedelta(days=zlib.crc32(answer.wav.name.encode()) % _BORN_WITHIN)


def _same(answer: SpokenAnswer, value: str | HeardName) -> bool:
    if isinstance(value, HeardName):
        return is_name(value, answer.full_name)
    return value == answer.expected


def _collecting(flow: Flow, slot_type: str) -> tuple[str, CollectState]:
    """The first state that asks for a value of a type, whole and by speech.

    Raises:
        HearingError: there is none.
    """
    for name, state in flow.file.states.items():
        if not isinstance(state, CollectState) or state.part != "full" or not state.confirm:
            continue
        if flow.file.slots[state.slot].type == slot_type and state.menu is None:
            return name, state
    raise HearingError(f"the flow {flow.name} asks for no {slot_type} by speech")


def _with_digits(flow: Flow) -> Flow:
    """The flow with a question for a customer number: the shipped one takes digits by keys only."""
    _, asks = _collecting(flow, "birthdate")
    state = CollectState(kind="collect", slot=_DIGITS, prompt=asks.prompt, next=asks.next)
    slot = Slot(type="customer_number", pii=True, length=_NUMBER_LENGTH)
    file = flow.file.model_copy(
        update={
            "slots": {**flow.file.slots, _DIGITS: slot},
            "states": {**flow.file.states, _DIGITS: state},
        }
    )
    return replace(flow, file=file)
