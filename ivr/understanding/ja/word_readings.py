"""Readings of running Japanese text, word by word, from the Sudachi core dictionary."""

from __future__ import annotations

from ivr.understanding.ja import sudachi
from ivr.understanding.kana import is_kana, katakana


def words(text: str) -> tuple[tuple[str, str], ...]:
    """The words of ``text`` with their readings in katakana, in order; kana one sign at a time.

    Put together the words are ``text``. What has no reading stands for itself.
    """
    found: list[tuple[str, str]] = []
    for surface, reading in _tokens(text):
        if is_kana(surface):
            found += [(sign, katakana(sign)) for sign in surface]
        else:
            found.append((surface, reading))
    return tuple(found)


def _tokens(text: str) -> list[tuple[str, str]]:
    if is_kana(text):
        return [(text, text)]
    return [(surface, reading) for surface, reading, _ in sudachi.tokens(text)]
