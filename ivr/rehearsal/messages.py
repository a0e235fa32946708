"""The messages that reached the caller: the server's local outbox, read as it grows."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import RehearsalError

#: Six digits that are no part of a longer number.
_CODE = re.compile(r"(?<![0-9-])[0-9]{6}(?![0-9-])")


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the caller's phone or mailbox; ``code`` as a person finds it in the text,
    empty where there is none."""

    channel: str
    text: str
    code: str


class Outbox:
    """A file with one JSON object a line (``at``, ``channel``, ``to``, ``subject``, ``text``,
    ``code``). What is there when the rehearsal begins is not the caller's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size if path.exists() else 0
        #: Everything received so far, oldest first.
        self.messages: list[Message] = []

    def poll(self) -> list[Message]:
        """Messages that came since the last look.

        Raises:
            RehearsalError: the file is no outbox.
        """
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        try:
            new = [_message(line) for line in whole.splitlines() if line]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise RehearsalError(
                f"{self._path} is no outbox", hint="it holds one JSON object a line"
            ) from None
        self.messages += new
        return new

    def codes(self) -> list[str]:
        """All codes received, oldest first."""
        self.poll()
        return [message.code for message in self.messages if message.code]


def _message(line: bytes) -> Message:
    entry = json.loads(line)
    text = str(entry["text"])
    found = _CODE.search(unicodedata.normalize("NFKC", text))
    # A spoken message says its digits as words; the caller understands those as well.
    code = found[0] if found else str(entry["code"])
    return Message(str(entry["channel"]), text, code)
