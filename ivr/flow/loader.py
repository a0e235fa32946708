"""Loading a flow: read every file, check all of them, and only then hand out a :class:`Flow`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import get_args

from ivr.errors import FilesError, Problem
from ivr.flow.destinations import UNDESCRIBED, DestinationsFile
from ivr.flow.draft import Desks, Draft, Policy, PromptTexts
from ivr.flow.flow import Flow
from ivr.flow.grammars import GrammarReading, read_grammar, read_grammars
from ivr.flow.lint import lint
from ivr.flow.model import FlowFile, Language, PromptsFile
from ivr.flow.policy import UNWRITTEN, PolicyFile
from ivr.flow.rules.policies import alone
from ivr.flow.rules.references import references
from ivr.flow.source import Document, read_yaml
from ivr.flow.suggestion import did_you_mean, shown
from ivr.flow.validation import validate

FLOW_FILE = "flow.yaml"
DESTINATIONS_FILE = "destinations.yaml"
#: The folder of policies, beside those of flows.
POLICIES = "policies"
LANGUAGES: tuple[str, ...] = get_args(Language)
#: Speaking rate of slow mode, per cent, where the settings are not at hand.
SLOW_RATE = 75


def load_flow(
    folder: Path,
    *,
    grammars_dir: Path,
    words: Mapping[str, Mapping[str, str]],
    destinations: Mapping[str, Collection[str]] | None = None,
    slow_rate: int = SLOW_RATE,
) -> Flow:
    """Load and check the flow in ``folder`` with the grammars of its languages.

    ``words`` fill placeholders, by language; they are not part of the digest. ``destinations``
    are those the settings know with their addresses (None: not compared). ``slow_rate`` is slow
    mode's speaking rate in per cent.

    Raises:
        FilesError: with every problem of every file.
    """
    if not (folder / FLOW_FILE).exists():
        raise FilesError([_no_flow(folder)])
    document = read_yaml(folder / FLOW_FILE)
    file = validate(document, FlowFile)
    languages: tuple[str, ...] = file.languages if file else LANGUAGES
    problems = _strangers(folder, languages)
    if file is not None and file.flow != folder.resolve().name:
        message = f"must be {shown(folder.resolve().name)}, as the folder is called"
        problems.append(document.problem(("flow",), message))
    prompts = {}
    for language in languages:
        path = folder / f"prompts.{language}.yaml"
        if path.exists():
            prompts[language] = read_yaml(path)
        elif file is not None:
            message = f"{path.as_posix()} is missing"
            where = ("languages", languages.index(language))
            problems.append(document.problem(where, message))
    grammars = {language: read_grammars(grammars_dir / language) for language in languages}
    path = folder / DESTINATIONS_FILE
    desks = read_yaml(path) if path.exists() else None
    policy = None
    if file is not None and file.policy is not None:
        path = folder.parent / POLICIES / f"{file.policy}.yaml"
        policy = read_yaml(path) if path.exists() else None
        if policy is None:
            known = {file.stem for file in path.parent.glob("*.yaml")}
            message = f"{path.as_posix()} is missing{did_you_mean(file.policy, known)}"
            problems.append(document.problem(("policy",), message))
    parts = _Parts(document, file, prompts, grammars, desks, policy)
    draft = parts.draft()
    problems += parts.problems
    if draft is not None:
        problems += lint(draft, words=words, slow_rate=slow_rate, destinations=destinations)
    return _finished(draft, parts, words, problems)


def _no_flow(folder: Path) -> Problem:
    known = sorted(path.parent.name for path in folder.parent.glob(f"*/{FLOW_FILE}"))
    there = f"; there are: {', '.join(known)}" if known else ""
    message = f"no such flow{did_you_mean(folder.name, known)}{there}"
    return Problem((folder / FLOW_FILE).as_posix(), 0, 0, message)


def load_flow_sources(
    name: str, sources: Mapping[str, str], words: Mapping[str, Mapping[str, str]]
) -> Flow:
    """Load a flow again from :attr:`Flow.sources`, as a call pinned to it needs.

    It was checked in full when it was first loaded. Here only what the machine relies on is
    checked again, so that a call in progress survives stricter rules and changed settings.

    Raises:
        FilesError: the sources are incomplete or no longer fit this program.
    """
    root = Path(name)
    document = read_yaml(root / FLOW_FILE, text=sources.get(FLOW_FILE, ""))
    file = validate(document, FlowFile)
    languages: tuple[str, ...] = file.languages if file else ()
    prompts = {}
    for language in languages:
        path = f"prompts.{language}.yaml"
        prompts[language] = read_yaml(root / path, text=sources.get(path, ""))
    grammars = {
        language: [
            read_grammar(root / path, text=sources[path])
            for path in sorted(sources)
            if PurePosixPath(path).parent == PurePosixPath("grammars", language)
        ]
        for language in languages
    }
    desks = None
    if DESTINATIONS_FILE in sources:
        desks = read_yaml(root / DESTINATIONS_FILE, text=sources[DESTINATIONS_FILE])
    policy = None
    if file is not None and file.policy is not None:
        path = f"{POLICIES}/{file.policy}.yaml"
        policy = read_yaml(root / path, text=sources.get(path, ""))
    parts = _Parts(document, file, prompts, grammars, desks, policy)
    draft = parts.draft()
    found = list(references(draft)) if draft else []
    return _finished(draft, parts, words, [*parts.problems, *found])


def load_policy(path: Path) -> PolicyFile:
    """Load a policy by itself, as it is before any flow names it.

    Raises:
        FilesError: with every problem of the file.
    """
    document = read_yaml(path)
    file = _policy(document)
    problems = [*document.problems, *(alone(document, file) if file else ())]
    if problems or file is None:
        raise FilesError(problems)
    return file


class _Parts:
    """The files of a flow as read, and the problems each has on its own."""

    def __init__(
        self,
        document: Document,
        file: FlowFile | None,
        prompts: Mapping[str, Document],
        grammars: Mapping[str, list[GrammarReading]],
        desks: Document | None,
        policy: Document | None,
    ) -> None:
        self.document = document
        self.file = file
        self.prompt_documents = prompts
        self.readings = grammars
        self.prompts = {
            language: texts
            for language, prompts_document in prompts.items()
            if (texts := _texts(prompts_document, language))
        }
        self.desks_document = desks
        self.desks = validate(desks, DestinationsFile) if desks is not None else None
        self.policy_document = policy
        self.policy = _policy(policy) if policy is not None else None
        self.problems: list[Problem] = list(document.problems)
        for beside in (desks, policy):
            self.problems += beside.problems if beside is not None else ()
        for prompts_document in prompts.values():
            self.problems += prompts_document.problems
        for reading in self._all_readings():
            self.problems += reading.problems

    def draft(self) -> Draft | None:
        """What can be checked further, or None where flow.yaml itself is broken."""
        if self.file is None:
            return None
        broken = {
            (language, reading.name)
            for language, readings in self.readings.items()
            for reading in readings
            if reading.grammar is None
        }
        grammars = {
            language: {r.name: r.grammar for r in readings if r.grammar is not None}
            for language, readings in self.readings.items()
        }
        desks = None
        if self.desks_document is not None and self.desks is not None:
            desks = Desks(self.desks_document, self.desks)
        policy = None
        if self.policy_document is not None and self.policy is not None:
            policy = Policy(self.policy_document, self.policy)
        broken_ones = frozenset(broken)
        return Draft(self.document, self.file, self.prompts, grammars, broken_ones, desks, policy)

    def sources(self) -> dict[str, str]:
        """The text of every file, by path relative to the flow's root."""
        found = {FLOW_FILE: self.document.text}
        if self.desks_document is not None:
            found[DESTINATIONS_FILE] = self.desks_document.text
        if self.policy_document is not None and self.file is not None:
            found[f"{POLICIES}/{self.file.policy}.yaml"] = self.policy_document.text
        for language, document in self.prompt_documents.items():
            found[f"prompts.{language}.yaml"] = document.text
        for language, readings in self.readings.items():
            for reading in readings:
                found[f"grammars/{language}/{reading.name}.yaml"] = reading.text
        return dict(sorted(found.items()))

    def _all_readings(self) -> Iterable[GrammarReading]:
        return (reading for readings in self.readings.values() for reading in readings)


def _finished(
    draft: Draft | None,
    parts: _Parts,
    words: Mapping[str, Mapping[str, str]],
    problems: Iterable[Problem],
) -> Flow:
    found = set(problems)
    if found or draft is None:
        raise FilesError(found)
    sources = parts.sources()
    return Flow(
        file=draft.file,
        prompts={language: dict(prompts.texts) for language, prompts in draft.prompts.items()},
        grammars=draft.grammars,
        words=words,
        digest=digest_of(sources),
        sources=sources,
        destinations=draft.desks.file if draft.desks else UNDESCRIBED,
        policy=draft.policy.file if draft.policy else UNWRITTEN,
    )


def digest_of(sources: Mapping[str, str]) -> str:
    """SHA-256 (hex) over paths and contents; each is preceded by its length in bytes, so that
    no text can pass for the border between two files."""
    digest = hashlib.sha256()
    for path, text in sorted(sources.items()):
        for part in (path.encode(), text.encode()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _texts(document: Document, language: str) -> PromptTexts | None:
    """The prompts of one file with every entry as a list of texts."""
    file = validate(document, PromptsFile)
    if file is None:
        return None
    if file.language != language:
        message = f"must be {shown(language)}, as the file is called, not {shown(file.language)}"
        document.problems.append(document.problem(("language",), message))
    texts = {
        key: (entry,) if isinstance(entry, str) else entry for key, entry in file.prompts.items()
    }
    return PromptTexts(document, texts)


def _policy(document: Document) -> PolicyFile | None:
    """The policy of one file, which is called like it."""
    file = validate(document, PolicyFile)
    name = Path(document.path).stem
    if file is not None and file.policy != name:
        message = f"must be {shown(name)}, as the file is called"
        document.problems.append(document.problem(("policy",), message))
    return file


def _strangers(folder: Path, languages: Collection[str]) -> list[Problem]:
    """Files beside flow.yaml that look like a part of the flow and are none."""
    known = {FLOW_FILE, DESTINATIONS_FILE, *(f"prompts.{language}.yaml" for language in languages)}
    found = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    message = f"is no part of this flow (its files are {', '.join(sorted(known))})"
    return [Problem(path.as_posix(), 0, 0, message) for path in found if path.name not in known]
