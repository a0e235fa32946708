"""What callers may answer to the question in force: for those who listen while they speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from ivr.clock import JAPAN, Clock
from ivr.dialogue import answers
from ivr.dialogue.actions import Ask
from ivr.dialogue.answers import Given, Missed, Partly
from ivr.dialogue.call import Call, call_from_json
from ivr.dialogue.shelf import FlowShelf
from ivr.errors import HonninError, NotFound
from ivr.flow.flow import Flow
from ivr.flow.model import ChooseState, CollectState
from ivr.identity.listened_names import Asked
from ivr.identity.ports import Directory
from ivr.records import calls
from ivr.records.database import Database
from ivr.understanding import phrases
from ivr.understanding.customer_number import compare_numbers
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import Hypothesis

#: The grammar whose "yes" is also what polite listeners say all the time.
_NODS = "yes_no"


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """A name, or the part of it that is ``asked`` for. ``registered``: surname and given name in
    kana of everybody with the ``birthdate`` (ISO) and, where it was given, the customer
    ``number`` of before; None where there is no birthdate, or the directory cannot say.
    ``is_answer``: whether a text is any answer, a command included.
    """

    asked: Asked
    is_answer: Callable[[str], bool]
    birthdate: str | None = None
    number: str | None = None
    registered: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """``grammars``: what to listen for. ``is_whole``: whether a text is an answer that lacks
    nothing, so that a short pause ends it. ``is_nod``: whether it only says that the caller is
    listening (はい、はい), if it comes before the question has been asked. ``names``: where a name
    is asked for, which no grammar holds. ``keep_audio``: whether the caller allows that the answer
    is kept as sound."""

    grammars: tuple[Grammar, ...]
    is_whole: Callable[[str], bool]
    is_nod: Callable[[str], bool]
    names: NameQuestion | None = None
    keep_audio: bool = False


class Expectations:
    """Looks up what a call expects. Safe for threads."""

    def __init__(
        self, db: Database, shelf: FlowShelf, clock: Clock, directory: Directory | None = None
    ) -> None:
        """``directory``: where names are registered; without it no name is heard against those."""
        self._db, self._shelf, self._clock = db, shelf, clock
        self._directory = directory

    def of(self, *, call_sid: str, turn: int) -> Expectation | None:
        """What may be said in answer to ``turn``; None where that is not the question in force.

        Raises:
            NotFound: no such call.
            RecordsUnavailable: the database cannot answer now.
        """
        with self._db.reading() as session:
            record = calls.find(session, call_sid)
        if record is None:
            raise NotFound("no such call")
        call = call_from_json(record.state)
        if call.turn != turn or not isinstance(call.action, Ask):
            return None
        flow = self._shelf.pinned(record.flow_digest)
        expectation = expected(flow, call, self._clock.now().astimezone(JAPAN).date())
        if expectation is None or expectation.names is None:
            return expectation
        names = replace(expectation.names, registered=self._registered(expectation.names))
        return replace(expectation, names=names)

    def _registered(self, question: NameQuestion) -> tuple[tuple[str, str], ...] | None:
        if self._directory is None or question.birthdate is None:
            return None
        try:
            born = self._directory.born_on(date.fromisoformat(question.birthdate))
        except HonninError:
            return None  # the check will say so
        number = question.number
        return tuple(
            (each.surname_kana, each.given_kana)
            for each in born
            if number is None or compare_numbers(number, each.number).decision == "pass"
        )


def expected(flow: Flow, call: Call, today: date) -> Expectation | None:
    """What may be said in answer to the present question of ``call``; None where it asks none.
    ``today`` is the date in Japan."""
    state = flow.file.states[call.state]
    if not isinstance(call.action, Ask) or not isinstance(state, ChooseState | CollectState):
        return None
    known = flow.grammars[call.language]

    def is_whole(text: str) -> bool:
        answer = answers.of_speech(flow, call, state, [Hypothesis(text)], today)
        match answer:
            case Given(sure=sure, whole=whole):
                return sure and whole
            case Partly():
                return False
            case Missed(counter=counter):
                # What was said clearly and cannot be is said.
                return counter == "invalid"
            case _:
                return True

    def is_answer(text: str) -> bool:
        answer = answers.of_speech(flow, call, state, [Hypothesis(text)], today)
        return not isinstance(answer, Missed)

    def is_nod(text: str) -> bool:
        grammar = known.get(_NODS)
        return grammar is not None and phrases.meaning(grammar, [Hypothesis(text)]) == "yes"

    return Expectation(
        tuple(known[name] for name in call.action.listen.grammars if name in known),
        is_whole,
        is_nod,
        _name_question(flow, call, state, is_answer),
        call.keep_audio,
    )


def _name_question(
    flow: Flow, call: Call, state: ChooseState | CollectState, is_answer: Callable[[str], bool]
) -> NameQuestion | None:
    if not isinstance(state, CollectState) or call.confirming is not None:
        return None
    if flow.file.slots[state.slot].type != "name":
        return None
    said = {
        slot.type: call.slots[name] for name, slot in flow.file.slots.items() if name in call.slots
    }
    birthdate, number = (
        value if isinstance(value := said.get(kind), str) else None
        for kind in ("birthdate", "customer_number")
    )
    return NameQuestion(state.part, is_answer, birthdate, number)
