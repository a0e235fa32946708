"""What evaluation needs of the recipe: the utterances of tested voices and the word lists."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from speech_model import lexicon, names, numbers, text
from speech_model.corpora import Spoken

#: Dates in the grammar of dates: phrases drawn at random, so that every word follows every other
#: that may; a grammar in Vosk is a bigram.
_DATES = 4000
#: The kinds of text.py under the names of evaluation.
_KINDS = {"sentence": "other"}


def write_index(path: Path, spoken: Iterable[Spoken]) -> None:
    """JSON lines, one utterance a line: ``id, wav, voice, kind, words`` and its meaning."""
    with path.open("w", encoding="utf-8") as file:
        for item in spoken:
            said = item.utterance
            row = {
                "id": said.id,
                "wav": str(item.wav.resolve()),
                "voice": item.voice.name,
                "kind": _KINDS.get(said.kind, said.kind),
                "words": list(said.words),
                **said.meaning,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def lists(seed: int) -> dict[str, Any]:
    """The words and phrases that evaluation listens for."""
    random = Random(f"{seed}:lists")
    surnames, given_names = text.tested_names()
    by_kind: dict[str, list[list[str]]] = {}
    for item in lexicon.said():
        by_kind.setdefault(item.kind, []).append(list(item.words))
    dates = []
    for _ in range(_DATES):
        said, _ = numbers.date(random)
        end = random.choice([[], [], *by_kind["date_ending"]])
        dates.append(" ".join([*said, *end]))
    return {
        "surnames": list(surnames),
        "givens": list(given_names),
        "unheard": sorted(text.unheard_names()),
        "endings": by_kind["ending"],
        "yes_no": by_kind["yes"] + by_kind["no"],
        "commands": by_kind["command"],
        "fillers": by_kind["filler"],
        "date_grammar": sorted(set(dates)),
        "digit_words": sorted(numbers.alone()),
        "all_surnames": [name.reading for name in names.surnames()],
        "all_givens": [name.reading for name in names.given_names()],
    }


def write_lists(path: Path, seed: int) -> None:
    """:func:`lists` as JSON."""
    path.write_text(json.dumps(lists(seed), ensure_ascii=False) + "\n", encoding="utf-8")
