"""One question on a stream: our voice asks it, the caller's voice or keys answer it.

What comes from the line is told in its order (:meth:`Question.audio`, :meth:`Question.key`,
:meth:`Question.mark`); time is counted in the samples that came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from ivr.dialogue.actions import Listening
from ivr.hearing.endpointing import (
    Began,
    Ended,
    Endpointer,
    Happening,
    Limits,
    More,
    NothingSaid,
    Paused,
)
from ivr.hearing.telephone_audio import TELEPHONE_RATE
from ivr.identity.name_evidence import NameEvidence
from ivr.telephony.media.ears import Ear, Said, Utterance
from ivr.telephony.media.speaker import Speaker
from ivr.understanding.value import Hypothesis

#: Seconds of silence after an answer that lacks nothing (DESIGN.md "Endpointing").
_COMPLETE_S = 0.7
#: Twilio counts whole seconds; callers pause half a second longer than the flow says.
_LONGER_S = 0.5
#: Everybody is slower in slow mode; the flow's own times are already.
_SLOWER = 1.5
#: Prompts are taken up again after a cough or a nod so often at most.
_MOST_AGAIN = 2
#: A sound that nobody would answer with, shorter than so many seconds, is a cough: one is let pass
#: while an answer is awaited. Whatever is longer was meant for us.
_COUGH_S, _MOST_COUGHS = 0.7, 1
#: Seconds of audio that may wait to be decoded; more means that this machine cannot keep up.
MOST_BEHIND_S = 10.0
_DIGITS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The caller's words, best hypothesis first; see :class:`ivr.dialogue.events.Heard`.
    ``sound``: how they sound (µ-law), where that is to be kept."""

    hypotheses: tuple[Hypothesis, ...]
    name_evidence: NameEvidence | None = None
    sound: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Keyed:
    """The caller's keys; ``finished_on`` as in :class:`ivr.dialogue.events.Pressed`."""

    digits: str
    finished_on: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """The caller neither spoke nor pressed a key."""


@dataclass(frozen=True, slots=True)
class Overloaded:
    """This machine cannot keep up with the caller."""


Answer = Spoken | Keyed | Nothing | Overloaded


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is said of a question: µ-law ``sound``, and the ``key`` of its text."""

    key: str
    sound: bytes


#: What is left of a question whose words were spoken before the stream began.
_SAID_BEFORE = Prompt("", b"")


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a question is heard with; see :class:`ivr.dialogue.expectation.Expectation`. ``keep``:
    the answer's sound is to be kept."""

    make: Callable[[], Ear]
    is_whole: Callable[[str], bool]
    is_nod: Callable[[str], bool]
    keep: bool = False


class Question:
    """Asks once. :meth:`ask` returns the answer; nothing is heard after it."""

    def __init__(
        self,
        turn: int,
        listen: Listening,
        prompts: Sequence[Prompt],
        *,
        slow: bool,
        hearing: Hearing | None,
        endpointer: Endpointer,
        speaker: Speaker,
        pool: Executor,
    ) -> None:
        """``prompts`` empty: the question has been spoken. ``hearing`` None: keys only."""
        self._turn, self._listen, self._prompts = turn, listen, prompts or (_SAID_BEFORE,)
        self._limits = limits(listen, slow=slow)
        self._hearing, self._endpointer, self._speaker = hearing, endpointer, speaker
        self._pool = pool
        self._answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._marks: list[str] = []
        #: Goes up whenever we stop speaking.
        self._speech = 0
        #: Prompts that the caller has heard to their end; where the present utterance cut in.
        self._heard_prompts = 0
        self._cut_in_at: int | None = None
        self._again = self._coughs = 0
        self._keys = ""
        self._idle = 0
        self._expecting = False
        self._utterance: Utterance | None = None
        #: What comes from the line until it is known whether an utterance was an answer.
        self._judged: bytearray | None = None
        #: When (by the loop's clock) the last word of a spoken answer was over.
        self.fell_silent_at: float | None = None

    @property
    def behind_s(self) -> float:
        """Seconds of audio that have come and are not decoded."""
        return 0.0 if self._utterance is None else self._utterance.behind_s

    @property
    def being_answered(self) -> bool:
        """Whether the caller has begun to answer, or has answered."""
        return bool(self._keys) or self._utterance is not None or self._answer.done()

    async def ask(self) -> Answer:
        """Speak the prompts and wait for the answer."""
        if self._hearing is not None:
            self._endpointer.listen(self._limits)
        else:
            self._endpointer.stop()
        try:
            self._do(self._speak_from(0))
            return await self._answer
        finally:
            self._endpointer.stop()
            for task in self._tasks:
                task.cancel()

    # --- what comes from the line ------------------------------------------------------------

    async def audio(self, sound: bytes) -> None:
        """The line goes on: µ-law of any length."""
        if self._judged is not None:
            self._judged += sound
            return
        for happening in self._endpointer.feed(sound):
            await self._happened(happening)
        if self._expecting and (self._hearing is None or self._keys):
            self._idle += len(sound)
            if self._idle >= self._limits.no_input_s * TELEPHONE_RATE:
                self._finish(Keyed(self._keys) if self._keys else Nothing())

    async def key(self, digit: str) -> None:
        """A key. Keys stop our voice, and whoever presses one does not speak."""
        if self._answer.done() or digit not in _DIGITS or not self._takes_keys:
            return
        self._endpointer.stop()
        self._utterance = self._judged = self.fell_silent_at = None
        self._idle = 0
        await self._be_quiet()
        self._expecting = True
        if digit == self._listen.finish_on:
            self._finish(Keyed(self._keys, digit))
            return
        self._keys += digit
        if len(self._keys) == self._listen.digits:
            self._finish(Keyed(self._keys))

    def mark(self, name: str) -> None:
        """A sound of ours has been played."""
        if not self._speaker.marked(name) or name not in self._marks:
            return
        self._heard_prompts += 1
        if self._heard_prompts == len(self._prompts):
            self._expecting = True
            self._endpointer.expect()

    @property
    def _takes_keys(self) -> bool:
        return self._listen.keys or self._hearing is None

    # --- our voice ---------------------------------------------------------------------------

    async def _speak_from(self, first: int) -> None:
        self._heard_prompts = first
        speech = self._speech
        for number, prompt in enumerate(self._prompts[first:], first + 1):
            last = number == len(self._prompts)
            name = self._speaker.new_mark(self._turn, prompt.key, last=last)
            self._marks.append(name)
            await self._speaker.play(prompt.sound, name)
            if self._speech != speech:
                return

    async def _be_quiet(self) -> None:
        self._speech += 1
        self._marks = []
        if self._heard_prompts < len(self._prompts):
            await self._speaker.hush()

    # --- the caller's voice ------------------------------------------------------------------

    async def _happened(self, happening: Happening) -> None:
        match happening:
            case Began(audio) if self._hearing is not None:
                keep = self._hearing.keep
                self._utterance = Utterance(self._hearing.make, self._pool, keep=keep)
                self._hear(self._utterance, audio)
                over = self._heard_prompts == len(self._prompts)
                self._cut_in_at = None if over else self._heard_prompts
                await self._be_quiet()
                self._endpointer.expect()
            case More(audio) if self._utterance is not None:
                self._hear(self._utterance, audio)
            case Paused(number) if self._utterance is not None:
                self._do(self._end_if_whole(self._utterance, number))
            case Ended() if self._utterance is not None:
                now = asyncio.get_running_loop().time()
                self.fell_silent_at = now - self._endpointer.silence_s
                self._judged = bytearray()
                self._do(self._judge(self._utterance))
            case NothingSaid():
                self._finish(Nothing())

    def _hear(self, utterance: Utterance, audio: bytes) -> None:
        if utterance.add(audio):
            self._do(utterance.decode())
        if utterance.behind_s > MOST_BEHIND_S:
            self._finish(Overloaded())

    async def _end_if_whole(self, utterance: Utterance, pause: int) -> None:
        text = await utterance.partial()
        assert self._hearing is not None  # noqa: S101
        whole = await self._in_pool(self._hearing.is_whole, text) if text else False
        if whole and utterance is self._utterance:
            for happening in self._endpointer.complete(pause):
                await self._happened(happening)

    async def _judge(self, utterance: Utterance) -> None:
        """An answer, or something that was none and leaves the question open."""
        try:
            async with asyncio.timeout(MOST_BEHIND_S):
                said = await utterance.finish()
                is_answer = await self._is_answer(said)
        except TimeoutError:
            if utterance is self._utterance:
                self._finish(Overloaded())
            return
        if utterance is not self._utterance:  # a key was pressed
            return
        self._utterance = None
        if is_answer:
            self._finish(Spoken(said.hypotheses, said.name_evidence, utterance.kept))
            return
        self.fell_silent_at = None
        self._endpointer.resume()
        since, self._judged = bytes(self._judged or b""), None
        first, self._cut_in_at = self._cut_in_at, None
        if first is None:
            await self.audio(since)
            return
        self._again += 1
        self._expecting = False
        self._endpointer.listen(self._limits)
        await self.audio(since)
        if self._utterance is None and not self._keys:
            await self._speak_from(first)

    async def _is_answer(self, said: Said) -> bool:
        if not said.hypotheses:
            return False
        if self._cut_in_at is None:
            return not (said.foreign and self._is_cough())
        if self._again >= _MOST_AGAIN:
            return True
        if said.foreign:
            return False
        # The last prompt is the question itself: yes is an answer from there on.
        asked = self._cut_in_at >= len(self._prompts) - 1
        assert self._hearing is not None  # noqa: S101
        return asked or not await self._in_pool(self._hearing.is_nod, said.hypotheses[0].text)

    def _is_cough(self) -> bool:
        """Whether the last utterance, which was no word, is let pass."""
        if self._endpointer.spoken_s >= _COUGH_S or self._coughs >= _MOST_COUGHS:
            return False
        self._coughs += 1
        return True

    async def _in_pool(self, judge: Callable[[str], bool], text: str) -> bool:
        return await asyncio.get_running_loop().run_in_executor(self._pool, judge, text)

    # --- the end -----------------------------------------------------------------------------

    def fail(self, error: BaseException) -> None:
        """The question cannot be asked any further; :meth:`ask` raises ``error``."""
        if not self._answer.done():
            self._answer.set_exception(error)

    def _finish(self, answer: Answer) -> None:
        self._endpointer.stop()
        if not self._answer.done():
            self._answer.set_result(answer)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        """Have ``work`` done beside all else; its failure is the question's."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)


def limits(listen: Listening, *, slow: bool) -> Limits:
    """How long pauses may be in answer to a question."""
    return Limits(
        complete_s=_COMPLETE_S * (_SLOWER if slow else 1.0),
        incomplete_s=listen.end_silence_s + _LONGER_S,
        no_input_s=float(listen.timeout_s),
    )
