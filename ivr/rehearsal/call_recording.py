"""A recording of rehearsed calls that people can listen to: the caller left, the bot right."""

from __future__ import annotations

import struct
from datetime import datetime
from pathlib import Path

from ivr.errors import RehearsalError
from ivr.hearing.telephone_audio import TELEPHONE_RATE

_SILENCE = b"\xff"
#: Seconds of silence that are kept at the end.
_END_S = 1.0
#: WAVE_FORMAT_MULAW (RFC 2361).
_MULAW = 7


class CallRecording:
    """All calls of one call file, one after the other. What no stream carried is silence."""

    def __init__(self) -> None:
        self._sides = (bytearray(), bytearray())
        #: Bytes of the calls before this one, and when this one began.
        self._before = 0
        self._began: datetime | None = None

    def begin(self, now: datetime) -> None:
        """It rings: a call begins."""
        self._before = len(self._sides[0])
        self._began = now

    def add(self, began: datetime, caller: bytes, bot: bytes) -> None:
        """A stream that began at ``began``, with all that was heard on it (µ-law)."""
        if self._began is None:
            return
        seconds = (began - self._began).total_seconds()
        self._fill(self._before + round(seconds * TELEPHONE_RATE))
        for side, sound in zip(self._sides, (caller, bot), strict=True):
            side.extend(sound)

    def write(self, path: Path) -> None:
        """Write a WAV file: two channels of µ-law, 8000 samples a second.

        Raises:
            RehearsalError: it cannot be written.
        """
        left, right = self._sides
        spoken = max(len(side.rstrip(_SILENCE)) for side in self._sides)
        length = min(len(left), spoken + round(_END_S * TELEPHONE_RATE))
        sound = bytearray(2 * length)
        sound[0::2], sound[1::2] = left[:length], right[:length]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_header(length) + sound)
        except OSError as error:
            raise RehearsalError(f"{path} cannot be written [{type(error).__name__}]") from None

    def _fill(self, length: int) -> None:
        for side in self._sides:
            side.extend(_SILENCE * (length - len(side)))


def _header(frames: int) -> bytes:
    """The chunks of a WAV file before its samples (Microsoft and IBM, "Multimedia Programming
    Interface and Data Specifications 1.0"; what is no PCM has a ``fact`` chunk)."""
    form = struct.pack("<HHIIHHH", _MULAW, 2, TELEPHONE_RATE, 2 * TELEPHONE_RATE, 2, 8, 0)
    chunks = (
        b"WAVE"
        + struct.pack("<4sI", b"fmt ", len(form))
        + form
        + struct.pack("<4sII", b"fact", 4, frames)
        + struct.pack("<4sI", b"data", 2 * frames)
    )
    return struct.pack("<4sI", b"RIFF", len(chunks) + 2 * frames) + chunks
