"""What happened in a call. Every event carries the instant (aware UTC) at which it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ivr.identity.name_evidence import NameEvidence
from ivr.understanding.value import Hypothesis


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The call was answered."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller spoke; hypotheses best first, at least one. ``name_evidence``: what the sound
    says for registered names, where a name was asked for and that was weighed. Kept for the
    check, and for nothing that the caller could notice."""

    at: datetime
    hypotheses: tuple[Hypothesis, ...]
    name_evidence: NameEvidence | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed keys. ``digits`` holds 0-9, * and #, without the finishing key;
    ``finished_on`` is that key, or empty where the length or a pause ended the entry."""

    at: datetime
    digits: str
    finished_on: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """The caller was asked and neither spoke nor pressed a key."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SpeechLost:
    """Nobody can hear what the caller says, so a question that keys cannot answer is no use."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """A check ended. Flows decide on ``outcome`` alone; ``evidence`` is for the result only
    (DESIGN.md "No oracle"). ``flags`` are hints for the agent, ``signals`` what may raise doubt
    (:mod:`ivr.flow.signals`)."""

    at: datetime
    check: str
    outcome: str
    evidence: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    signals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """A transfer ended; ``outcome`` is one of ``ivr.flow.model.TRANSFER_OUTCOMES``."""

    at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller hung up, or the telephone network ended the call."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """Something of ours broke; the caller must reach a person. ``reason`` is a code, no PII."""

    at: datetime
    reason: str


Event = (
    CallStarted | Heard | Pressed | Silence | SpeechLost | Checked | TransferEnded | HungUp | Failed
)
