"""Prompts are used, complete, speakable and short enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.errors import Problem
from ivr.flow.draft import Draft, PromptTexts
from ivr.flow.duration import seconds
from ivr.flow.model import PLACEHOLDERS
from ivr.flow.nodes import Where
from ivr.flow.placeholders import filled, has_stray_brace, placeholders
from ivr.flow.rules.prompt_uses import desk_prompts, prompt_uses
from ivr.flow.suggestion import did_you_mean, shown

#: Longer than this at the slow rate, and a caller has forgotten the beginning.
LONGEST_S = 12.0

#: Stands for the value when a confirmation's length is estimated: about the longest there is.
LONG_VALUE = {
    "ja": "昭和六十三年十二月二十五日",
    "en": "December twenty-fifth, nineteen eighty-eight",
}


def texts(draft: Draft) -> Iterator[Problem]:
    """Prompts nobody speaks, empty ones, and placeholders in the wrong place."""
    uses = list(prompt_uses(draft.file))
    used = {use.key for use in uses} | {key for _, key in desk_prompts(draft)}
    confirming = {use.key for use in uses if use.confirms}
    plain = used - confirming | {use.key for use in uses if not use.confirms}
    for prompts in draft.prompts.values():
        problem = prompts.document.problem
        for key, entries in prompts.texts.items():
            if key not in used:
                message = f"the flow never says the prompt {shown(key)}"
                yield problem(("prompts", key), message, key=True)
            if not entries:
                yield problem(("prompts", key), f"prompt {shown(key)} has no text")
        for where, key, text in _entries(prompts):
            if not text.strip():
                yield problem(where, f"prompt {shown(key)} has an empty text")
            yield from _placeholders(prompts, where, text)
            has_value = "value" in placeholders(text)
            if key in confirming and not has_value:
                message = "a 'confirm' prompt must read the value back with {value}"
                yield problem(where, message)
            if has_value and key in plain:
                message = "{value} is only for prompts that a state names as 'confirm'"
                yield problem(where, message)


def lengths(
    draft: Draft, words: Mapping[str, Mapping[str, str]], slow_rate: int
) -> Iterator[Problem]:
    """Prompts that take more than :data:`LONGEST_S` seconds at ``slow_rate`` per cent, and
    placeholders for which the settings have no word."""
    for language, prompts in draft.prompts.items():
        filling = {**words.get(language, {}), "value": LONG_VALUE[language]}
        for where, _, text in _entries(prompts):
            for name in placeholders(text):
                if name in PLACEHOLDERS and name not in filling:
                    message = f"the settings have no word for {{{name}}} in {shown(language)}"
                    yield prompts.document.problem(where, message)
            spoken = seconds(filled(text, filling), language, slow_rate)
            if round(spoken, 1) > LONGEST_S:
                message = (
                    f"takes about {spoken:.1f} s at the slow rate;"
                    f" {LONGEST_S:g} s is the most a caller can follow"
                )
                yield prompts.document.problem(where, message)


def _entries(prompts: PromptTexts) -> Iterator[tuple[Where, str, str]]:
    raw = prompts.document.data["prompts"]
    for key, entries in prompts.texts.items():
        for index, text in enumerate(entries):
            single = isinstance(raw[key], str)
            yield ("prompts", key) if single else ("prompts", key, index), key, text


def _placeholders(prompts: PromptTexts, where: Where, text: str) -> Iterator[Problem]:
    for name in placeholders(text):
        if name not in PLACEHOLDERS:
            hint = did_you_mean(name, PLACEHOLDERS)
            message = f"unknown placeholder {shown('{' + name + '}')}{hint}"
            yield prompts.document.problem(where, message)
    if has_stray_brace(text):
        yield prompts.document.problem(where, "a brace is opened or closed on its own")
