"""Which prompt of a flow a spoken text is. The telephone hears words, call files name keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.flow import prompts
from ivr.flow.flow import Flow

_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
_SPACE = re.compile(r"\s+")


class PromptBook:
    """All prompts of a flow, in all its languages, by how they sound."""

    def __init__(self, flow: Flow) -> None:
        patterns: dict[str, set[str]] = {}
        for known in flow.prompts.values():
            for key, texts in known.items():
                for text in texts:
                    if pattern := _pattern(text):
                        patterns.setdefault(pattern, set()).add(key)
        # The prompt with most fixed words wins: "{value}でよろしいですか" fits many texts.
        ordered = sorted(patterns.items(), key=lambda entry: (-len(entry[0]), entry[0]))
        self._flow = flow
        self._prompts = [(re.compile(pattern), frozenset(keys)) for pattern, keys in ordered]

    def text(self, key: str, language: str) -> str:
        """The words of a prompt, the first of several, with dots for what they read back; its key
        where the flow has none of that name."""
        if key not in self._flow.prompts.get(language, {}):
            return f"({key})"
        return prompts.text(self._flow, language, key, 1, "…")

    def find(self, text: str) -> tuple[str, ...]:
        """Keys of the prompts that ``text`` consists of, in order; empty where it holds words
        that stand in no prompt. Prompts that sound alike are all given."""
        spoken = _SPACE.sub("", text)
        for pattern, keys in self._prompts:
            if pattern.fullmatch(spoken):
                return tuple(sorted(keys))
        parts = self._split(spoken, set())
        return () if parts is None else tuple(key for keys in parts for key in sorted(keys))

    def _split(self, spoken: str, hopeless: set[str]) -> list[frozenset[str]] | None:
        """``spoken`` as a row of prompts, or None."""
        if not spoken:
            return []
        if spoken in hopeless:
            return None
        for keys, rest in self._beginnings(spoken):
            following = self._split(rest, hopeless)
            if following is not None:
                return [keys, *following]
        hopeless.add(spoken)
        return None

    def _beginnings(self, spoken: str) -> Iterator[tuple[frozenset[str], str]]:
        for pattern, keys in self._prompts:
            if found := pattern.match(spoken):
                yield keys, spoken[found.end() :]


def _pattern(text: str) -> str:
    """A regular expression for ``text`` with anything in its placeholders; empty where nothing
    fixed is left to recognise it by."""
    fixed = [re.escape(_SPACE.sub("", part)) for part in _PLACEHOLDER.split(text)]
    return ".+?".join(fixed) if any(fixed) else ""
