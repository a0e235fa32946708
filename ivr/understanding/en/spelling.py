"""Names spelt aloud: "S M I T H", "S as in Sierra", "double L", Sierra Mike India."""

from __future__ import annotations

#: The ICAO/NATO alphabet (ICAO Annex 10, volume II, 5.2.1.3), with the spellings of recognisers.
_ALPHABET = (
    "alfa alpha bravo charlie delta echo foxtrot golf hotel india juliett juliet kilo lima mike "
    "november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray x-ray "
    "yankee zulu"
)
_CODE_WORDS = {word: word[0] for word in _ALPHABET.split()}
#: Fewer code words in a row are names (Mike Oscar).
_LEAST_CODE_WORDS = 3
#: Between a letter and a word that begins with it.
_AS_IN = (("as", "in"), ("for",), ("like",), ("is", "for"))
_SPELT = frozenset(("spelled", "spelt", "spelling"))
_LINKS = frozenset(("that's", "thats", "it's", "its", "that", "is"))


def unspelt(words: list[str]) -> list[str]:
    """``words`` (lower case) with everything spelt aloud put together.

    Single letters in a row, two or more, and code words in a row, three or more, become one
    word. A word that was said and then spelt counts once, and as it was spelt.
    """
    out: list[str] = []
    at = 0
    while at < len(words):
        spelt, end = _run(words, at)
        if not spelt:
            out.append(words[at])
            at += 1
            continue
        _add(out, spelt)
        at = end
    return out


def _add(out: list[str], spelt: str) -> None:
    """Append a spelt word; it replaces the word that it spells."""
    before = len(out)
    while before and (out[before - 1] in _LINKS or out[before - 1] in _SPELT):
        before -= 1
    announced = any(word in _SPELT for word in out[before:])
    if before and (out[before - 1] == spelt or announced):
        del out[before - 1 :]
    out.append(spelt)


def _run(words: list[str], at: int) -> tuple[str, int]:
    """The word spelt from ``at`` on, and where it ends; an empty word where none is spelt."""
    letters, end = _letters(words, at)
    if len(letters) >= 2:
        return letters, end
    letters, end = _code_letters(words, at)
    if len(letters) >= _LEAST_CODE_WORDS:
        return letters, end
    return "", at


def _letters(words: list[str], at: int) -> tuple[str, int]:
    letters = ""
    while at < len(words):
        times = 2 if words[at] == "double" and at + 1 < len(words) else 1
        letter = words[at + times - 1]
        if len(letter) != 1:
            break
        # "Double u" is the letter, not two of another.
        letters += "w" if times == 2 and letter == "u" else letter * times
        at += times
        at += _example(words, at, letter)
    return letters, at


def _example(words: list[str], at: int, letter: str) -> int:
    """How many words from ``at`` on only say which letter was meant (as in Sierra)."""
    for link in _AS_IN:
        end = at + len(link)
        if tuple(words[at:end]) == link and end < len(words) and words[end].startswith(letter):
            return len(link) + 1
    return 0


def _code_letters(words: list[str], at: int) -> tuple[str, int]:
    letters = ""
    while at < len(words):
        times = 2 if words[at] == "double" and at + 1 < len(words) else 1
        letter = _CODE_WORDS.get(words[at + times - 1])
        if letter is None:
            break
        letters += letter * times
        at += times
    return letters, at
