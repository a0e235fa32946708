"""How well and how fast dates and numbers are understood, beside other libraries, in one run.

    python benchmarks/understanding.py FOLDER

FOLDER holds JSON-lines files as docs/understanding.md describes ("Measuring"). The others are
needed too: ``pip install ja-timex dateparser kanjize``. They are made for other tasks (finding
dates in news, dates of any kind, numbers as written), so this compares what one gets by using
them for birthdates on the telephone, not how good they are.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dateparser
import kanjize
from ja_timex import TimexParser

from ivr.understanding import slots
from ivr.understanding.ja import quantities
from ivr.understanding.value import Hypothesis

TODAY = date(2026, 11, 22)
DATES = ("dates_ja", "dates_ja_synthetic", "dates_ja_ambiguous", "dates_en", "dates_en_ambiguous")
Understand = Callable[[str], str | None]


def ours(language: str) -> Understand:
    """An ISO date where it would be taken without asking."""

    def understand(text: str) -> str | None:
        heard = [Hypothesis(text, 1.0)]
        found = slots.parse("birthdate", heard, language=language, today=TODAY)
        return str(found.value) if found.status == "ok" else None

    return understand


def ja_timex() -> Understand:
    parser = TimexParser()

    def understand(text: str) -> str | None:
        values = [str(timex.value) for timex in parser.parse(text) if timex.type == "DATE"]
        # Dates it leaves open (2000-12-XX) are not counted as taken.
        whole = [value for value in values if re.fullmatch(r"\d{4}-\d\d-\d\d", value)]
        return whole[0] if whole else None

    return understand


def any_date(language: str) -> Understand:
    def understand(text: str) -> str | None:
        found = dateparser.parse(text, languages=[language])
        return found.date().isoformat() if found else None

    return understand


def our_number(text: str) -> str | None:
    found = quantities.parse(text, confidence=1.0)
    return str(found.value) if found.status == "ok" else None


def kanjize_number(text: str) -> str | None:
    return str(kanjize.kanji2number(text))


def measure(name: str, understand: Understand, rows: list[tuple[str, str]]) -> str:
    """One line: taken with the right value, with another, not taken; median time of one."""
    counts: Counter[str] = Counter()
    took: list[float] = []
    for text, expected in rows:
        began = time.perf_counter()
        try:
            value = understand(text)
        except Exception:  # what a library does with text it was not made for
            value = None
        took.append(time.perf_counter() - began)
        counts["none" if value is None else "right" if value == expected else "wrong"] += 1
    median = statistics.median(took) * 1e6
    return (
        f"| {name} | {counts['right']} | {counts['wrong']} | {counts['none']} | {median:,.0f} µs |"
    )


def rows_of(path: Path, key: str) -> list[tuple[str, str]]:
    return [
        (row["text"], row[key])
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        if isinstance(row.get(key), str)
    ]


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    for file in DATES:
        rows = rows_of(folder / f"{file}.jsonl", "iso")
        language = "en" if "_en" in file else "ja"
        print(f"\n{file} ({len(rows)})\n\n| | right | wrong | not taken | median |")
        print("|---|---|---|---|---|")
        print(measure("this project", ours(language), rows))
        if language == "ja":
            print(measure("ja-timex", ja_timex(), rows))
        print(measure("dateparser", any_date(language), rows))
    rows = rows_of(folder / "numbers_ja.jsonl", "value")
    print(f"\nnumbers_ja ({len(rows)})\n\n| | right | wrong | not taken | median |")
    print("|---|---|---|---|---|")
    print(measure("this project", our_number, rows))
    print(measure("kanjize", kanjize_number, rows))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
