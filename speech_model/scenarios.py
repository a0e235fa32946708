"""What evaluation listens for: for each utterance the grammars it is decoded with, and the judge.

The scenarios are those of a call: a name out of many, a name among the candidates whom a birthdate
left over, a date, a code, yes or no, a command, speech that no grammar expects.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np

from speech_model import meanings
from speech_model.graph import UNKNOWN
from speech_model.look_alikes import LookAlikes

#: Candidates whom a birthdate leaves over of a million customers.
CANDIDATES = 40
#: Look-alikes listed beside one name, so that it has rivals.
_RIVALS = 12

ANY_NAME = "full name, 300 + 300"
NEW_NAME = "full name, 300 + 300, with a word that training never said"
CANDIDATE = "full name, 40 candidates"
#: A caller of this name is none of the candidates, but one of them sounds nearly the same.
LOOK_ALIKE = "look-alike taken for the caller, 40 candidates"
LOOK_ALIKE_WITH_RIVALS = "look-alike taken for the caller, names one sound apart listed too"
#: A caller of this name is none of the candidates, and need not sound like one.
STRANGER = "stranger taken for a candidate, 40 candidates"
#: Scenarios that count what must not happen.
FALSE_ACCEPTS = frozenset({LOOK_ALIKE, LOOK_ALIKE_WITH_RIVALS, STRANGER})
#: Scenarios whose confidences are put against what was right.
NAMES = frozenset({ANY_NAME, CANDIDATE})

Phrase = tuple[str, ...]


class Kind(StrEnum):
    """What an utterance is."""

    NAME = "name"
    DATE = "date"
    DIGITS = "digits"
    YES_NO = "yes_no"
    COMMAND = "command"
    OTHER = "other"


@dataclass(frozen=True)
class Utterance:
    """One test utterance; ``meaning`` has ``surname`` and ``given``, ``digits``, ``answer`` or
    ``command``, what a command asks for."""

    id: str
    wav: Path
    voice: str
    kind: Kind
    words: Phrase
    meaning: Mapping[str, str]


@dataclass(frozen=True)
class Heard:
    """What a recogniser gave: its words and how sure it was of each, 0 to 1."""

    words: Phrase
    confidences: tuple[float, ...]

    def sureness(self, words: int = 0) -> float:
        """The confidence of the least sure of the first ``words`` words (0: of all).

        0 where nothing was heard, and where ``[unk]`` is among these words.
        """
        count = words or len(self.words)
        if UNKNOWN in self.words[:count] or len(self.words) < max(1, count):
            return 0.0
        return min(self.confidences[:count])


@dataclass(frozen=True)
class Trial:
    """One decoding: under ``grammar``, ``judge`` says whether what was heard is what counts.

    ``words`` is how many words at the start carry the answer (two for a name), 0 for all.
    """

    scenario: str
    grammar: tuple[str, ...]
    judge: Callable[[Heard], bool]
    words: int = 0


def read_index(path: Path) -> list[Utterance]:
    """Test utterances from JSON lines: ``id, wav, voice, kind, words`` and the meaning."""
    utterances = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        known = (row.pop("id"), path.parent / row.pop("wav"), row.pop("voice"))
        kind, words = Kind(row.pop("kind")), tuple(row.pop("words"))
        utterances.append(Utterance(*known, kind, words, row))
    return utterances


@dataclass(frozen=True)
class Lists:
    """The words and phrases of the grammars; ``answers`` what each yes or no means."""

    surnames: Sequence[str]
    givens: Sequence[str]
    endings: Sequence[str]
    yes_no: Sequence[str]
    commands: Sequence[str]
    dates: Sequence[str]
    digit_words: Sequence[str]
    all_surnames: Sequence[str]
    all_givens: Sequence[str]
    unheard: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> Lists:
        """From JSON (``trials.py`` writes it)."""
        row = json.loads(path.read_text("utf-8"))
        joined = {key: [" ".join(words) for words in row[key]] for key in _PHRASES}
        return cls(
            surnames=row["surnames"],
            givens=row["givens"],
            dates=row["date_grammar"],
            digit_words=row["digit_words"],
            all_surnames=row["all_surnames"],
            all_givens=row["all_givens"],
            unheard=frozenset(row.get("unheard", ())),
            **joined,
        )


_PHRASES = ("endings", "yes_no", "commands")


class Scenarios:
    """The trials of every utterance; which candidates a name meets is drawn from a seed."""

    def __init__(self, lists: Lists, utterances: Sequence[Utterance]) -> None:
        self._lists = lists
        self._answers = {
            meanings.sound(item.words): item.meaning.get("answer", "")
            for item in utterances
            if item.kind is Kind.YES_NO
        }
        self._commands = {
            meanings.sound(item.words): item.meaning["command"]
            for item in utterances
            if item.kind is Kind.COMMAND
        }
        said = [*lists.yes_no, *lists.commands]
        self._phrases = frozenset(meanings.sound(phrase.split()) for phrase in said)
        self.answers_grammar = (*said, UNKNOWN)
        self._dates = (*lists.dates, UNKNOWN)
        self._digits = (*lists.digit_words, UNKNOWN)
        self._names = (*lists.surnames, *lists.givens, *lists.endings, UNKNOWN)

    def trials(self, utterance: Utterance, random: np.random.Generator) -> list[Trial]:
        """Everything that ``utterance`` is decoded for."""
        if utterance.kind is Kind.NAME:
            return self._name_trials(utterance, random)
        return [self._trial(utterance)]

    def asked(self, utterance: Utterance) -> Trial:
        """The first trial of ``utterance``: what a caller who says it is asked first."""
        return self.trials(utterance, np.random.default_rng(0))[0]

    def is_answer(self, heard: Heard) -> bool:
        """Whether what was heard passes for an answer: a phrase of the grammar, nothing besides."""
        return meanings.sound(heard.words) in self._phrases

    def _trial(self, utterance: Utterance) -> Trial:
        match utterance.kind:
            case Kind.DATE:
                value = meanings.date(utterance.words)
                return Trial("date", self._dates, lambda heard: meanings.date(heard.words) == value)
            case Kind.DIGITS:
                number = utterance.meaning["digits"]
                return Trial(
                    f"{len(number)} digits",
                    self._digits,
                    lambda heard: meanings.digits(heard.words) == number,
                )
            case Kind.YES_NO:
                answer = utterance.meaning["answer"]
                return Trial(
                    "yes/no",
                    self.answers_grammar,
                    lambda heard: self._answers.get(meanings.sound(heard.words)) == answer,
                )
            case Kind.COMMAND:
                command = utterance.meaning["command"]
                return Trial(
                    "command",
                    self.answers_grammar,
                    lambda heard: self._commands.get(meanings.sound(heard.words)) == command,
                )
            case _:
                return Trial(
                    "out of vocabulary, rejected",
                    self.answers_grammar,
                    lambda heard: not self.is_answer(heard),
                )

    def _name_trials(self, utterance: Utterance, random: np.random.Generator) -> list[Trial]:
        own = utterance.meaning["surname"], utterance.meaning["given"]
        new = not self._lists.unheard.isdisjoint(own)
        decoys = self._decoys(own, random)
        trials = [
            Trial(ANY_NAME, self._names, _hears(own), 2),
            Trial(CANDIDATE, self._among([own, *decoys]), _hears(own), 2),
            Trial(STRANGER, self._among(decoys), _hears(*decoys), 2),
        ]
        if new:
            trials.append(Trial(NEW_NAME, self._names, _hears(own), 2))
        alike = self._look_alike(own, random)
        if alike is not None:
            grammar = self._among([alike, *decoys])
            trials.append(Trial(LOOK_ALIKE, grammar, _hears(alike), 2))
            rivals = self._rivals(alike)
            trials.append(Trial(LOOK_ALIKE_WITH_RIVALS, (*grammar, *rivals), _hears(alike), 2))
        return trials

    def _decoys(self, own: Phrase, random: np.random.Generator) -> list[Phrase]:
        """Other names; none whose surname or given name sounds like the own one."""
        surnames = [n for n in self._lists.surnames if not _same(n, own[0])]
        givens = [n for n in self._lists.givens if not _same(n, own[1])]
        count = CANDIDATES - 1
        return list(zip(random.choice(surnames, count), random.choice(givens, count), strict=True))

    def _among(self, names: Sequence[Phrase]) -> tuple[str, ...]:
        return (*(" ".join(name) for name in names), *self._lists.endings, UNKNOWN)

    @cached_property
    def _alike(self) -> tuple[LookAlikes, LookAlikes]:
        return LookAlikes(self._lists.all_surnames), LookAlikes(self._lists.all_givens)

    def _look_alike(self, own: Phrase, random: np.random.Generator) -> Phrase | None:
        """``own`` with its surname or its given name exchanged for one a sound apart."""
        surnames, givens = self._alike
        near = [(name, own[1]) for name in surnames.of(own[0])]
        near += [(own[0], name) for name in givens.of(own[1])]
        return near[int(random.integers(len(near)))] if near else None

    def _rivals(self, name: Phrase) -> list[str]:
        """Single names a sound apart from those of ``name``, the most common first."""
        surnames, givens = self._alike
        return [*surnames.of(name[0])[:_RIVALS], *givens.of(name[1])[:_RIVALS]]


def _same(one: str, other: str) -> bool:
    return meanings.sound([one]) == meanings.sound([other])


def _hears(*names: Phrase) -> Callable[[Heard], bool]:
    """Whether the first two words are one of ``names``, or sound like it."""
    sounds = {tuple(meanings.sound([part]) for part in name) for name in names}
    return lambda heard: tuple(meanings.sound([word]) for word in heard.words[:2]) in sounds
