"""A call in progress, as data. Frozen: every step makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ivr.dialogue.actions import Action, Ask, Check, End, Transfer
from ivr.identity.name_evidence import NameEvidence
from ivr.understanding.birthdate import Reading
from ivr.understanding.value import Value

Counter = Literal["no_input", "no_match", "invalid", "mismatch"]


@dataclass(frozen=True, slots=True)
class Tried:
    """A destination that was asked to take the call: how that ended (one of
    ``ivr.flow.model.TRANSFER_OUTCOMES``, or ``CLOSED``), and when (aware)."""

    destination: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """Everything the machine knows of a call.

    ``action`` is what the telephone does now and ``turn`` the number of the event that answers
    it. ``counts`` maps ``state.counter`` to how often it happened. ``confirming`` is a value
    read back and not yet confirmed. ``said`` is what was said so far of a birthdate that the
    present state asks for part by part. ``sounded`` is what the sound of a
    value says for registered names, by slot, and ``sounding`` the same of a value that is not in
    its slot yet. ``signals`` are what may raise doubt (:mod:`ivr.flow.signals`), the newest of
    each. ``intent`` is what the call is about, as the last choice that had one said.
    ``tried`` are the destinations asked so far; ``connected`` is the one that took the call;
    ``ended`` says how the call ended. ``spoken`` is the turn whose lines the caller has heard
    before the telephone could do the rest of its action. ``keep_audio``: whether the caller
    allows that what they say is kept as sound.
    """

    flow: str
    language: str
    started_at: datetime
    action: Annotated[Ask | Check | Transfer | End, Field(discriminator="kind")]
    state: str
    turn: int = 0
    asked: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    slots: Mapping[str, Value] = field(default_factory=dict)
    confirming: Value | None = None
    said: Reading | None = None
    sounded: Mapping[str, NameEvidence] = field(default_factory=dict)
    sounding: NameEvidence | None = None
    slow: bool = False
    evidence: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    signals: Mapping[str, int] = field(default_factory=dict)
    exits: tuple[str, ...] = ()
    intent: str | None = None
    tried: tuple[Tried, ...] = ()
    connected: str | None = None
    ended: Literal["end", "transfer", "hangup"] | None = None
    spoken: int | None = None
    keep_audio: bool = False

    def count(self, counter: Counter) -> int:
        """How often ``counter`` went up in the present state."""
        return self.counts.get(f"{self.state}.{counter}", 0)

    def failures(self) -> int:
        """All failures in the present state."""
        return sum(n for key, n in self.counts.items() if key.partition(".")[0] == self.state)

    def counted(self, counter: Counter) -> Call:
        """The call with ``counter`` of the present state one higher."""
        key = f"{self.state}.{counter}"
        return replace(self, counts={**self.counts, key: self.counts.get(key, 0) + 1})

    def cleared(self) -> Call:
        """The call with the present state's recognition counters at zero; a mismatch stays."""
        gone = {f"{self.state}.{name}" for name in ("no_input", "no_match", "invalid")}
        return replace(self, counts={k: n for k, n in self.counts.items() if k not in gone})

    def filled(self, slot: str, value: Value, sounded: NameEvidence | None = None) -> Call:
        """The call with ``value`` in ``slot`` and what its sound says, if that is known."""
        call = self.without(slot)
        return replace(
            call,
            slots={**call.slots, slot: value},
            sounded=call.sounded if sounded is None else {**call.sounded, slot: sounded},
            sounding=None,
            confirming=None,
            said=None,
        )

    def without(self, *slots: str) -> Call:
        """The call with these slots forgotten."""
        return replace(
            self,
            slots={k: v for k, v in self.slots.items() if k not in slots},
            sounded={k: v for k, v in self.sounded.items() if k not in slots},
        )

    def flagged(self, *flags: str) -> Call:
        return replace(self, flags=tuple(dict.fromkeys((*self.flags, *flags))))


_CALL: TypeAdapter[Call] = TypeAdapter(Call)
_ACTION: TypeAdapter[Action] = TypeAdapter(
    Annotated[Ask | Check | Transfer | End, Field(discriminator="kind")]
)


def call_to_json(call: Call) -> str:
    """The call as JSON; holds personal data, to be stored encrypted."""
    return _CALL.dump_json(call).decode()


def call_from_json(text: str) -> Call:
    return _CALL.validate_json(text)


def action_to_json(action: Action) -> str:
    """The action as JSON; a read-back is personal data, to be stored encrypted."""
    return _ACTION.dump_json(action).decode()


def action_from_json(text: str) -> Action:
    return _ACTION.validate_json(text)
