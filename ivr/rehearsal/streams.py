"""The media streams of a rehearsal: opened as the network does, impaired as the call's world says,
and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from ivr.clock import Clock
from ivr.hearing.telephone_audio import read_wav
from ivr.rehearsal.bad_line import BadLine, Line
from ivr.rehearsal.call_recording import CallRecording
from ivr.rehearsal.callfile import CallFile
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.media_stream import MediaStream, NoStream
from ivr.rehearsal.webhooks import Server
from ivr.speaking.speech_level import TARGET_RMS, active_rms


@dataclass
class Streams:
    """Opens streams to the media server of ``server``.

    ``quiet_pace``: see :class:`ivr.rehearsal.media_stream.MediaStream`; 0 where the clock does
    not run ahead. ``line``: what it does to the caller's sound; None: nothing. ``dies_after``:
    questions on streams after which the media server is no more, or, where it ``comes_back``, after
    which the stream dies, time and again.
    """

    server: Server
    clock: Clock
    quiet_pace: float = 0.0
    line: BadLine | None = None
    recording: CallRecording | None = None
    dies_after: int | None = None
    comes_back: bool = False
    #: Questions asked on streams so far.
    questions: int = 0
    _is_dead: bool = False
    _since: int = 0

    def open(self, url: str, leg: Leg, parameters: Mapping[str, str]) -> MediaStream:
        """
        Raises:
            NoStream: none could be opened.
            RehearsalError: the URL is not the server's.
        """
        if self._is_dead:
            raise NoStream("no media stream could be opened")
        open_stream = partial(
            MediaStream,
            self.server,
            url,
            leg,
            self.clock,
            parameters=parameters,
            in_step=self.quiet_pace > 0,
            quiet_pace=self.quiet_pace,
        )
        if self.line is None:
            return open_stream()
        return open_stream(carry=self.line.carry, echo_s=self.line.echo_s)

    def asked(self, stream: MediaStream) -> None:
        """A question has been asked on ``stream``, which dies here if its time has come."""
        self.questions += 1
        self._since += 1
        if self.dies_after is not None and self._since > self.dies_after:
            self._is_dead, self._since = not self.comes_back, 0
            stream.die()

    def ended(self, stream: MediaStream) -> None:
        """``stream`` is over."""
        if self.recording is not None:
            self.recording.add(stream.began, bytes(stream.said), bytes(stream.played))


def line_of(call: CallFile) -> BadLine | None:
    """The line that ``call`` is placed over; None where it changes nothing.

    Raises:
        HearingError: a recording cannot be read.
    """
    line = call.world.line
    if line == Line():
        return None
    steps = [turn.caller for turn in call.turns if turn.caller is not None]
    paths = {path for step in steps if (path := call.audio_path(step)) is not None}
    levels = [active_rms(read_wav(path)) for path in sorted(paths)] or [TARGET_RMS]
    return BadLine(line, sum(levels) / len(levels), call.call)
