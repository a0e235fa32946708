"""The Sudachi core dictionary: where Japanese readings come from."""

from __future__ import annotations

from typing import Any

from ivr.understanding.ja.kanji_variants import Part

#: How the dictionary tags the parts of a personal name (fourth part of speech).
TAGS: dict[str, Part] = {"姓": "surname", "名": "given"}


def core() -> Any:
    """The dictionary (a ``sudachipy.Dictionary``), mapped into memory."""
    from sudachipy import Dictionary  # type: ignore[attr-defined]

    return Dictionary(dict="core")
