"""The words of a prompt."""

from __future__ import annotations

from ivr.flow.flow import Flow
from ivr.flow.placeholders import filled, placeholders


def text(flow: Flow, language: str, key: str, attempt: int, value: str | None = None) -> str:
    """What prompt ``key`` says on attempt ``attempt`` (from 1; the last text repeats).

    ``value`` fills ``{value}``: the result is personal data then.

    Raises:
        KeyError: no such language or prompt (a loaded flow has every prompt it names).
        ValueError: ``attempt`` is below 1, or the prompt reads a value back and none is given.
    """
    if attempt < 1:
        raise ValueError("attempts count from 1")
    texts = flow.prompts[language][key]
    chosen = texts[min(attempt, len(texts)) - 1]
    words = dict(flow.words.get(language, {}))
    if value is not None:
        words["value"] = value
    elif "value" in placeholders(chosen):
        raise ValueError(f"prompt '{key}' reads a value back and needs one")
    return filled(chosen, words)
