"""The ladder of hearing: by which way a question is put, and what is below it when it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, Literal

from ivr.dialogue.actions import Ask, Check
from ivr.setting_values import Way
from ivr.telephony.ports import CanHear, HasSound, Reply

#: A way of taking answers; ``none``: there is none left, and only a person can help.
Rung = Literal[Way, "none"]
NONE: Final = "none"
RUNGS: frozenset[str] = frozenset({"vosk", "twilio", "keys", NONE})


@dataclass(frozen=True, slots=True)
class Stream:
    """A media stream that a question is put in, and the ``token`` that opens it. ``said``: its
    lines have no sound and are spoken before the stream begins."""

    token: str
    said: bool


@dataclass(frozen=True, slots=True)
class Streams:
    """What is known of media streams before one is opened, and the token that opens one:
    ``issue`` makes it from a CallSid."""

    issue: Callable[[str], str]
    can_hear: CanHear
    has_sound: HasSound


class Ladder:
    """The ways that the settings name, best first."""

    def __init__(self, ways: tuple[Way, ...], streams: Streams | None) -> None:
        """``streams``: None where there is no media process; Vosk is not possible then."""
        self._ways = ways
        self._streams = streams

    def at(self, lowest: str, language: str) -> Rung:
        """The best way in a call in ``language`` that has gone down to ``lowest``: a rung, or
        anything else where it has not gone down."""
        possible = (way for way in self._down_from(lowest) if self._possible(way, language))
        return next(possible, NONE)

    def below(self, failed: Rung) -> Rung:
        """Where a call goes whose way has failed."""
        return next((way for way in self._down_from(failed) if way != failed), NONE)

    def _down_from(self, rung: str) -> tuple[Way, ...]:
        if rung == NONE:
            return ()
        above = tuple(takewhile(lambda way: way != rung, self._ways))
        return self._ways[len(above) :] or self._ways

    def stream(
        self, way: Rung, reply: Reply, call_sid: str, *, last_words: bool = False
    ) -> Stream | None:
        """The stream that a question is put in; None where ``<Gather>`` puts it, or it is none.
        ``last_words``: one is opened also for what is said before a transfer or at the end."""
        streams, action = self._streams, reply.action
        if way != "vosk" or streams is None or isinstance(action, Check):
            return None
        sounds = all(streams.has_sound(line.text, reply.language) for line in action.lines)
        if not isinstance(action, Ask):
            says = last_words and sounds and bool(action.lines) and not reply.spoken
            return Stream(streams.issue(call_sid), said=False) if says else None
        if not sounds and not action.listen.speech:
            # A key stops what <Gather> says, but not what is said before a stream.
            return None
        return Stream(streams.issue(call_sid), said=not sounds)

    def _possible(self, way: Way, language: str) -> bool:
        if way != "vosk":
            return True
        return self._streams is not None and self._streams.can_hear(language)
