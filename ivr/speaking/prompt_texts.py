"""Every text that a flow's prompts can be, but for the values read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow.flow import Flow
from ivr.flow.placeholders import filled, placeholders
from ivr.flow.rules.texts import LONG_VALUE


@dataclass(frozen=True, slots=True)
class PromptText:
    """One text of one prompt in one language, placeholders filled in.

    ``name`` is the prompt's key, with a dot and the number of the attempt where it has a text
    for each (``birthdate.2``). ``open``: it reads a value back, which is unknown before the
    call; ``text`` holds an invented one then, about the longest there is.
    """

    language: str
    name: str
    text: str
    open: bool


def prompt_texts(
    prompts: Mapping[str, tuple[str, ...]], language: str, words: Mapping[str, str]
) -> list[PromptText]:
    """Every text of ``prompts`` (key -> one text for each attempt), in their order."""
    filling = {**words, "value": LONG_VALUE[language]}
    return [
        PromptText(
            language,
            key if len(texts) == 1 else f"{key}.{attempt}",
            filled(text, filling),
            "value" in placeholders(text),
        )
        for key, texts in prompts.items()
        for attempt, text in enumerate(texts, 1)
    ]


def flow_texts(flow: Flow) -> list[PromptText]:
    """Every text of ``flow``, language by language."""
    return [
        text
        for language, prompts in flow.prompts.items()
        for text in prompt_texts(prompts, language, flow.words.get(language, {}))
    ]
