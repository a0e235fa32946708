"""Grammar files: phrases by meaning, and beside each its twin with sample utterances.

``grammars/ja/consent.yaml`` has the twin ``grammars/ja/consent.samples.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from ivr.errors import Problem
from ivr.flow.model import Language, Name, Strict
from ivr.flow.source import Document, read_yaml
from ivr.flow.suggestion import did_you_mean, shown
from ivr.flow.validation import validate
from ivr.understanding.grammar import Grammar
from ivr.understanding.sentences import sentences
from ivr.understanding.template import expand

SAMPLES = ".samples.yaml"
#: In samples: what is said means nothing here, or holds no value.
NOTHING = "none"

Phrase = Annotated[str, Field(min_length=1, max_length=500)]


class GrammarFile(Strict):
    """The content of ``grammars/<language>/<grammar>.yaml``.

    ``meanings`` holds templates (``(a|b)`` alternatives, ``[x]`` optional), ``contains``
    fragments taken literally, ``patterns`` how values are said, with the ``lists`` they use.
    """

    grammar: Name
    language: Language
    fillers: tuple[Phrase, ...] = ()
    meanings: dict[Name, tuple[Phrase, ...]] = Field(default={})
    contains: dict[Name, tuple[Phrase, ...]] = Field(default={})
    hints: tuple[Phrase, ...] = ()
    lists: dict[Name, tuple[Phrase, ...]] = Field(default={})
    patterns: tuple[Phrase, ...] = ()


class NameValue(Strict):
    """The value of a name: its parts' readings, in katakana or Latin letters."""

    surname: str
    given: str


class Sample(Strict):
    """An utterance and the meaning or the value it has; :data:`NOTHING` where it has none.

    ``today``: the day it is said on, for values that depend on it."""

    say: str
    means: Name | None = None
    value: str | NameValue | None = None
    today: date | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Sample:
        if (self.means is None) == (self.value is None):
            raise ValueError("a sample needs exactly one of 'means' and 'value'")
        return self


class SamplesFile(Strict):
    """The content of ``grammars/<language>/<grammar>.samples.yaml``. ``today`` holds for every
    sample that has none of its own."""

    grammar: Name
    language: Language
    today: date | None = None
    samples: tuple[Sample, ...] = Field(min_length=1)


@dataclass(frozen=True)
class GrammarReading:
    """A grammar file as read: ``grammar`` is None where it is broken; ``problems`` covers its
    twin too. ``text`` is the grammar file's. Every sample has the day that holds for it."""

    name: str
    text: str
    grammar: Grammar | None
    samples: tuple[Sample, ...]
    problems: tuple[Problem, ...]


def twin_of(path: Path) -> Path:
    """The samples file of a grammar file."""
    return path.with_name(path.stem + SAMPLES)


def grammar_of(path: Path) -> Path:
    """The grammar file that ``path``, itself or as its twin, belongs to."""
    return path.with_name(path.name.removesuffix(SAMPLES) + ".yaml") if is_twin(path) else path


def is_twin(path: Path) -> bool:
    """Whether ``path`` is called as a samples file is."""
    return path.name.endswith(SAMPLES)


def read_grammar(path: Path, *, text: str | None = None) -> GrammarReading:
    """Read a grammar and its twin; with ``text``, the grammar alone from that text.

    The folder names the language, the file the grammar. A twin without its grammar is a problem.
    """
    if text is None and not path.exists() and twin_of(path).exists():
        message = f"there is no grammar {path.name} beside it"
        problem = Problem(twin_of(path).as_posix(), 0, 0, message)
        return GrammarReading(path.stem, "", None, (), (problem,))
    document = read_yaml(path, text=text)
    grammar = _grammar(document, path)
    samples: tuple[Sample, ...] = ()
    problems = document.problems
    if text is None and document.text:
        samples, more = _samples(twin_of(path), grammar)
        problems = problems + more
    return GrammarReading(path.stem, document.text, grammar, samples, tuple(problems))


def read_grammars(folder: Path) -> list[GrammarReading]:
    """Every grammar of one language's folder, by name; a samples file without its grammar
    counts as a broken one. Empty where there is no such folder."""
    paths = sorted({grammar_of(path) for path in folder.glob("*.yaml")})
    return [read_grammar(path) for path in paths]


def _grammar(document: Document, path: Path) -> Grammar | None:
    file = validate(document, GrammarFile)
    if file is None:
        return None
    _check_names(document, file, path.stem, path.absolute().parent.name)
    meanings = _expanded(document, file)
    spoken = _spoken(document, file)
    for part in ("meanings", "contains"):
        for meaning, phrases in getattr(file, part).items():
            if meaning == NOTHING:
                message = f"{shown(NOTHING)} is what samples call no meaning at all"
                document.problems.append(document.problem((part, meaning), message, key=True))
            if not phrases:
                document.problems.append(
                    document.problem((part, meaning), f"{shown(meaning)} has no phrases")
                )
    if document.problems:
        return None
    return Grammar(
        name=file.grammar,
        language=file.language,
        meanings=meanings,
        contains=file.contains,
        hints=file.hints,
        fillers=file.fillers,
        spoken=spoken,
    )


def _check_names(
    document: Document, file: GrammarFile | SamplesFile, name: str, language: str
) -> None:
    if file.grammar != name:
        message = f"must be {shown(name)}, as the file is called, not {shown(file.grammar)}"
        document.problems.append(document.problem(("grammar",), message))
    if file.language != language:
        message = f"must be {shown(language)}, as the folder is called, not {shown(file.language)}"
        document.problems.append(document.problem(("language",), message))


def _expanded(document: Document, file: GrammarFile) -> dict[str, tuple[str, ...]]:
    """The phrases of every meaning. A phrase that two meanings share is a problem."""
    owner: dict[str, str] = {}
    meanings: dict[str, tuple[str, ...]] = {}
    for meaning, templates in file.meanings.items():
        mine: list[str] = []
        for index, template in enumerate(templates):
            message, phrases = _tried(template)
            for phrase in phrases:
                if not message and owner.setdefault(phrase, meaning) != meaning:
                    message = f"{shown(phrase)} means {shown(owner[phrase])} already"
            if message:
                where = ("meanings", meaning, index)
                document.problems.append(document.problem(where, message))
            mine += phrases
        meanings[meaning] = tuple(dict.fromkeys(mine))
    return meanings


def _spoken(document: Document, file: GrammarFile) -> tuple[str, ...]:
    """The sentences of all patterns. A list that no pattern uses is tried alone."""
    found: list[str] = []
    for name, entries in file.lists.items():
        if not entries:
            message = f"the list {shown(name)} has no entries"
            document.problems.append(document.problem(("lists", name), message))
        for index, entry in enumerate(entries):
            try:
                sentences(entry, file.lists)
            except (ValueError, RecursionError) as error:
                where = ("lists", name, index)
                document.problems.append(document.problem(where, _said(error)))
    if document.problems:
        return ()
    for index, pattern in enumerate(file.patterns):
        try:
            found += sentences(pattern, file.lists)
        except (ValueError, RecursionError) as error:
            document.problems.append(document.problem(("patterns", index), _said(error)))
    return tuple(dict.fromkeys(found))


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else "too many brackets in brackets"


def _tried(template: str) -> tuple[str, tuple[str, ...]]:
    """What is wrong with a template, or its phrases."""
    try:
        return "", expand(template)
    except (ValueError, RecursionError) as error:
        return _said(error), ()


def _samples(path: Path, grammar: Grammar | None) -> tuple[tuple[Sample, ...], list[Problem]]:
    if not path.exists():
        message = "is missing: every grammar needs sample utterances beside it"
        return (), [Problem(path.as_posix(), 0, 0, message)]
    document = read_yaml(path)
    file = validate(document, SamplesFile)
    if file is None:
        return (), document.problems
    _check_names(document, file, path.name.removesuffix(SAMPLES), path.absolute().parent.name)
    if grammar is not None:
        known = {*grammar.meanings, *grammar.contains, NOTHING}
        for index, sample in enumerate(file.samples):
            if sample.means is not None and sample.means not in known:
                message = f"unknown meaning {shown(sample.means)}"
                hint = did_you_mean(sample.means, known)
                where = ("samples", index, "means")
                document.problems.append(document.problem(where, message + hint))
    samples = tuple(
        sample.model_copy(update={"today": sample.today or file.today}) for sample in file.samples
    )
    return samples, document.problems
