"""What the telephone and the agent's side are told of a call."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.dialogue.actions import Action
from ivr.dialogue.call import Call
from ivr.identity.decision import Decision
from ivr.records.calls import CallRecord


@dataclass(frozen=True, slots=True)
class Reply:
    """What the telephone does now. ``turn`` is the number the next event must carry;
    ``reference`` names the result that travels with a transfer. ``spoken``: the caller has heard
    the action's lines."""

    call_id: str
    turn: int
    action: Action
    language: str
    slow: bool
    reference: str | None = None
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class AgentView:
    """What the agent's side may be told of a call: codes, the signed result (``token``), and what
    the policy made of it."""

    language: str
    level: str
    flags: tuple[str, ...]
    why: tuple[str, ...]
    amr: tuple[str, ...]
    token: str
    decision: Decision | None = None


def reply_of(
    record: CallRecord,
    call: Call,
    action: Action,
    reference: str | None,
    *,
    turn: int | None = None,
) -> Reply:
    """The reply with ``action``, the one of ``turn``, otherwise of the present turn."""
    number = call.turn if turn is None else turn
    spoken = call.spoken == number
    return Reply(record.id, number, action, call.language, call.slow, reference, spoken)
