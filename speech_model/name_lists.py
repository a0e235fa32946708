"""Makes ``words/surnames.tsv`` and ``words/given_names.tsv`` from two dictionaries.

Run once, by hand, when a dictionary changes::

    apt-get download mecab-ipadic && dpkg-deb -x mecab-ipadic_*.deb /tmp/ipadic
    python -m speech_model.name_lists /tmp/ipadic/usr/share/mecab/dic/ipadic/Noun.name.csv

The readings come from SudachiDict core (Works Applications, Apache-2.0; it holds UniDic,
BSD-3-Clause, and NEologd, Apache-2.0) and from mecab-ipadic (NAIST, BSD-like with the ICOT terms,
as packaged by Debian). Neither counts people. In how many spellings Sudachi writes a reading, and
what a name costs in IPADIC (a unigram cost estimated from newspapers), together stand in for it.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

from speech_model.names import WORDS
from speech_model.phones import hiragana, is_reading

_TAGS = {"姓": "surnames", "名": "given_names"}
_KANJI = re.compile(r"[㐀-䶿一-鿿々〆ヶケノ]{1,4}")
#: Longer readings are stage names and mistakes.
_MAX_KANA = 8
#: IPADIC's costs are log probabilities times this, about.
_COST_SCALE = 1500.0
#: A name that a second dictionary knows weighs as much as this many more spellings.
_KNOWN_TWICE = 6.0
_COMMON = 200.0
#: Kept of each, best first.
LIMIT = 7000

_HEADER = """\
# {title} by reading, with a weight: made by speech_model/name_lists.py from SudachiDict core
# (Works Applications, Apache-2.0; holds UniDic, BSD-3-Clause, and NEologd, Apache-2.0) and
# mecab-ipadic 2.7.0-20070801 (Nara Institute of Science and Technology, BSD-like with ICOT terms).
"""


def _usable(spelling: str, reading: str) -> bool:
    return (
        bool(_KANJI.fullmatch(spelling)) and 2 <= len(reading) <= _MAX_KANA and is_reading(reading)
    )


def spellings() -> dict[str, Counter[str]]:
    """List → reading → how many spellings Sudachi has for it."""
    from sudachipy import Dictionary  # type: ignore[attr-defined]

    counts: dict[str, Counter[str]] = {part: Counter() for part in _TAGS.values()}
    dictionary: Any = Dictionary(dict="core")
    for entry in dictionary.entries():
        part = _TAGS.get(entry.part_of_speech()[3])
        reading = hiragana(entry.reading_form())
        if part is not None and _usable(entry.surface(), reading):
            counts[part][reading] += 1
    return counts


def costs(ipadic: Path) -> dict[str, dict[str, int]]:
    """List → reading → the lowest cost IPADIC gives it."""
    lowest: dict[str, dict[str, int]] = {part: {} for part in _TAGS.values()}
    with ipadic.open(encoding="euc-jp", newline="") as file:
        for row in csv.reader(file):
            part, reading = _TAGS.get(row[7]), hiragana(row[11])
            if part is not None and _usable(row[0], reading):
                lowest[part][reading] = min(int(row[3]), lowest[part].get(reading, 1 << 20))
    return lowest


def weigh(spelt: Counter[str], cost: dict[str, int]) -> list[tuple[str, float]]:
    """Readings with their weights, heaviest first."""
    out = {}
    for reading in spelt.keys() | cost.keys():
        known = cost.get(reading)
        common = _KNOWN_TWICE + _COMMON * math.exp(-known / _COST_SCALE) if known else 0.0
        out[reading] = spelt[reading] + common
    return sorted(out.items(), key=lambda item: (-item[1], item[0]))


def main() -> None:
    """Write both lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ipadic", type=Path, help="Noun.name.csv of mecab-ipadic")
    spelt, cost = spellings(), costs(parser.parse_args().ipadic)
    for part in _TAGS.values():
        rows = weigh(spelt[part], cost[part])[:LIMIT]
        title = part.replace("_", " ").capitalize()
        text = _HEADER.format(title=title) + "".join(f"{name}\t{w:.1f}\n" for name, w in rows)
        (WORDS / f"{part}.tsv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
