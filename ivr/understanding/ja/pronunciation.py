"""How running Japanese text is said aloud: what a recogniser has to listen for.

Readings come from the Sudachi core dictionary, which spells as schools do; the particles は, へ
and を are said わ, え and お, and ``pronunciations.tsv`` knows what is said in another way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice, product

from ivr.understanding import tables
from ivr.understanding.ja import numbers, sudachi
from ivr.understanding.kana import is_kana, katakana

#: A piece of text: as written, and how it is said, in katakana; empty where nobody knows.
Said = tuple[str, str]

#: More ways to read one phrase are not listened for.
MOST_WAYS = 4

_PARTICLES = {"は": "ワ", "へ": "エ", "を": "オ"}
_FIGURES = re.compile("[0-9]{1,4}")
_MARKS = re.compile(r"[^\w]+")


def ways(text: str) -> tuple[tuple[Said, ...], ...]:
    """The ways in which ``text`` may be read, the likeliest first, each piece by piece.

    Marks and spaces are dropped, figures become kanji. A piece has no reading where the
    dictionary knows none.
    """
    plain = _FIGURES.sub(_in_kanji, unicodedata.normalize("NFKC", text))
    pieces = [piece for run in _MARKS.split(plain) if run for piece in _pieces(run)]
    choices = product(*([(written, sound) for sound in sounds] for written, sounds in pieces))
    return tuple(islice(choices, MOST_WAYS)) if pieces else ()


def _in_kanji(match: re.Match[str]) -> str:
    number = int(match.group())
    return numbers.kanji(number) if number and match.group()[0] != "0" else match.group()


def _pieces(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The pieces of text without spaces: those of the table, and between them the dictionary's."""
    table, pattern = _table()
    at = 0
    for match in pattern.finditer(text):
        yield from _tokens(text[at : match.start()])
        yield match.group(), table[match.group()]
        at = match.end()
    yield from _tokens(text[at:])


def _tokens(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not text:
        return
    table, _ = _table()
    for written, reading, part in sudachi.tokens(text):
        if written in table:
            yield written, table[written]
        elif part == "助詞" and written in _PARTICLES:
            yield written, (_PARTICLES[written],)
        elif is_kana(written):
            yield written, (katakana(written),)
        else:
            yield written, (reading if is_kana(reading) else "",)


@lru_cache(maxsize=1)
def _table() -> tuple[Mapping[str, tuple[str, ...]], re.Pattern[str]]:
    """Readings by spelling, and what finds the longer spellings in a text."""
    found: dict[str, tuple[str, ...]] = {}
    for row in tables.rows("ivr.understanding.ja", "pronunciations.tsv", 2):
        written, readings = row.cells[0], tuple(row.cells[1].split(","))
        if written in found or not all(map(is_kana, readings)):
            raise row.wrong("a spelling stands here once, with readings in katakana")
        found[written] = readings
    longer = sorted((written for written in found if len(written) > 1), key=len, reverse=True)
    return found, re.compile("|".join(map(re.escape, longer)))
