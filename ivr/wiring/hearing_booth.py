"""One question of a flow asked, and one answer heard, as in a call but faster than time.

Everything a call hears with takes part: endpointing, grammars, recogniser, understanding. Only the
socket is missing, and the wait: audio is given as fast as it is decoded, and nothing goes on before
all that follows from it is done, so the same sound is always heard alike.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from time import process_time
from typing import Any

from ivr.dialogue import answers
from ivr.dialogue.actions import Ask
from ivr.dialogue.answers import Answer
from ivr.dialogue.call import Call
from ivr.dialogue.expectation import Expectation, expected
from ivr.errors import HearingError
from ivr.flow.flow import Flow
from ivr.flow.model import ChooseState, CollectState
from ivr.hearing.endpointing import Endpointer
from ivr.hearing.telephone_audio import TELEPHONE_RATE
from ivr.hearing.voice_activity import FRAME
from ivr.identity.name_evidence import NameEvidence
from ivr.telephony.media.ears import Ear, Ears, Said
from ivr.telephony.media.question import Hearing, Question, Spoken
from ivr.telephony.media.speaker import Speaker
from ivr.understanding.value import Hypothesis

#: Seconds of the line before the question is over: the noise of a call is known by then.
LEAD_S = 1.0


@dataclass(frozen=True, slots=True)
class HeardAnswer:
    """``answer``: what the state that asked makes of it; None where nothing was heard.

    ``name_evidence``: see :class:`ivr.dialogue.events.Heard`. ``audio``: the samples that the
    recogniser was given (16 bits, 8000 a second). ``line_s``:
    seconds of line from the question's end until the answer was over; ``cpu_s``: seconds of a
    processor for hearing and understanding them.
    """

    answer: Answer | None
    hypotheses: tuple[Hypothesis, ...]
    name_evidence: NameEvidence | None
    audio: bytes
    line_s: float
    cpu_s: float


class Booth:
    """Asks with the grammars of ``flow``. Not for several threads."""

    def __init__(self, flow: Flow, ears: Ears, today: date) -> None:
        """``today`` is the date in Japan."""
        self._flow, self._ears, self._today = flow, ears, today

    def hear(
        self, call: Call, line: Iterator[bytes], registered: Sequence[tuple[str, str]] = ()
    ) -> HeardAnswer:
        """What is heard in answer to the question that ``call`` is asked.

        ``line`` gives frames of the caller's line (20 ms of µ-law): :data:`LEAD_S` before the
        question is over, then the answer, and silence for as long as anybody listens.
        ``registered``: surname and given name in kana of those with the claimed birthdate.

        Raises:
            HearingError: nothing is asked there by speech, the language cannot be heard, or the
                line ends too early.
        """
        return asyncio.run(self._hear(call, line, registered))

    def hear_again(
        self, call: Call, audio: bytes, registered: Sequence[tuple[str, str]]
    ) -> tuple[Answer, NameEvidence | None]:
        """What the ``audio`` of a :class:`HeardAnswer` is heard as where others are registered.

        Raises:
            HearingError: see :meth:`hear`.
        """
        ear = self._prepared(call, registered)[1]()
        ear.accept(audio)
        said = ear.finish()
        return self._answer(call, said.hypotheses), said.name_evidence

    def _prepared(
        self, call: Call, registered: Sequence[tuple[str, str]]
    ) -> tuple[Expectation, Callable[[], Ear]]:
        expectation = expected(self._flow, call, self._today)
        by_speech = isinstance(call.action, Ask) and call.action.listen.speech
        if expectation is not None and by_speech:
            names = expectation.names and replace(expectation.names, registered=tuple(registered))
            make = self._ears.prepare(call.language, expectation.grammars, names)
            if make is not None:
                return expectation, make
        raise HearingError(f"the state {call.state} takes no answers in {call.language} by speech")

    def _answer(self, call: Call, hypotheses: Sequence[Hypothesis]) -> Answer:
        state = self._flow.file.states[call.state]
        assert isinstance(state, ChooseState | CollectState)  # noqa: S101
        return answers.of_speech(self._flow, call, state, hypotheses, self._today)

    async def _hear(
        self, call: Call, line: Iterator[bytes], registered: Sequence[tuple[str, str]]
    ) -> HeardAnswer:
        expectation, make = self._prepared(call, registered)
        assert isinstance(call.action, Ask)  # noqa: S101
        listener = _Listener()
        marks: list[str] = []

        async def send(message: str) -> None:
            sent: dict[str, Any] = json.loads(message)
            marks.extend([sent["mark"]["name"]] if sent["event"] == "mark" else [])

        endpointer = Endpointer()
        for frame in islice(line, round(LEAD_S * TELEPHONE_RATE / FRAME)):
            endpointer.feed(frame)
        question = Question(
            call.turn,
            call.action.listen,
            (),
            slow=call.slow,
            hearing=Hearing(listener.hears(make), expectation.is_whole, expectation.is_nod),
            endpointer=endpointer,
            speaker=Speaker(send, ""),
            pool=_AtOnce(),
        )
        asking = asyncio.create_task(question.ask())
        await _settled(asking)
        for name in marks:
            question.mark(name)
        heard, cpu_s = 0, 0.0
        for frame in line:
            began = process_time()
            await question.audio(frame)
            await _settled(asking)
            cpu_s += process_time() - began
            heard += len(frame)
            if asking.done():
                break
        else:
            asking.cancel()
            raise HearingError("the line ends before the answer is over")
        found = asking.result()
        spoken = found if isinstance(found, Spoken) else Spoken(())
        return HeardAnswer(
            self._answer(call, spoken.hypotheses) if spoken.hypotheses else None,
            spoken.hypotheses,
            spoken.name_evidence,
            bytes(listener.audio),
            heard / TELEPHONE_RATE,
            cpu_s,
        )


class _Listener:
    """Keeps what the ears were given of the last utterance."""

    def __init__(self) -> None:
        self.audio = bytearray()

    def hears(self, make: Callable[[], Ear]) -> Callable[[], Ear]:
        def made() -> Ear:
            self.audio.clear()
            return _Overheard(make(), self.audio)

        return made


class _Overheard:
    def __init__(self, ear: Ear, audio: bytearray) -> None:
        self._ear, self._audio = ear, audio

    def accept(self, pcm: bytes) -> None:
        self._audio += pcm
        self._ear.accept(pcm)

    def partial(self) -> str:
        return self._ear.partial()

    def finish(self) -> Said:
        return self._ear.finish()


class _AtOnce(Executor):
    """Does everything at once, in the thread that asks."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


async def _settled(*but: asyncio.Task[Any]) -> None:
    """Until every task is done, ``but`` those that wait for the line."""
    await asyncio.sleep(0)
    while others := asyncio.all_tasks() - {asyncio.current_task(), *but}:
        await asyncio.wait(others)
