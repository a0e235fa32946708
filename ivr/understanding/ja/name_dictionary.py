"""Readings of Japanese names, from the Sudachi core dictionary (Apache-2.0).

The dictionary tags surnames (姓) and given names (名). Spellings are looked up in its index;
for readings, which it does not index, the entries are read through once at loading (about a
second, 15 MB for the counts, 120 MB mapped with the dictionary itself).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ivr.understanding.mora import level

Part = Literal["surname", "given"]

_TAGS: dict[str, Part] = {"姓": "surname", "名": "given"}
#: Spellings in family registers and bank records that the dictionary writes with another sign.
_VARIANTS = str.maketrans(
    "髙﨑塚邊邉濵濱德惠眞淸槗䕃嶌嵜桒𠮷栁瀨郞淵冨凜",
    "高崎塚辺辺浜浜徳恵真清橋陰島崎桑吉柳瀬郎渕富凛",
)


@dataclass(frozen=True, slots=True)
class NameDictionary:
    """Readings of spellings, and how many spellings share a reading (a hint how common it is)."""

    _sudachi: Any
    _counts: Mapping[Part, Mapping[str, int]]
    _lock: threading.Lock

    def readings(self, spelling: str, part: Part) -> tuple[str, ...]:
        """Katakana readings of a spelling as a surname or given name; the dictionary's order.

        Empty where the dictionary does not know the spelling as that part of a name.
        """
        found = self._lookup(spelling, part)
        if not found:
            plain = spelling.translate(_VARIANTS)
            if plain != spelling:
                found = self._lookup(plain, part)
        return found

    def _lookup(self, spelling: str, part: Part) -> tuple[str, ...]:
        # The tokeniser behind it is not documented as thread-safe: one look-up (2 µs) at a time.
        with self._lock:
            return tuple(
                dict.fromkeys(
                    entry.reading_form()
                    for entry in self._sudachi.lookup(spelling)
                    if _TAGS.get(entry.part_of_speech()[3]) == part
                )
            )

    def is_word(self, spelling: str) -> bool:
        """Whether the spelling is in the dictionary as anything at all."""
        with self._lock:
            return len(self._sudachi.lookup(spelling)) > 0

    def spellings(self, reading: str, part: Part) -> int:
        """How many entries of that part sound like ``reading`` (kana); 0: no such name."""
        return self._counts[part].get(level(reading), 0)


_guard = threading.Lock()
_loaded: NameDictionary | None = None


def load() -> NameDictionary:
    """The dictionary, read at the first call and shared from then on by all threads."""
    global _loaded  # noqa: PLW0603
    if _loaded is None:
        with _guard:
            if _loaded is None:
                _loaded = _read()
    return _loaded


def _read() -> NameDictionary:
    from sudachipy import Dictionary  # type: ignore[attr-defined]

    sudachi = Dictionary(dict="core")
    counts: dict[Part, Counter[str]] = {"surname": Counter(), "given": Counter()}
    parts: dict[int, Part | None] = {}
    for entry in sudachi.entries():
        tag = entry.part_of_speech_id()
        if tag not in parts:
            parts[tag] = _TAGS.get(entry.part_of_speech()[3])
        part = parts[tag]
        if part is not None:
            counts[part][entry.reading_form()] += 1
    heard = {part: _as_heard(readings) for part, readings in counts.items()}
    return NameDictionary(sudachi, heard, threading.Lock())


def _as_heard(readings: Mapping[str, int]) -> Mapping[str, int]:
    """Counts by sound: サトウ and サトー are one."""
    sounds: Counter[str] = Counter()
    for reading, count in readings.items():
        sounds[level(reading)] += count
    return sounds
