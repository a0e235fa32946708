"""The URLs we give to Twilio: absolute, on the public base, without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from ivr.telephony.transfer_outcome import NO_END, DialEnd

INCOMING = "/voice/incoming"
CONTINUE = "/voice/continue"
FALLBACK = "/voice/fallback"
STATUS = "/voice/status"
WHISPER = "/voice/whisper"
WHISPER_ANSWER = "/voice/whisper/answer"
#: What is heard in a queue, and who takes a call out of it.
WAIT = "/voice/wait"
ASSIGNMENT = "/voice/assignment"
#: What became of a task, told by TaskRouter.
TASK_EVENT = "/voice/task-event"
#: Where the media process takes streams.
MEDIA = "/media"

#: What is said where nobody has told us another language.
DEFAULT_LANGUAGE = "ja"


@dataclass(frozen=True, slots=True)
class Links:
    """Builds URLs below ``base`` (no slash at its end).

    ``language`` travels along so that an apology can be spoken without the database.
    ``recovered`` marks URLs of a document that the fallback URL gave out: if one of them fails
    as well, the caller gets a person instead of going round in circles. ``held`` counts how often
    the caller was asked to hold before this very question could be read again: while a database
    can be read but not written, it would otherwise be asked for ever. ``way`` is the rung that the
    call has gone down to (see ``Ladder``); empty: it has not.
    """

    base: str
    language: str = DEFAULT_LANGUAGE
    recovered: bool = False
    held: int = 0
    way: str = ""

    def incoming(self, *, retry: int) -> str:
        """The start of the call again, after trouble."""
        return self._url(INCOMING, retry=retry)

    def onward(
        self,
        turn: int | None,
        *,
        poll: int = 0,
        retry: int = 0,
        asked: int = 0,
        dial: DialEnd = NO_END,
    ) -> str:
        """Where the answer to ``turn`` goes.

        ``poll`` counts how often a running check was asked after, ``retry`` how often the
        database was, ``asked`` how many addresses of a destination were tried before. ``dial``
        keeps the end of a transfer over a retry.
        """
        bridged = "" if dial.bridged is None else str(dial.bridged).lower()
        end: dict[str, str | int | None] = {"dial": dial.status, "bridged": bridged}
        end["sip"] = dial.sip_code
        return self._url(CONTINUE, turn=turn, poll=poll, retry=retry, asked=asked, **end)

    def streamed(self, turn: int, *, retry: int = 0) -> str:
        """Where a call goes on after the stream that ``turn`` was asked in."""
        return self._url(CONTINUE, streamed=turn, retry=retry)

    def media(self) -> str:
        """Where streams go: ``wss://…``; without a query, which would be lost on the way."""
        return f"ws{self.base.removeprefix('http')}{MEDIA}"

    def wait(self, most_s: int) -> str:
        """What a caller hears in a queue, for ``most_s`` seconds at most."""
        return self._url(WAIT, most=most_s)

    def after_person(self) -> str:
        """Where the emergency transfer reports its end."""
        return self._url(FALLBACK, dialled=1)

    def whisper(self, reference: str | None) -> str:
        return self._url(WHISPER, ref=reference)

    def whisper_answer(self, reference: str | None) -> str:
        return self._url(WHISPER_ANSWER, ref=reference)

    def _url(self, path: str, **query: str | int | None) -> str:
        parts: dict[str, object] = {name: value for name, value in query.items() if value}
        for name in ("turn", "streamed"):
            if query.get(name) is not None:
                parts[name] = query[name]  # turn 0 is a turn
        if self.language != DEFAULT_LANGUAGE:
            parts["lang"] = self.language
        if self.recovered:
            parts["recovered"] = 1
        if self.held:
            parts["held"] = self.held
        if self.way:
            parts["way"] = self.way
        return f"{self.base}{path}?{urlencode(parts)}" if parts else f"{self.base}{path}"
