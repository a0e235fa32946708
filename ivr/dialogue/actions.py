"""What the telephone does next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    """One prompt to speak: its key in the prompts file and the words, placeholders filled in.

    ``text`` may read a value back and is personal data then."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Listening:
    """How to listen. ``grammars`` are names (``birthdate``, ``commands``) in the call's language.

    ``digits``: end the keypad entry at this many keys, None for no fixed length.
    ``finish_on``: the key that ends an entry (``#`` or ``*``), not part of it.
    ``timeout_s``: seconds of silence after the prompts before giving up.
    ``end_silence_s``: seconds of silence that end an utterance.
    ``by_keys``: keys alone can answer; commands are no answer."""

    speech: bool
    keys: bool
    grammars: tuple[str, ...] = ()
    digits: int | None = None
    finish_on: str = "#"
    timeout_s: int = 6
    end_silence_s: int = 2
    by_keys: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """Speak ``lines`` (interruptible), then listen. Answered by Heard, Pressed or Silence, or
    by SpeechLost where speech would be needed."""

    state: str
    lines: tuple[Line, ...]
    listen: Listening
    kind: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True)
class Check:
    """Have ``check`` performed (``identify``, ``send_code`` …) while the caller hears ``lines``.
    Answered by Checked."""

    state: str
    check: str
    lines: tuple[Line, ...] = ()
    kind: Literal["check"] = "check"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Speak ``lines``, then connect to ``destination`` (a logical name).
    Answered by TransferEnded.

    ``by``, ``in_turn`` and ``refer``: how, see :class:`ivr.flow.destinations.Destination`.
    ``priority`` (0 to 100) and ``wait_s`` (seconds, at most) are for queues."""

    state: str
    destination: str
    lines: tuple[Line, ...] = ()
    by: Literal["phone", "sip", "taskrouter"] = "phone"
    in_turn: bool = False
    refer: bool = False
    priority: int = 0
    wait_s: int = 600
    kind: Literal["transfer"] = "transfer"


@dataclass(frozen=True, slots=True)
class End:
    """Speak ``lines``, then hang up. Nothing answers it."""

    state: str
    lines: tuple[Line, ...] = ()
    kind: Literal["end"] = "end"


Action = Ask | Check | Transfer | End
