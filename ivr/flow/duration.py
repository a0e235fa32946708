"""About how long a prompt takes to speak. An estimate for lint, not a measurement.

Japanese is counted in morae: a kana is one (small ゃゅょ and the like none), a kanji 1.75 (the
mean over the shipped prompts, by dictionary readings), a digit two, a capital two (spelled out:
エス), a small Latin letter 0.7. Synthetic voices speak about 7.5 morae a second at their normal
rate. English is counted in syllables, one for each run of
vowels and two for each digit, about 4.5 a second. Marks add a pause, but not at the very end,
and not twice where two stand together.
"""

from __future__ import annotations

import re

MORAE_PER_SECOND = 7.5
KANJI_MORAE = 1.75
SYLLABLES_PER_SECOND = 4.5
COMMA_S = 0.2
STOP_S = 0.4

_SMALL = set("ぁぃぅぇぉゃゅょゎァィゥェォャュョヮ")
_COMMAS = re.compile(r"[、,，:：;；]+(?!\d)")
_STOPS = re.compile(r"[。．.!?！？]+(?!\d)")
_CLOSING = "。．.!?！？、,」』\"' \n"


def seconds(text: str, language: str, rate: int) -> float:
    """Seconds that ``text`` takes in ``language`` (``ja`` or ``en``) at ``rate`` per cent of
    the voice's normal speed (75 is the usual slow mode)."""
    body = text.rstrip(_CLOSING)
    if language == "ja":
        spoken = sum(_morae(character) for character in body) / MORAE_PER_SECOND
    else:
        spoken = _syllables(body) / SYLLABLES_PER_SECOND
    pauses = len(_COMMAS.findall(body)) * COMMA_S + len(_STOPS.findall(body)) * STOP_S
    return (spoken + pauses) * 100 / rate


def _morae(character: str) -> float:
    if character in _SMALL:
        return 0.0
    if "\u3041" <= character <= "\u30ff" and character != "・":
        return 1.0
    if character in "々〇" or "\u3400" <= character <= "\u9fff":
        return KANJI_MORAE
    if character.isdigit() or character.isupper():
        return 2.0
    return 0.7 if character.isascii() and character.isalpha() else 0.0


def _syllables(text: str) -> int:
    vowels = len(re.findall(r"[aeiouy]+", re.sub(r"e\b", "", text.lower())))
    return vowels + 2 * sum(character.isdigit() for character in text)
