"""Recognising what callers say, as the media process needs it: in threads, one piece at a time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from ivr.dialogue.expectation import NameQuestion
from ivr.hearing.grammar import CompiledGrammar, GrammarCompiler
from ivr.hearing.model import SpeechModel
from ivr.hearing.recogniser import HeardWord, Recogniser, Transcript
from ivr.hearing.telephone_audio import TELEPHONE_RATE, decode_mulaw
from ivr.identity.listened_names import ListenedNames, NameSelection
from ivr.identity.name_evidence import Guess, NameEvidence, weigh
from ivr.understanding import phrases
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import Hypothesis

_T = TypeVar("_T")

#: Answers longer than this many characters are cut, as those of webhooks are.
_MOST_CHARACTERS = 500

#: A phrase is spelt if it takes so many words of the model; each as sure as this.
_SPELT, _MOST_SPELT, _SURE = 3, 8, 0.9

#: What becomes of the confidences of what was heard, by language and the question's grammars.
Calibrated = Callable[[str, Sequence[Grammar], tuple[Hypothesis, ...]], tuple[Hypothesis, ...]]


@dataclass(frozen=True, slots=True)
class Said:
    """``hypotheses``: what was said, best first; none where nothing was heard at all. ``foreign``:
    nothing of it is what anybody would answer (a cough, a door, other people).
    ``name_evidence``: see :class:`ivr.dialogue.events.Heard`."""

    hypotheses: tuple[Hypothesis, ...]
    foreign: bool = False
    name_evidence: NameEvidence | None = None


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

    def prepare(
        self, language: str, grammars: Sequence[Grammar], names: NameQuestion | None = None
    ) -> Callable[[], Ear] | None:
        """What makes an ear for each utterance; None where this language cannot be heard.
        ``names``: where a name is asked for, which no grammar holds.

        Raises:
            HearingError: none of the grammars can be heard.
        """
        ...


@dataclass(frozen=True, slots=True)
class Tongue:
    """What one language is heard with. ``names`` selects whom to listen for where a name is asked
    for; None where the model does not know names by their reading."""

    model: SpeechModel
    compiler: GrammarCompiler
    names: NameSelection | None = None


class VoskEars:
    """Ears of Vosk. ``phrases_of`` gives all that is listened for in a grammar, ``calibrated``
    makes probabilities of confidences."""

    def __init__(
        self,
        tongues: Mapping[str, Tongue],
        phrases_of: Callable[[Grammar], Sequence[str]],
        *,
        calibrated: Calibrated | None = None,
        n_best: int = 3,
    ) -> None:
        self._tongues, self._phrases, self._n_best = tongues, phrases_of, n_best
        self._calibrated = calibrated

    def prepare(
        self, language: str, grammars: Sequence[Grammar], names: NameQuestion | None = None
    ) -> Callable[[], Ear] | None:
        """See :class:`Ears`."""
        tongue = self._tongues.get(language)
        if tongue is None:
            return None
        lists = [*map(self._phrases, grammars)]
        compiled = tongue.compiler.compile(*lists)

        def judged(found: Iterable[Transcript]) -> tuple[Hypothesis, ...]:
            heard = tuple(
                Hypothesis(each.text[:_MOST_CHARACTERS], each.confidence) for each in found
            )
            return (
                heard if self._calibrated is None else self._calibrated(language, grammars, heard)
            )

        if names is None:
            return lambda: _VoskEar(
                Recogniser(tongue.model, compiled, n_best=self._n_best),
                compiled.unknown_word,
                judged,
            )
        candidates = None
        if tongue.names is not None and names.registered is not None:
            listened = tongue.names.select(names.birthdate, names.registered)
            listed = tongue.compiler.compile(*lists, once=listened.phrases(names.asked))
            candidates = _Candidates(listened, listed)
        said = frozenset(itertools.chain.from_iterable(lists))
        return lambda: _NameEar(tongue.model, grammars, names, compiled, candidates, judged, said)

    def warm(self, grammars: Mapping[str, Iterable[Grammar]]) -> None:
        """Compile every grammar (by language) before the first call."""
        for language, known in grammars.items():
            tongue = self._tongues.get(language)
            for grammar in known if tongue is not None else ():
                assert tongue is not None  # noqa: S101
                if phrases := self._phrases(grammar):
                    tongue.compiler.compile(phrases)


_Judged = Callable[[Iterable[Transcript]], tuple[Hypothesis, ...]]


class _VoskEar:
    def __init__(self, recogniser: Recogniser, unknown_word: str | None, judged: _Judged) -> None:
        self._recogniser, self._unknown, self._judged = recogniser, unknown_word, judged

    def accept(self, pcm: bytes) -> None:
        self._recogniser.accept(pcm)

    def partial(self) -> str:
        return self._recogniser.partial()

    def finish(self) -> Said:
        found = self._recogniser.finish()
        return Said(self._judged(found), _is_foreign(found, self._unknown))


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The names of one claim, and the grammar that listens for them."""

    names: ListenedNames
    grammar: CompiledGrammar


class _NameEar:
    """Hears a name three times at once: with the model's own language model, which is what the
    caller has said whoever is registered; with the question's grammars, to tell speech from other
    sounds; and with the candidates, which is evidence for the check and nothing else."""

    def __init__(
        self,
        model: SpeechModel,
        grammars: Sequence[Grammar],
        question: NameQuestion,
        compiled: CompiledGrammar,
        candidates: _Candidates | None,
        judged: _Judged,
        phrases: frozenset[str],
    ) -> None:
        self._phrases = phrases
        self._grammars, self._question, self._compiled = grammars, question, compiled
        self._candidates, self._judged = candidates, judged
        self._freely = Recogniser(model, None)
        self._closely = Recogniser(model, compiled, n_best=1)
        self._listed = None if candidates is None else Recogniser(model, candidates.grammar)

    def accept(self, pcm: bytes) -> None:
        self._freely.accept(pcm)
        self._closely.accept(pcm)
        if self._listed is not None:
            self._listed.accept(pcm)

    def partial(self) -> str:
        return self._written(self._freely.partial())

    def finish(self) -> Said:
        freely, closely = self._freely.finish(), self._closely.finish()
        spelt = self._spelt(closely)
        found = [replace(each, text=self._written(_with(spelt, each))) for each in freely]
        meant = self._meaning(closely[0].text) if closely else None
        if meant is not None and any(self._meaning(each.text) == meant for each in found):
            found = closely  # a command, which its grammar hears best
        foreign = _is_foreign(closely, self._compiled.unknown_word) and not any(
            self._question.is_answer(each.text) for each in found[:1]
        )
        return Said(self._judged(found), foreign, self._evidence(freely))

    def _written(self, text: str) -> str:
        """What means something in a grammar as the grammar writes it (もういちど is もう一度); a
        name stays as it was heard."""
        written = self._compiled.written(text.split())
        return text if self._meaning(written) is None else written

    def _spelt(self, closely: Sequence[Transcript]) -> list[_Spelt]:
        """Phrases of the grammars that are made of words that the model spells them with, where
        they were heard without doubt: for its own language model they are strings of morae."""
        found: list[_Spelt] = []
        words = [word for each in closely[:1] for word in each.words]
        for start, end in itertools.combinations(range(len(words) + 1), 2):
            piece = words[start:end]
            if _SPELT <= len(piece) <= _MOST_SPELT and _are_sure(piece):
                phrase = self._compiled.written([word.word for word in piece])
                if phrase in self._phrases:
                    found.append(_Spelt(phrase, piece[0].start_s, piece[-1].end_s))
        return found

    def _meaning(self, text: str) -> str | None:
        meant = (phrases.meaning(grammar, [Hypothesis(text)]) for grammar in self._grammars)
        return next((each for each in meant if each is not None), None)

    def _evidence(self, freely: Sequence[Transcript]) -> NameEvidence | None:
        if self._listed is None or self._candidates is None:
            return None
        return weigh(
            self._candidates.names,
            _guesses(self._listed.finish()),
            _guesses(freely),
            asked=self._question.asked,
        )


@dataclass(frozen=True, slots=True)
class _Spelt:
    """A phrase, and when it was said: seconds since the utterance began."""

    phrase: str
    start_s: float
    end_s: float


def _are_sure(words: Iterable[HeardWord]) -> bool:
    return all((word.confidence or 0.0) >= _SURE for word in words)


def _with(spelt: Iterable[_Spelt], each: Transcript) -> str:
    """``each`` with what was ``spelt`` in place of the words that were heard there."""
    text, left = [], list(spelt)
    for word in each.words:
        middle = (word.start_s + word.end_s) / 2
        there = next((one for one in left if one.start_s <= middle <= one.end_s), None)
        if there is None:
            text.append(word.word)
        elif there.phrase != (text[-1] if text else ""):
            text.append(there.phrase)
    return " ".join(text)


def _guesses(found: Iterable[Transcript]) -> list[Guess]:
    return [Guess(each.text, each.score) for each in found if each.score is not None]


def _is_foreign(found: Sequence[Transcript], unknown_word: str | None) -> bool:
    return bool(found) and set(found[0].text.split()) <= {unknown_word}


class Utterance:
    """What is being said, decoded in ``pool`` while it is said; pieces never overtake others."""

    def __init__(self, make: Callable[[], Ear], pool: Executor, *, keep: bool = False) -> None:
        """``keep``: remember all audio, decoded or not."""
        self._make, self._pool = make, pool
        self._kept = bytearray() if keep else None
        self._ear: Ear | None = None
        self._waiting = bytearray()
        self._due = False
        self._lock = asyncio.Lock()

    @property
    def behind_s(self) -> float:
        """Seconds of audio that have come and are not decoded."""
        return len(self._waiting) / TELEPHONE_RATE

    @property
    def kept(self) -> bytes:
        """All of it (µ-law); empty where it is not to be kept."""
        return bytes(self._kept or b"")

    def add(self, audio: bytes) -> bool:
        """More of it: µ-law. Returns whether :meth:`decode` must be called for it; otherwise that
        was called for audio before it and is still to come."""
        self._waiting += audio
        if self._kept is not None:
            self._kept += audio
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
