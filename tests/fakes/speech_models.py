"""A model that has heard what a test says it has."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakes.vocabularies import FakeVocabulary, spelling

from ivr.hearing.model_files import ModelFiles


@dataclass
class ScriptedModel:
    """Answers like Vosk: ``best`` where words are asked for, ``alternatives`` where several
    hypotheses are. ``made``: rate and grammar of every recogniser; ``heard``: bytes each got."""

    best: dict[str, Any]
    alternatives: dict[str, Any] = field(default_factory=dict)
    partial: str = ""
    vocabulary: FakeVocabulary = field(default_factory=spelling)
    files: ModelFiles = field(
        default_factory=lambda: ModelFiles(Path("scripted"), "", True, 8000, True, True)
    )
    made: list[tuple[int, str | None]] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)

    @property
    def unknown_word(self) -> str | None:
        return self.vocabulary.unknown_word

    def knows(self, word: str) -> bool:
        return self.vocabulary.knows(word)

    def recogniser(self, rate: int, grammar: str | None) -> _Recogniser:
        self.made.append((rate, grammar))
        self.heard.append(0)
        return _Recogniser(self, len(self.heard) - 1)


@dataclass
class _Recogniser:
    model: ScriptedModel
    number: int
    several: bool = False

    def SetWords(self, words: bool) -> None:  # noqa: N802
        assert words

    def SetMaxAlternatives(self, most: int) -> None:  # noqa: N802
        self.several = most > 0

    def AcceptWaveform(self, pcm: bytes) -> int:  # noqa: N802
        self.model.heard[self.number] += len(pcm)
        return 1  # the library always thinks that it is over

    def PartialResult(self) -> str:  # noqa: N802
        return json.dumps({"partial": self.model.partial})

    def FinalResult(self) -> str:  # noqa: N802
        return json.dumps(self.model.alternatives if self.several else self.model.best)
