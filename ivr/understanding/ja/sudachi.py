"""The Sudachi core dictionary: where Japanese readings come from."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

from ivr.understanding.ja.kanji_variants import Part

#: How the dictionary tags the parts of a personal name (fourth part of speech).
TAGS: dict[str, Part] = {"姓": "surname", "名": "given"}

_lock = threading.Lock()


def core() -> Any:
    """The dictionary (a ``sudachipy.Dictionary``), mapped into memory."""
    from sudachipy import Dictionary  # type: ignore[attr-defined]

    return Dictionary(dict="core")


def tokens(text: str) -> list[tuple[str, str, str]]:
    """The words of running text: as written, reading in katakana, part of speech. Safe for
    threads, which the tokeniser is not documented to be."""
    with _lock:
        return [
            (token.surface(), token.reading_form(), token.part_of_speech()[0])
            for token in _tokenizer().tokenize(text)
        ]


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    return core().tokenizer()
