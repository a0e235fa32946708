"""The URLs we give to Twilio: absolute, on the public base, without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

INCOMING = "/voice/incoming"
CONTINUE = "/voice/continue"
FALLBACK = "/voice/fallback"
STATUS = "/voice/status"
WHISPER = "/voice/whisper"
WHISPER_ANSWER = "/voice/whisper/answer"
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
    can be read but not written, it would otherwise be asked for ever.
    """

    base: str
    language: str = DEFAULT_LANGUAGE
    recovered: bool = False
    held: int = 0

    def incoming(self, *, retry: int) -> str:
        """The start of the call again, after trouble."""
        return self._url(INCOMING, retry=retry)

    def onward(
        self, turn: int | None, *, poll: int = 0, retry: int = 0, dial: str = "", bridged: str = ""
    ) -> str:
        """Where the answer to ``turn`` goes.

        ``poll`` counts how often a running check was asked after, ``retry`` how often the
        database was. ``dial`` and ``bridged`` keep the end of a transfer over a retry.
        """
        return self._url(CONTINUE, turn=turn, poll=poll, retry=retry, dial=dial, bridged=bridged)

    def after_person(self) -> str:
        """Where the emergency transfer reports its end."""
        return self._url(FALLBACK, dialled=1)

    def whisper(self, reference: str | None) -> str:
        return self._url(WHISPER, ref=reference)

    def whisper_answer(self, reference: str | None) -> str:
        return self._url(WHISPER_ANSWER, ref=reference)

    def _url(self, path: str, **query: str | int | None) -> str:
        parts = {name: value for name, value in query.items() if value}
        if "turn" in query and query["turn"] is not None:
            parts["turn"] = query["turn"]  # turn 0 is a turn
        if self.language != DEFAULT_LANGUAGE:
            parts["lang"] = self.language
        if self.recovered:
            parts["recovered"] = 1
        if self.held:
            parts["held"] = self.held
        return f"{self.base}{path}?{urlencode(parts)}" if parts else f"{self.base}{path}"
