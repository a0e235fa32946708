"""A dialogue service in memory: a call walks through a script of actions, one a turn.

It behaves like the real one in the ways that hurt: old turns get stored answers, turns from the
future and unknown calls raise NotFound, a check may take a while, the database may be away and
the code may be broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ivr.dialogue.actions import Action, Check, End, Transfer
from ivr.dialogue.events import Event, Failed
from ivr.errors import NotFound, RecordsUnavailable


@dataclass(frozen=True)
class FakeReply:
    call_id: str
    turn: int
    action: Action
    language: str = "ja"
    slow: bool = False
    reference: str | None = None
    spoken: bool = False


@dataclass(frozen=True)
class FakeAgentView:
    language: str = "ja"
    level: str = "verified"
    flags: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    token: str = ""


@dataclass
class FakeDialogue:
    """``script[n]`` is the action at turn n; the last one stays. ``Failed`` leads to
    ``failed_action``. The next ``away`` calls raise RecordsUnavailable, the next ``broken``
    raise a ValueError that quotes what the caller said."""

    script: Sequence[Action]
    language: str = "ja"
    slow: bool = False
    failed_action: Action = field(default_factory=lambda: End("sorry"))
    check_polls: int = 0
    away: int = 0
    broken: int = 0
    view: FakeAgentView | None = field(default_factory=FakeAgentView)
    accepted: bool | None = None
    begun: list[tuple[str, str, str]] = field(default_factory=list)
    events: list[tuple[int, Event]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    hung_up_calls: list[str] = field(default_factory=list)
    spoken_turns: list[int] = field(default_factory=list)
    agent_answers: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._turns: dict[str, int] = {}
        self._actions = dict(enumerate(self.script))
        self._polls_left = self.check_polls

    def begin(self, *, call_sid: str, caller: str, called: str) -> FakeReply:
        self._trouble(caller)
        if call_sid not in self._turns:
            self.begun.append((call_sid, caller, called))
            self._turns[call_sid] = 0
        return self._reply(self._turns[call_sid])

    def take(self, *, call_sid: str, turn: int, event: Event) -> FakeReply:
        self._trouble(repr(event))
        present = self._present(call_sid)
        if turn > present:
            raise NotFound("this turn has not been asked yet")
        if turn < present:
            return self._reply(turn + 1)
        self.events.append((turn, event))
        self._turns[call_sid] = present + 1
        if isinstance(event, Failed):
            self._actions[present + 1] = self.failed_action
        return self._reply(present + 1)

    def current(self, *, call_sid: str, wait_ms: int = 0) -> FakeReply:
        self._trouble(call_sid)
        self.waits.append(wait_ms)
        present = self._present(call_sid)
        if isinstance(self._action(present), Check) and wait_ms:
            if self._polls_left == 0:
                self._turns[call_sid] = present + 1
            else:
                self._polls_left -= 1
        return self._reply(self._present(call_sid))

    def spoken(self, *, call_sid: str, turn: int) -> None:
        self._trouble(call_sid)
        if turn == self._turns.get(call_sid):
            self.spoken_turns.append(turn)

    def hung_up(self, *, call_sid: str) -> None:
        self._trouble(call_sid)
        self.hung_up_calls.append(call_sid)

    def agent_view(self, *, reference: str) -> FakeAgentView:
        self._trouble(reference)
        if self.view is None or not reference:
            raise NotFound("no such result")
        return self.view

    def record_agent_answer(self, *, reference: str, accepted: bool) -> None:
        self._trouble(reference)
        self.agent_answers.append((reference, accepted))
        self.accepted = accepted

    def agent_accepted(self, *, call_sid: str, turn: int) -> bool | None:
        self._trouble(call_sid)
        return self.accepted

    def _trouble(self, said: str) -> None:
        if self.away:
            self.away -= 1
            raise RecordsUnavailable("the database is locked", hint="try again")
        if self.broken:
            self.broken -= 1
            raise ValueError(f"cannot make sense of {said}")

    def _present(self, call_sid: str) -> int:
        if call_sid not in self._turns:
            raise NotFound("no such call")
        return self._turns[call_sid]

    def _action(self, turn: int) -> Action:
        return self._actions.get(turn, self.script[-1])

    def _reply(self, turn: int) -> FakeReply:
        action = self._action(turn)
        reference = "ref_-1" if isinstance(action, Transfer) else None
        spoken = turn in self.spoken_turns
        return FakeReply("call-1", turn, action, self.language, self.slow, reference, spoken)
