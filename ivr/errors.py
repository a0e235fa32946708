"""The one error tree. Every error says what happened, where, and what to do next.

No message ever holds personal data: a name, birthdate, phone number, address,
code or anything a caller said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a file a person wrote.

    ``line`` and ``column`` count from 1; 0 means the whole file.
    """

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        if self.line == 0:
            return f"{self.path}: {self.message}"
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class HonninError(Exception):
    """Root of every error this project raises on purpose.

    ``hint`` tells the reader what to do next; it may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        # After a list the hint is about all of it, not about its last line.
        before = "\n" if "\n" in message else " "
        super().__init__(message if not hint else f"{message}{before}({hint})")
        self.message = message
        self.hint = hint


class SettingsError(HonninError):
    """A setting is missing, malformed or refused in this mode."""


class FilesError(HonninError):
    """One or more problems in files that people write (flows, prompts, grammars, calls, CSV)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RecordsError(HonninError):
    """The database cannot do what was asked."""


class RecordsUnavailable(RecordsError):
    """The database is locked, full, absent or unreachable right now; trying again may help."""


class NotFound(RecordsError):
    """No such call, customer, result or flow version."""


class KeyExpired(HonninError):
    """A bearer key was right once, and its time is over."""


class TooOften(HonninError):
    """A system asks more often than it may; ``again_s`` seconds later it may again."""

    def __init__(self, message: str, *, again_s: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.again_s = again_s


class SendFailed(HonninError):
    """A one-time code could not be handed to its provider.

    ``kind`` is one of :data:`SEND_FAILURES` and says what may be tried next.
    """

    def __init__(self, message: str, *, kind: str, hint: str = "") -> None:
        if kind not in SEND_FAILURES:
            raise ValueError(f"unknown kind of send failure: {kind!r}")
        super().__init__(message, hint=hint)
        self.kind = kind


#: What a failed send means for the next step (TWILIO.md, "OTP").
SEND_FAILURES = frozenset({"blocked", "other_channel", "refused", "retry_later", "configuration"})


class TelephonyError(HonninError):
    """The telephone provider's account is not as it must be, or cannot be asked."""


class SignatureInvalid(HonninError):
    """A webhook or a result token is not signed by whom it claims."""


class HearingError(HonninError):
    """Speech cannot be recognised: the model, the audio or what is listened for is not usable."""


class SpeakingError(HonninError):
    """A prompt cannot be made into sound: the voice, a recording or the text is not usable."""


class RehearsalError(HonninError):
    """A rehearsed call did not go as its file expects, or the server broke the protocol."""
