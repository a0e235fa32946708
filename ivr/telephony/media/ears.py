"""Recognising what callers say, as the media process needs it: in threads, one piece at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ivr.hearing.grammar import GrammarCompiler
from ivr.hearing.model import SpeechModel
from ivr.hearing.recogniser import Recogniser
from ivr.hearing.telephone_audio import TELEPHONE_RATE, decode_mulaw
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import Hypothesis

_T = TypeVar("_T")

#: Answers longer than this many characters are cut, as those of webhooks are.
_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Said:
    """``hypotheses``: what was said, best first; none where nothing was heard at all. ``foreign``:
    nothing of it is what anybody would answer (a cough, a door, other people)."""

    hypotheses: tuple[Hypothesis, ...]
    foreign: bool = False


class Ear(Protocol):
    """Hears one utterance. Used by one thread after the other."""

    def accept(self, pcm: bytes) -> None:
        """More audio: signed 16-bit little-endian samples, 8000 a second."""
        ...

    def partial(self) -> str:
        """What seems to have been said so far."""
        ...

    def finish(self) -> Said:
        """What was said. Nothing comes after it."""
        ...


class Ears(Protocol):
    """Makes ears for a question."""

    def prepare(self, language: str, grammars: Sequence[Grammar]) -> Callable[[], Ear] | None:
        """What makes an ear for each utterance; None where this language cannot be heard.

        Raises:
            HearingError: none of the grammars can be heard.
        """
        ...


@dataclass(frozen=True, slots=True)
class Tongue:
    """What one language is heard with."""

    model: SpeechModel
    compiler: GrammarCompiler


class VoskEars:
    """Ears of Vosk. ``phrases`` gives all that is listened for in a grammar."""

    def __init__(
        self,
        tongues: Mapping[str, Tongue],
        phrases: Callable[[Grammar], Sequence[str]],
        *,
        n_best: int = 3,
    ) -> None:
        self._tongues, self._phrases, self._n_best = tongues, phrases, n_best

    def prepare(self, language: str, grammars: Sequence[Grammar]) -> Callable[[], Ear] | None:
        """See :class:`Ears`."""
        tongue = self._tongues.get(language)
        if tongue is None:
            return None
        compiled = tongue.compiler.compile(*map(self._phrases, grammars))
        return lambda: _VoskEar(
            Recogniser(tongue.model, compiled, n_best=self._n_best), compiled.unknown_word
        )

    def warm(self, grammars: Mapping[str, Iterable[Grammar]]) -> None:
        """Compile every grammar (by language) before the first call."""
        for language, known in grammars.items():
            tongue = self._tongues.get(language)
            for grammar in known if tongue is not None else ():
                assert tongue is not None  # noqa: S101
                if phrases := self._phrases(grammar):
                    tongue.compiler.compile(phrases)


class _VoskEar:
    def __init__(self, recogniser: Recogniser, unknown_word: str | None) -> None:
        self._recogniser, self._unknown = recogniser, unknown_word

    def accept(self, pcm: bytes) -> None:
        self._recogniser.accept(pcm)

    def partial(self) -> str:
        return self._recogniser.partial()

    def finish(self) -> Said:
        found = self._recogniser.finish()
        foreign = bool(found) and set(found[0].text.split()) <= {self._unknown}
        return Said(
            tuple(Hypothesis(each.text[:_MOST_CHARACTERS], each.confidence) for each in found),
            foreign,
        )


class Utterance:
    """What is being said, decoded in ``pool`` while it is said; pieces never overtake others."""

    def __init__(self, make: Callable[[], Ear], pool: Executor) -> None:
        self._make, self._pool = make, pool
        self._ear: Ear | None = None
        self._waiting = bytearray()
        self._due = False
        self._lock = asyncio.Lock()

    @property
    def behind_s(self) -> float:
        """Seconds of audio that have come and are not decoded."""
        return len(self._waiting) / TELEPHONE_RATE

    def add(self, audio: bytes) -> bool:
        """More of it: µ-law. Returns whether :meth:`decode` must be called for it; otherwise that
        was called for audio before it and is still to come."""
        self._waiting += audio
        due, self._due = not self._due, True
        return due

    async def decode(self) -> None:
        """Decode all that has come."""
        await self._with_ear(lambda ear: None)

    async def partial(self) -> str:
        """What seems to have been said, with all audio that has come."""
        return await self._with_ear(lambda ear: ear.partial())

    async def finish(self) -> Said:
        """What was said; nothing comes after it."""
        return await self._with_ear(lambda ear: ear.finish())

    async def _with_ear(self, ask: Callable[[Ear], _T]) -> _T:
        async with self._lock:
            self._due = False
            audio = bytes(self._waiting)

            def work() -> _T:
                if self._ear is None:
                    self._ear = self._make()
                self._ear.accept(decode_mulaw(audio))
                return ask(self._ear)

            answer = await asyncio.get_running_loop().run_in_executor(self._pool, work)
            del self._waiting[: len(audio)]
            return answer
