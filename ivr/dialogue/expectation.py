"""What callers may answer to the question in force: for those who listen while they speak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ivr.clock import JAPAN, Clock
from ivr.dialogue import answers
from ivr.dialogue.actions import Ask
from ivr.dialogue.answers import Given, Missed, Partly
from ivr.dialogue.call import Call, call_from_json
from ivr.dialogue.shelf import FlowShelf
from ivr.errors import NotFound
from ivr.flow.flow import Flow
from ivr.flow.model import ChooseState, CollectState
from ivr.records import calls
from ivr.records.database import Database
from ivr.understanding import phrases
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import Hypothesis

#: The grammar whose "yes" is also what polite listeners say all the time.
_NODS = "yes_no"


@dataclass(frozen=True, slots=True)
class Expectation:
    """``grammars``: what to listen for. ``is_whole``: whether a text is an answer that lacks
    nothing, so that a short pause ends it. ``is_nod``: whether it only says that the caller is
    listening (はい、はい), if it comes before the question has been asked."""

    grammars: tuple[Grammar, ...]
    is_whole: Callable[[str], bool]
    is_nod: Callable[[str], bool]


class Expectations:
    """Looks up what a call expects. Safe for threads."""

    def __init__(self, db: Database, shelf: FlowShelf, clock: Clock) -> None:
        self._db, self._shelf, self._clock = db, shelf, clock

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
        return expected(flow, call, self._clock.now().astimezone(JAPAN).date())


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

    def is_nod(text: str) -> bool:
        grammar = known.get(_NODS)
        return grammar is not None and phrases.meaning(grammar, [Hypothesis(text)]) == "yes"

    names = call.action.listen.grammars
    return Expectation(tuple(known[name] for name in names if name in known), is_whole, is_nod)
