"""One call on one stream: turns through the dialogue, until the telephone has to do something
that only TwiML can.

Leaving is always safe: the socket is closed, Twilio goes on with the document, and
``/voice/continue`` renders what is stored.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from ivr.clock import Clock
from ivr.dialogue.actions import Ask, Check, End, Line, Transfer
from ivr.dialogue.events import Event, Heard, Pressed, Silence
from ivr.dialogue.expectation import Expectation
from ivr.errors import NotFound, RecordsError, RecordsUnavailable
from ivr.hearing.echo import Echo
from ivr.hearing.endpointing import Endpointer
from ivr.telephony.logging import crash
from ivr.telephony.media import messages
from ivr.telephony.media.ears import Ears
from ivr.telephony.media.messages import Audio, Damaged, Key, Marked, Started, Stopped
from ivr.telephony.media.metrics import MediaMetrics
from ivr.telephony.media.question import (
    Answer,
    Hearing,
    Keyed,
    Overloaded,
    Prompt,
    Question,
    Spoken,
)
from ivr.telephony.media.speaker import Send, Speaker
from ivr.telephony.ports import Dialogue, PromptAudio, Reply

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

#: Close codes (RFC 6455, section 7.4.1; 1013 from the IANA registry).
LEFT, RESTARTING, DAMAGED, REFUSED, BROKEN, FULL = 1000, 1012, 1007, 1008, 1011, 1013
#: How often an event is given to a database that is away, and the seconds between.
_MOST_TRIES, _AGAIN_S = 3, 1.0
#: A check that takes more waits than this is waited for in TwiML, which has fillers.
_MOST_WAITS = 2
#: Turns without anything that takes a caller's time are a loop of ours.
_MOST_CHECKS = 10


class Expecting(Protocol):
    """Implemented by :class:`ivr.dialogue.expectation.Expectations`."""

    def of(self, *, call_sid: str, turn: int) -> Expectation | None: ...


class KeepAudio(Protocol):
    """Implemented by :meth:`ivr.dialogue.audio_keeping.AudioKeeper.keep`."""

    def __call__(self, *, call_sid: str, turn: int, state: str, sound: bytes) -> None: ...


@dataclass(frozen=True)
class Floor:
    """What every session stands on. ``decoding`` and ``waiting`` are pools of threads: one for
    recognition, one for what waits for the database. ``silent_s``: seconds without any message
    after which a line is dead. ``reaches``: whether a destination has anybody to ring.
    ``keep_audio``: None where the settings want nothing kept."""

    service: Dialogue
    expectations: Expecting
    ears: Ears
    prompt_audio: PromptAudio
    clock: Clock
    decoding: Executor
    waiting: Executor
    metrics: MediaMetrics
    check_wait_ms: int = 1500
    silent_s: float = 10.0
    reaches: Callable[[str], bool] = bool
    keep_audio: KeepAudio | None = None


class Leaving(Exception):
    """The conversation goes on in TwiML; ``reason`` is a code."""

    def __init__(self, reason: str, code: int = LEFT) -> None:
        super().__init__(reason)
        self.reason, self.code = reason, code


class Session:
    """A conversation on an accepted stream."""

    def __init__(self, started: Started, send: Send, floor: Floor) -> None:
        self._floor = floor
        self._call = started.call_sid
        #: The turn whose prompts were spoken by <Say> before the stream began.
        self._said = started.parameters.get("said", "")
        echo = Echo()
        self._speaker = Speaker(send, started.stream_sid, echo)
        self._endpointer = Endpointer(echo)
        self._question: Question | None = None
        self._turn: asyncio.Future[Reply] | None = None
        self._draining = False
        #: When (by the loop's clock) the words were over that have not been replied to.
        self._unreplied: float | None = None
        self._log = _log.bind(call_sid=started.call_sid)

    @property
    def behind_s(self) -> float:
        """Seconds of audio that have come and are not decoded."""
        return 0.0 if self._question is None else self._question.behind_s

    async def run(self, frames: AsyncIterator[str | bytes]) -> int:
        """Converse until the call goes on elsewhere; the code to close the socket with. Raises
        nothing: whatever breaks, TwiML goes on."""
        reading = asyncio.create_task(self._read(frames))
        talking = asyncio.create_task(self._talk())
        try:
            await asyncio.wait({reading, talking}, return_when=asyncio.FIRST_COMPLETED)
            return self._outcome(talking if talking.done() else reading)
        finally:
            # An answer that is being taken is taken to its end, or nobody would know of it.
            if self._turn is not None:
                with contextlib.suppress(Exception):
                    await asyncio.shield(self._turn)
            for task in (reading, talking):
                task.cancel()
            await asyncio.gather(reading, talking, return_exceptions=True)

    def drain(self) -> None:
        """Leave as soon as nothing of the caller's would be lost: at once, or after the answer
        that has begun."""
        self._draining = True
        if self._question is not None and not self._question.being_answered:
            self._question.fail(Leaving("draining", RESTARTING))

    def _outcome(self, task: asyncio.Task[None]) -> int:
        error = task.exception()
        if not isinstance(error, Leaving):
            self._floor.metrics.left.labels("failed").inc()
            self._log.error("stream_failed", **({} if error is None else crash(error)))
            return BROKEN
        self._floor.metrics.left.labels(error.reason).inc()
        self._log.info("stream_left", reason=error.reason)
        return error.code

    # --- what comes in -----------------------------------------------------------------------

    async def _read(self, frames: AsyncIterator[str | bytes]) -> None:
        """
        Raises:
            Leaving: the stream is over, silent or damaged.
        """
        while True:
            try:
                async with asyncio.timeout(self._floor.silent_s):
                    frame = await anext(frames)
            except TimeoutError:
                raise Leaving("line_is_silent") from None
            except StopAsyncIteration:
                raise Leaving("socket_closed") from None
            match messages.read(frame):
                case Audio(payload, callers=True):
                    await self._audio(payload)
                case Key(digit) if self._question is not None:
                    await self._question.key(digit)
                case Marked(name):
                    self._mark(name)
                case Stopped():
                    raise Leaving("stopped")
                case Damaged(reason):
                    raise Leaving(f"damaged_{reason}", DAMAGED)

    async def _audio(self, payload: bytes) -> None:
        if self._question is not None:
            await self._question.audio(payload)
        else:
            self._endpointer.feed(payload)

    def _mark(self, name: str) -> None:
        if self._question is not None:
            self._question.mark(name)
        else:
            self._speaker.marked(name)

    # --- turns -------------------------------------------------------------------------------

    async def _talk(self) -> None:
        """
        Raises:
            Leaving: always, in the end.
        """
        reply = await self._blocking(lambda: self._floor.service.current(call_sid=self._call))
        checks = 0
        while True:
            match reply.action:
                case Ask() as ask:
                    checks = 0
                    reply = await self._asked(reply, ask)
                case Check() as check if checks < _MOST_CHECKS:
                    checks += 1
                    reply = await self._checked(reply, check)
                case action:
                    await self._last_words(reply)
                    raise Leaving(action.kind)
            if self._draining:
                raise Leaving("draining", RESTARTING)

    async def _asked(self, reply: Reply, ask: Ask) -> Reply:
        prompts: Sequence[Prompt] = ()
        if self._said != str(reply.turn):
            prompts = await self._sounds(reply, ask.lines)
        question = Question(
            reply.turn,
            ask.listen,
            prompts,
            slow=reply.slow,
            hearing=await self._hearing(reply, ask),
            endpointer=self._endpointer,
            speaker=self._speaker,
            pool=self._floor.decoding,
        )
        if self._draining:
            raise Leaving("draining", RESTARTING)
        self._replying()
        self._question = question
        try:
            answer = await question.ask()
        finally:
            self._question = None
        taken = await self._taken(reply.turn, self._event(answer))
        self._unreplied = question.fell_silent_at
        if self._unreplied is not None:
            self._floor.metrics.answers.observe(_since(self._unreplied))
        if isinstance(answer, Spoken) and answer.sound:
            await self._blocking(lambda: self._keep(reply.turn, ask.state, answer.sound))
        return taken

    def _keep(self, turn: int, state: str, sound: bytes) -> None:
        """Keep an answer's sound; a call does not depend on it."""
        keep = self._floor.keep_audio
        assert keep is not None  # noqa: S101 - nothing would have been remembered
        try:
            keep(call_sid=self._call, turn=turn, state=state, sound=sound)
        except RecordsError as error:
            self._log.warning("audio_not_kept", **crash(error))

    def _replying(self) -> None:
        """Our voice begins."""
        if self._unreplied is not None:
            self._floor.metrics.replies.observe(_since(self._unreplied))
            self._unreplied = None

    async def _checked(self, reply: Reply, check: Check) -> Reply:
        prompts = await self._sounds(reply, check.lines)
        if prompts:
            self._replying()
        for prompt in prompts:
            await self._speaker.play(prompt.sound, self._speaker.new_mark(reply.turn, prompt.key))
        for _ in range(_MOST_WAITS):
            now = await self._blocking(
                lambda: self._floor.service.current(
                    call_sid=self._call, wait_ms=self._floor.check_wait_ms
                )
            )
            if now.turn != reply.turn:
                return now
        await self._speaker.finished()
        raise Leaving("check_takes_long")

    async def _last_words(self, reply: Reply) -> None:
        """Say what is said before a transfer or the end, so that the voice stays the same. It
        counts as said when its last mark has come back: until then ``<Say>`` says all of it."""
        sounds = None
        match reply.action:
            case Transfer(destination=name) if not self._floor.reaches(name):
                pass  # something else will be said
            case (Transfer() | End()) as action if not reply.spoken:
                sounds = await self._sounds_of(reply, action.lines)
        for prompt in sounds or ():
            self._replying()
            await self._speaker.play(prompt.sound, self._speaker.new_mark(reply.turn, prompt.key))
        if await self._speaker.finished() and sounds:
            await self._blocking(lambda: self._note_spoken(reply.turn))

    def _note_spoken(self, turn: int) -> None:
        """That TwiML need not say it; where nobody can be told, it is said twice."""
        for _ in range(_MOST_TRIES):
            try:
                self._floor.service.spoken(call_sid=self._call, turn=turn)
            except RecordsUnavailable:
                self._floor.clock.sleep(_AGAIN_S)
            else:
                return

    async def _hearing(self, reply: Reply, ask: Ask) -> Hearing | None:
        if not ask.listen.speech:
            return None

        def prepare() -> Hearing | None:
            expected = self._floor.expectations.of(call_sid=self._call, turn=reply.turn)
            if expected is None:
                return None
            make = self._floor.ears.prepare(reply.language, expected.grammars, expected.names)
            if make is None:
                return None
            keep = expected.keep_audio and self._floor.keep_audio is not None
            make = self._floor.metrics.timed(make)
            return Hearing(make, expected.is_whole, expected.is_nod, keep)

        hearing = await self._blocking(prepare)
        if hearing is None:
            raise Leaving("cannot_hear")
        return hearing

    async def _sounds(self, reply: Reply, lines: Sequence[Line]) -> list[Prompt]:
        """
        Raises:
            Leaving: a line has no sound.
        """
        sounds = await self._sounds_of(reply, lines)
        if sounds is None:
            await self._speaker.finished()
            raise Leaving("prompt_without_sound")
        return sounds

    async def _sounds_of(self, reply: Reply, lines: Sequence[Line]) -> list[Prompt] | None:
        """None where a line has no sound."""

        def sound(line: Line) -> bytes | None:
            # As in TwiML: "for English, press nine" is for people who read no Japanese.
            language = "en" if line.text.isascii() else reply.language
            return self._floor.prompt_audio(line.key, line.text, language, reply.slow)

        sounds = await self._blocking(lambda: [sound(line) for line in lines])
        if None in sounds:
            return None
        return [Prompt(line.key, sound) for line, sound in zip(lines, sounds, strict=True) if sound]

    def _event(self, answer: Answer) -> Event:
        at = self._floor.clock.now()
        match answer:
            case Spoken(hypotheses, name_evidence):
                return Heard(at, hypotheses, name_evidence)
            case Keyed(digits, finished_on):
                return Pressed(at, digits, finished_on)
            case Overloaded():
                raise Leaving("cannot_keep_up")
            case _:
                return Silence(at)

    async def _taken(self, turn: int, event: Event) -> Reply:
        """Give the event to the dialogue, again while the database is away."""
        self._turn = asyncio.ensure_future(self._blocking(lambda: self._take(turn, event)))
        try:
            return await asyncio.shield(self._turn)
        finally:
            if self._turn.done():
                self._turn = None

    def _take(self, turn: int, event: Event) -> Reply:
        for _ in range(_MOST_TRIES - 1):
            try:
                return self._take_once(turn, event)
            except RecordsUnavailable:
                self._floor.clock.sleep(_AGAIN_S)
        return self._take_once(turn, event)

    def _take_once(self, turn: int, event: Event) -> Reply:
        service = self._floor.service
        try:
            return service.take(call_sid=self._call, turn=turn, event=event)
        except NotFound:
            # Somebody else has taken turns of this call; go on where it is.
            return service.current(call_sid=self._call)

    async def _blocking(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._floor.waiting, work)


def _since(then: float) -> float:
    """Seconds that have passed by the loop's clock."""
    return asyncio.get_running_loop().time() - then
