"""To whom a call goes, and who was asked before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ivr.dialogue.actions import Line, Transfer
from ivr.dialogue.call import Call, Tried
from ivr.dialogue.outcome import assurance
from ivr.flow.flow import Flow
from ivr.flow.model import TransferState


def destination_of(flow: Flow, call: Call, state: TransferState) -> str:
    """The destination of the first route that fits the call; the state's own where none does."""
    for route in state.routes:
        if (
            (route.language is None or route.language == call.language)
            and (route.intent is None or route.intent == call.intent)
            and (route.level is None or route.level == assurance(flow, call).level)
        ):
            return route.to
    return state.destination


def transfer(flow: Flow, call: Call, destination: str, lines: tuple[Line, ...]) -> Transfer:
    """Speak ``lines`` and connect to ``destination`` in the way that it wants."""
    desk = flow.destinations.get(destination)
    marks = (*call.flags, assurance(flow, call).level)
    return Transfer(
        state=call.state,
        destination=destination,
        lines=lines,
        by=desk.kind,
        in_turn=desk.in_turn,
        refer=desk.refer,
        priority=desk.priority.of(marks),
        wait_s=desk.wait_minutes * 60,
    )


def tried(call: Call, destination: str, outcome: str, at: datetime) -> Call:
    """The call, which remembers that ``destination`` was asked and how that ended."""
    return replace(call, tried=(*call.tried, Tried(destination, outcome, at)))
