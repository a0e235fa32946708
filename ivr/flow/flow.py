"""A loaded, checked flow: what the machine walks through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow.destinations import UNDESCRIBED, DestinationsFile
from ivr.flow.model import FlowFile
from ivr.flow.policy import UNWRITTEN, PolicyFile
from ivr.understanding.grammar import Grammar


@dataclass(frozen=True)
class Flow:
    """A flow with its prompts and grammars, pinned to ``digest``.

    ``prompts[language][key]`` is a tuple of texts, one per attempt (the last repeats).
    ``grammars[language][name]`` are the grammars. ``words[language]`` fills placeholders
    (company, hours, callback_number). ``sources`` holds the text of every file it came from,
    by path relative to the flow's root, so that a pinned version can be loaded again.
    ``destinations`` says of each destination what kind it is and when it is open. ``policy`` is
    what levels take and what they are good for.
    """

    file: FlowFile
    prompts: Mapping[str, Mapping[str, tuple[str, ...]]]
    grammars: Mapping[str, Mapping[str, Grammar]]
    words: Mapping[str, Mapping[str, str]]
    digest: str
    sources: Mapping[str, str]
    destinations: DestinationsFile = UNDESCRIBED
    policy: PolicyFile = UNWRITTEN

    @property
    def name(self) -> str:
        return self.file.flow
