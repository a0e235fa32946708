"""A flow whose files could each be read, not yet checked against one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow.destinations import DestinationsFile
from ivr.flow.model import FlowFile
from ivr.flow.policy import PolicyFile
from ivr.flow.source import Document
from ivr.understanding.grammar import Grammar


@dataclass(frozen=True)
class PromptTexts:
    """The prompts of one language: texts by key, one per attempt."""

    document: Document
    texts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Desks:
    """``destinations.yaml``, where there is one."""

    document: Document
    file: DestinationsFile


@dataclass(frozen=True)
class Policy:
    """The policy that the flow names."""

    document: Document
    file: PolicyFile


@dataclass(frozen=True)
class Draft:
    """The readable parts of a flow. A language whose prompts could not be read is missing from
    ``prompts``; a grammar that could not be read is in ``broken`` as (language, name). ``desks``
    is None without a ``destinations.yaml`` that can be read, ``policy`` without a policy."""

    document: Document
    file: FlowFile
    prompts: Mapping[str, PromptTexts]
    grammars: Mapping[str, Mapping[str, Grammar]]
    broken: frozenset[tuple[str, str]] = frozenset()
    desks: Desks | None = None
    policy: Policy | None = None

    def has_grammar(self, language: str, name: str) -> bool:
        """Whether the grammar is there, readable or not."""
        return name in self.grammars.get(language, {}) or (language, name) in self.broken
