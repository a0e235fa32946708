"""``ivr calibrate``: probabilities from confidences, learnt from labelled utterances."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from ivr.errors import FilesError, HearingError, Problem
from ivr.settings import load_settings
from ivr.understanding.calibration import Calibration, Example, brier, fit
from ivr.understanding.compare import compare
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import HeardName, Hypothesis, Value
from ivr.wiring.listening import evidence_for, grammar_named, understand

_FOLDS = 5
_NEEDED = "a row needs grammar, hypotheses with text and confidence, and expected"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the calibration.",
)
def calibrate(files: tuple[Path, ...], out: Path) -> None:
    """Learn from labelled utterances how likely a value is right.

    Each line of FILES is an object as `ivr hear` writes it, with "expected" beside it: the
    value that was said, furigana with a space for names. IVR_CALIBRATION then names what is
    written. Shown is the mean squared error of probabilities (Brier score, 0 is best), as
    confidences are and as learnt, each utterance judged by what was learnt from others.
    """
    problems: list[Problem] = []
    examples: list[Example] = []
    grammars = _Grammars()
    without = 0
    for path in files:
        for example in _examples(path, grammars, problems):
            if example is None:
                without += 1
            else:
                examples.append(example)
    if problems:
        raise FilesError(problems)
    if not examples:
        raise HearingError("no utterance has a value that could be right or wrong")
    try:
        out.write_text(fit(examples).to_json(), encoding="utf-8")
    except OSError as error:
        raise HearingError(f"{out} cannot be written [{type(error).__name__}]") from None
    before, after = brier(examples, Calibration({})), _judged_by_others(examples)
    right = sum(example.right for example in examples)
    click.echo(f"{len(examples)} utterances, {right} right; {without} without a value left out")
    click.echo(f"Brier score as they are {before:.4f}, as learnt {after:.4f}")
    click.echo(f"wrote {out}")


def _judged_by_others(examples: Sequence[Example]) -> float:
    """The Brier score with every fifth example in turn kept from learning."""
    scores = []
    for fold in range(_FOLDS):
        kept = examples[fold::_FOLDS]
        others = [each for at, each in enumerate(examples) if at % _FOLDS != fold]
        scores.append(brier(kept, fit(others)) * len(kept))
    return math.fsum(scores) / len(examples)


class _Grammars:
    """The grammars of the settings, each read once."""

    def __init__(self) -> None:
        self._settings = load_settings()
        self._known: dict[tuple[str, str], Grammar] = {}

    def named(self, name: str, language: str) -> Grammar:
        key = (name, language)
        if key not in self._known:
            self._known[key] = grammar_named(self._settings, name, language)
        return self._known[key]


def _examples(path: Path, grammars: _Grammars, problems: list[Problem]) -> Iterator[Example | None]:
    """The examples of a file; None for an utterance without a value."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(path.as_posix(), 0, 0, f"cannot be read [{type(error).__name__}]"))
        return
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _example(json.loads(line), grammars)
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
            # The library's own messages may quote the line.
            message = str(error) if str(error) == _NEEDED else "is no such JSON object"
            problems.append(Problem(path.as_posix(), number, 1, message))


def _example(row: dict[str, Any], grammars: _Grammars) -> Example | None:
    name, expected = row.get("grammar"), row.get("expected")
    if not isinstance(name, str) or not isinstance(expected, str):
        raise ValueError(_NEEDED)
    heard = [Hypothesis(str(each["text"]), float(each["confidence"])) for each in row["hypotheses"]]
    if not heard or not name:
        return None
    language = str(row.get("language", "ja"))
    today = date.fromisoformat(str(row["now"]))
    grammar = grammars.named(name, language)
    understood = understand(grammar, heard, language=language, today=today)
    if understood.value is None or understood.status not in ("ok", "unclear"):
        return None
    evidence = evidence_for(grammar, heard, understood, language=language, today=today)
    return Example(name, evidence, _is_right(understood.value, expected))


def _is_right(value: Value, expected: str) -> bool:
    if not isinstance(value, HeardName):
        return value == expected
    surname, _, given = expected.partition(" ")
    found = compare(value, surname="", given="", surname_kana=surname, given_kana=given)
    return found.decision == "pass"
