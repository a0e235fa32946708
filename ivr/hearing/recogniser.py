"""One utterance of audio to hypotheses, by Vosk."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ivr.hearing.grammar import CompiledGrammar
from ivr.hearing.model import SpeechModel
from ivr.hearing.telephone_audio import TELEPHONE_RATE, Audio

#: Hypotheses that are asked for.
N_BEST = 5


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of the model, in seconds since the utterance began. ``confidence`` is 0..1; only the
    best hypothesis has one for each word."""

    word: str
    start_s: float
    end_s: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """One hypothesis: ``text`` as the grammar writes it, ``words`` as the model heard it.

    ``confidence`` (0..1) is that of the best one's least certain word; of the others, their share
    of the likelihood of all that were found. Neither is a probability before it is calibrated.
    ``score`` is the logarithm of the likelihood, good for differences within one utterance; None
    where no alternatives were asked for, or this was none of them.
    """

    text: str
    words: tuple[HeardWord, ...]
    confidence: float
    score: float | None = None


class Recogniser:
    """Listens to one utterance; make a new one for the next (a millisecond).

    Not safe for threads. One that is used again counts its word times on and on.
    """

    def __init__(
        self,
        model: SpeechModel,
        grammar: CompiledGrammar | None,
        *,
        rate: int = TELEPHONE_RATE,
        n_best: int = N_BEST,
    ) -> None:
        """``grammar`` None: whatever the model's own language model expects.

        Raises:
            HearingError: the model does not take ``rate`` samples a second.
        """
        self._grammar = grammar
        listened_for = None if grammar is None else grammar.json
        # The library gives confidences of words or alternatives, never both.
        self._best = model.recogniser(rate, listened_for)
        self._best.SetWords(True)
        self._others = model.recogniser(rate, listened_for) if n_best > 1 else None
        if self._others is not None:
            self._others.SetMaxAlternatives(n_best)
            self._others.SetWords(True)

    def accept(self, pcm: bytes) -> None:
        """More audio: signed 16-bit little-endian samples. Where an utterance ends is not for the
        library to say: a caller may pause in the middle of a date."""
        for recogniser in (self._best, self._others):
            if recogniser is not None and pcm:
                recogniser.AcceptWaveform(pcm)

    def partial(self) -> str:
        """What seems to have been said so far, as the grammar writes it."""
        words = str(json.loads(self._best.PartialResult()).get("partial", "")).split()
        return self._written(words)

    def finish(self) -> list[Transcript]:
        """The hypotheses, best first; none where nothing was heard. Nothing comes after it."""
        best = json.loads(self._best.FinalResult())
        words = tuple(map(_word, best.get("result", ())))
        found: dict[str, Transcript] = {}
        if words:
            sure = min(word.confidence or 0.0 for word in words)
            text = self._written([word.word for word in words])
            found[text] = Transcript(text, words, sure)
        if self._others is not None:
            for other in self._alternatives(json.loads(self._others.FinalResult())):
                best_of_all = found.get(other.text)
                found[other.text] = (
                    replace(best_of_all, score=other.score) if best_of_all else other
                )
        return list(found.values())

    def _alternatives(self, result: dict[str, Any]) -> Iterable[Transcript]:
        """The alternatives, those that are written alike as one."""
        given = [each for each in result.get("alternatives", ()) if each.get("result")]
        scores = [float(each["confidence"]) for each in given]
        likelihoods = [math.exp(score - max(scores)) for score in scores]
        found: dict[str, Transcript] = {}
        for each, score, likelihood in zip(given, scores, likelihoods, strict=True):
            words = tuple(map(_word, each["result"]))
            text = self._written([word.word for word in words])
            first = found.setdefault(text, Transcript(text, words, 0.0, score))
            share = first.confidence + likelihood / sum(likelihoods)
            found[text] = replace(first, confidence=share)
        return found.values()

    def _written(self, words: Sequence[str]) -> str:
        return " ".join(words) if self._grammar is None else self._grammar.written(words)


def _word(found: dict[str, Any]) -> HeardWord:
    sure = found.get("conf")
    return HeardWord(
        str(found["word"]),
        float(found["start"]),
        float(found["end"]),
        # Sums of posteriors may come out a little over 1.
        None if sure is None else min(1.0, max(0.0, float(sure))),
    )


def recognise(
    model: SpeechModel, grammar: CompiledGrammar | None, audio: Audio, *, n_best: int = N_BEST
) -> list[Transcript]:
    """What is said in ``audio``, best first; none where nothing was heard.

    Raises:
        HearingError: the model does not take audio of this rate.
    """
    recogniser = Recogniser(model, grammar, rate=audio.rate, n_best=n_best)
    recogniser.accept(audio.pcm)
    return recogniser.finish()
