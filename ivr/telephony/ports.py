"""What the web process needs from the floors below and from its wiring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ivr.dialogue.actions import Action
from ivr.dialogue.events import Event
from ivr.records.dispositions import Label


class Reply(Protocol):
    """What the telephone does next, and the turn number that the next event must carry.

    ``language`` is ``ja`` or ``en``; ``reference`` names the result, on a Transfer. ``spoken``:
    the caller has heard the action's lines, in a stream that has ended.
    """

    @property
    def call_id(self) -> str: ...
    @property
    def turn(self) -> int: ...
    @property
    def action(self) -> Action: ...
    @property
    def language(self) -> str: ...
    @property
    def slow(self) -> bool: ...
    @property
    def reference(self) -> str | None: ...
    @property
    def spoken(self) -> bool: ...


class AgentView(Protocol):
    """What an agent, or the agent's system, may be told before taking a call: codes and the signed
    result (``token``), no personal data."""

    @property
    def language(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def flags(self) -> Sequence[str]: ...
    @property
    def why(self) -> Sequence[str]: ...
    @property
    def amr(self) -> Sequence[str]: ...
    @property
    def token(self) -> str: ...


class Dialogue(Protocol):
    """A call in progress, kept in the database. Implemented by ``DialogueService``.

    Every method raises ``RecordsUnavailable`` while the database cannot answer; those that
    name a call or a reference raise ``NotFound`` where there is none.
    """

    def begin(self, *, call_sid: str, caller: str, called: str) -> Reply:
        """Answer a call; a call already known gets its present reply."""
        ...

    def take(self, *, call_sid: str, turn: int, event: Event) -> Reply:
        """Take one event; a turn already taken gets its stored answer. A turn from the future
        raises ``NotFound``."""
        ...

    def current(self, *, call_sid: str, wait_ms: int = 0) -> Reply:
        """The present reply; waits up to ``wait_ms`` for a running check to end."""
        ...

    def spoken(self, *, call_sid: str, turn: int) -> None:
        """The caller has heard the lines of the action at ``turn``; past turns are ignored."""
        ...

    def hung_up(self, *, call_sid: str) -> None:
        """The call is over; unknown calls are ignored."""
        ...

    def agent_view(self, *, reference: str) -> AgentView: ...

    def record_agent_answer(self, *, reference: str, accepted: bool) -> None: ...

    def agent_accepted(self, *, call_sid: str, turn: int) -> bool | None:
        """What the agent pressed during the transfer of ``turn``; None: nothing yet."""
        ...


class PromptAudio(Protocol):
    """Prompts as sound. May read files or render speech, so it is called in threads."""

    def __call__(self, key: str, text: str, language: str, slow: bool) -> bytes | None:
        """``text`` of the prompt ``key`` as µ-law, 8000 samples a second, without a header; None
        where it has to be spoken by ``<Say>``. ``slow``: for callers in slow mode."""
        ...


class HasSound(Protocol):
    """Whether a stream could play a text, without making its sound."""

    def __call__(self, text: str, language: str, /) -> bool:
        """``language``: that of the call."""
        ...


class CanHear(Protocol):
    """Whether there is a model that hears a language, without loading it."""

    def __call__(self, language: str, /) -> bool: ...


class Answers(Protocol):
    """Answers already given to webhooks, shared by every process. ``key`` is opaque."""

    def get(self, key: str) -> str | None: ...

    def put(self, key: str, answer: str) -> str:
        """Store ``answer`` unless one is there; returns the one that is stored now."""
        ...


class Results(Protocol):
    """Signed results, for systems of the agents."""

    def fetch(self, reference: str, *, by: str) -> str | None:
        """The token of an unexpired result, marked as fetched by the system named ``by``;
        None where there is none that this system may have, or may have now.

        Raises:
            KeyExpired: the time of that system's key is over.
            TooOften: it asks too often.
            RecordsUnavailable: the database cannot answer now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """What an agent said of the call whose result has this ``reference``. ``event``: the name of
    what told us, where it has one; ``at``: when it was said (aware)."""

    reference: str
    was_person: bool
    event: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The call's label now. ``changed``: by what was said; ``said``: how often something was."""

    label: Label
    changed: bool
    said: int


class Dispositions(Protocol):
    """What agents say of callers afterwards."""

    def keep(self, said: Said, *, by: str) -> Kept | None:
        """Keep what was said, once; ``by``: who told us ("system crm", "taskrouter"). None where
        there is no such result, none for this system, or it is too late.

        Raises:
            KeyExpired: the time of that system's key is over.
            TooOften: it sends too many.
            RecordsUnavailable: the database cannot answer now.
        """
        ...
