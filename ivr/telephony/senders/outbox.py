"""A file instead of a provider, for rehearsals: whoever reads it reads the codes."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from ivr.clock import Clock
from ivr.errors import SendFailed
from ivr.identity.ports import CodeMessage


class LocalOutbox:
    """Appends one JSON object a line: ``at`` (ISO, UTC), ``channel``, ``to``, ``subject``,
    ``text``, ``code``. Several processes may write to one file; only its owner can read it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def send(self, message: CodeMessage) -> None:
        """Append the message; it is on the disk when this returns.

        Raises:
            SendFailed: ``configuration`` where the file cannot be written.
        """
        line = json.dumps(
            {
                "at": self._clock.now().isoformat(),
                "channel": message.channel,
                "to": message.destination,
                "subject": message.subject,
                "text": message.text,
                "code": message.code,
            },
            ensure_ascii=False,
        )
        try:
            self._append(f"{line}\n".encode())
        except OSError as error:
            raise SendFailed(
                f"the outbox cannot be written [{type(error).__name__}]",
                kind="configuration",
                hint="check the folder IVR_VAR_DIR and the space on its disk",
            ) from None

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.fchmod(descriptor, 0o600)
            written = 0
            while written < len(line):
                written += os.write(descriptor, line[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
