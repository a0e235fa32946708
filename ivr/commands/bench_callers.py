"""The callers of ``ivr bench hearing``, in a process of their own beside the server.

Run as ``python -m ivr.commands.bench_callers``: takes a :class:`Plan` as JSON on standard input and
writes :class:`Findings` to standard output. Each caller has a thread and a stream, whose frames go
out when they are due, whatever the server does.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import perf_counter

from pydantic import TypeAdapter

from ivr.clock import SystemClock
from ivr.errors import RehearsalError
from ivr.hearing.telephone_audio import TELEPHONE_RATE, encode_mulaw, read_wav
from ivr.hearing.voice_activity import FRAME, level
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.media_stream import MediaStream
from ivr.rehearsal.webhooks import Server

_CALLER = "+819000000000"
#: Seconds that callers take to begin, evenly spread, so that they do not speak in step.
_THINKING_S = (0.2, 1.0)
#: Decibels under its loudest moment at which a recording is over.
_OVER_DB = 30.0
_QUESTION_S = 30.0
#: Seconds until who was refused is replaced by somebody else.
_REFUSED_S = 2.0


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that the dialogue has begun."""

    sid: str
    token: str


@dataclass(frozen=True, slots=True)
class Plan:
    """``calls``: those of each caller, one after the other, until ``seconds`` are over.
    ``answers``: the recording that answers a prompt, by its key, None where nobody answers; any
    other prompt ends the call.
    """

    server: Server
    url: str
    seconds: float
    answers: Mapping[str, Path | None]
    calls: Sequence[Sequence[PlannedCall]]


@dataclass(slots=True)
class Findings:
    """``waits``: seconds from the end of an answer's sound to the first sound after it, by the
    prompt that it answers. ``refused``: streams that were not let in, by close code. ``lost``:
    streams that ended before the call did. ``late_s``: how late the end of an answer went out, at
    worst.
    ``said_s``: seconds of sound that callers made; ``line_s``: seconds of their streams."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    lost: int = 0
    late_s: float = 0.0
    said_s: float = 0.0
    line_s: float = 0.0

    def add(self, other: Findings) -> None:
        """All that another caller found."""
        for prompt, waits in other.waits.items():
            self.waits.setdefault(prompt, []).extend(waits)
        for code, number in other.refused.items():
            self.refused[code] = self.refused.get(code, 0) + number
        self.lost += other.lost
        self.late_s = max(self.late_s, other.late_s)
        self.said_s += other.said_s
        self.line_s += other.line_s


PLAN: TypeAdapter[Plan] = TypeAdapter(Plan)
FINDINGS: TypeAdapter[Findings] = TypeAdapter(Findings)


@dataclass(frozen=True, slots=True)
class _Sound:
    """``quiet_s``: seconds of silence at its end."""

    mulaw: bytes
    quiet_s: float


def until_over(mulaw: bytes) -> float:
    """Seconds until the last moment of a recording that is about as loud as the rest."""
    frames = [mulaw[at : at + FRAME] for at in range(0, len(mulaw), FRAME)]
    levels = list(map(level, frames))
    last = max(at for at, loud in enumerate(levels) if loud >= max(levels) - _OVER_DB)
    return min(len(mulaw), (last + 1) * FRAME) / TELEPHONE_RATE


def _sound(path: Path) -> _Sound:
    mulaw = encode_mulaw(read_wav(path).pcm)
    return _Sound(mulaw, len(mulaw) / TELEPHONE_RATE - until_over(mulaw))


class _Caller:
    """One of the callers: places its calls one after the other."""

    def __init__(self, plan: Plan, number: int, sounds: Mapping[str, _Sound | None]) -> None:
        self._plan, self._sounds = plan, sounds
        self._calls = plan.calls[number]
        self._chance = Random(number)  # noqa: S311
        self._clock = SystemClock()
        self.found = Findings()

    def run(self) -> Findings:
        """Call until the time is over."""
        self._clock.sleep(self._chance.uniform(*_THINKING_S))
        over = perf_counter() + self._plan.seconds
        for planned in self._calls:
            if perf_counter() >= over:
                break
            self._call(planned)
        return self.found

    def _call(self, planned: PlannedCall) -> None:
        server, found = self._plan.server, self.found
        leg = Leg(_CALLER, server.number, server.account_sid, sid=planned.sid)
        given = {"token": planned.token}
        stream = MediaStream(server, self._plan.url, leg, self._clock, parameters=given)
        try:
            code = self._converse(stream)
        except RehearsalError:  # the server has fallen silent
            found.lost += 1
        else:
            # Whoever was let in has heard something.
            if code is not None and "mark" in stream.events:
                found.lost += 1
            elif code is not None:
                found.refused[code] = found.refused.get(code, 0) + 1
                self._clock.sleep(_REFUSED_S)
        stream.hang_up()
        found.line_s += len(stream.said) / TELEPHONE_RATE

    def _converse(self, stream: MediaStream) -> int | None:
        """Answer until the call is over; the close code where the server closes the stream before.

        Raises:
            RehearsalError: the server does not go on.
        """
        while stream.closed is None:
            stream.until(lambda: bool(stream.reached), _QUESTION_S)
            if stream.reached and not self._asked(stream, stream.reached.popleft()):
                return None
        return stream.closed

    def _asked(self, stream: MediaStream, mark: str) -> bool:
        """Answer, if a question has been asked; False where the call is over."""
        kind, _, prompt, _ = mark.split(":")
        if kind != "ask":
            return True
        if prompt not in self._sounds:
            return False
        sound = self._sounds[prompt]
        if sound is not None:
            self._answer(stream, prompt, sound)
        return True

    def _answer(self, stream: MediaStream, prompt: str, sound: _Sound) -> None:
        stream.run(self._chance.uniform(*_THINKING_S))
        stream.say(sound.mulaw)
        stream.until(lambda: not stream.caller_speaks)
        late_s = (self._clock.now() - stream.began).total_seconds()
        late_s -= len(stream.said) / TELEPHONE_RATE
        ended, sent = perf_counter() - sound.quiet_s, len(stream.events)
        stream.until(lambda: len(stream.events) > sent, _QUESTION_S)
        if stream.closed is None:
            self.found.waits.setdefault(prompt, []).append(perf_counter() - ended)
            self.found.late_s = max(self.found.late_s, late_s)
            self.found.said_s += len(sound.mulaw) / TELEPHONE_RATE - sound.quiet_s


def place(plan: Plan) -> Findings:
    """Place all calls of ``plan``.

    Raises:
        RehearsalError: the server does not do what a media server does.
    """
    sounds = {
        prompt: None if path is None else _sound(path) for prompt, path in plan.answers.items()
    }
    callers = [_Caller(plan, number, sounds) for number in range(len(plan.calls))]
    found = Findings()
    with ThreadPoolExecutor(max(1, len(callers))) as pool:
        for each in pool.map(_Caller.run, callers):
            found.add(each)
    return found


if __name__ == "__main__":
    try:
        findings = place(PLAN.validate_json(sys.stdin.buffer.read()))
    except RehearsalError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(FINDINGS.dump_json(findings))
