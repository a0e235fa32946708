"""``ivr evaluate``: how well utterances with known values are understood."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import click

from ivr.clock import JAPAN
from ivr.commands.evaluate_voice import as_object, evaluate_voice, report
from ivr.commands.understand import choice_of, today_of
from ivr.errors import FilesError, Problem
from ivr.understanding.name_pairs import PairScore, pair_scores
from ivr.understanding.scoring import Scorer, Tally
from ivr.wiring.spoken_answers import LINES

VERDICTS = ("right", "unclear", "wrong")
DECISIONS = ("pass", "confirm", "fail")
_NOON = time(12)


class _Names:
    """Decisions about pairs of names, by kind, and those that were not as they should be."""

    def __init__(self) -> None:
        self.kinds: dict[str, Counter[str]] = {}
        self.same: dict[str, bool] = {}
        self.failures: list[PairScore] = []

    def add(self, pair: PairScore) -> None:
        self.kinds.setdefault(pair.kind, Counter())[pair.decision] += 1
        self.same[pair.kind] = pair.same
        if pair.decision != ("pass" if pair.same else "fail"):
            self.failures.append(pair)


class _File:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.tally = Tally()
        self.names = _Names()
        self.unknown = 0


@click.command()
@click.argument(
    "paths",
    nargs=-1,
    metavar="[PATH...]",
    type=click.Path(exists=True, path_type=Path),
)
@click.option(
    "--voice",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Hear the spoken answers in FOLDER instead.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="With --voice: the speech model; otherwise the one in force.",
)
@click.option(
    "--line",
    "lines",
    multiple=True,
    type=click.Choice(tuple(LINES)),
    help="With --voice: what the telephone line does, again for each; otherwise all of them.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="With --voice: how many work at a time.",
)
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="The day it is said on; today.")
@click.option(
    "--failures", type=click.IntRange(min=0), default=20, show_default=True, metavar="N",
    help="Show so many failures of each file.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def evaluate(
    paths: tuple[Path, ...],
    folder: Path | None,
    model: Path | None,
    lines: tuple[str, ...],
    processes: int,
    now: datetime | None,
    failures: int,
    as_json: bool,
) -> None:
    """Score utterances with known values.

    PATH is a file of JSON lines, or a folder of such files. Counts what was right, unclear and
    wrong in each file and kind; for names, how often each decision falls, on the same name and on
    another. docs/understanding.md describes the files.

    With --voice, everything from the sound to the value is scored, as it is in a call: speech
    found on the line, heard with the grammars of each question, understood. A name is heard with
    the caller in the register, and with each look-alike there instead. docs/voice-evaluation.md
    describes the folder and the numbers.
    """
    if folder is not None and not paths:
        at = datetime.combine(today_of(now), _NOON, JAPAN)
        found = evaluate_voice(folder, model, lines or tuple(LINES), at, processes)
        if as_json:
            click.echo(json.dumps(as_object(found, failures), ensure_ascii=False))
        else:
            click.echo("\n".join(report(found, failures)))
        return
    if folder is not None or not paths:
        raise click.UsageError("give either PATHs, or --voice and a folder of spoken answers")
    if model is not None or lines or processes > 1:
        raise click.UsageError("--model, --line and --processes belong to --voice")
    scorer = Scorer(today_of(now), _yes_no)
    done = [_evaluate(path, scorer) for path in _files(paths)]
    if as_json:
        click.echo(json.dumps([_object(file, failures) for file in done], ensure_ascii=False))
        return
    for file in done:
        for line in _report(file, failures):
            click.echo(line)


def _yes_no(text: str, language: str) -> str | None:
    return _choice(language)(text)


@cache
def _choice(language: str) -> Callable[[str], str | None]:
    return choice_of("yes_no", language)


def _files(paths: tuple[Path, ...]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        below = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not below:
            raise FilesError([Problem(path.as_posix(), 0, 0, "holds no .jsonl file")])
        found += below
    return found


def _evaluate(path: Path, scorer: Scorer) -> _File:
    file = _File(path)
    for row in _rows(path):
        pairs = list(pair_scores(row))
        scores = [] if pairs else list(scorer.scores(row, source=path.stem))
        for pair in pairs:
            file.names.add(pair)
        for score in scores:
            file.tally.add(score)
        file.unknown += not (pairs or scores)
    return file


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects in a file. Raises ``FilesError`` at the first line that holds none."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise FilesError([Problem(path.as_posix(), number, 1, "is no JSON object")])
            yield row


def _rates(counts: Counter[str], names: tuple[str, ...]) -> dict[str, int]:
    return {name: counts[name] for name in names}


def _report(file: _File, failures: int) -> Iterator[str]:
    yield file.path.as_posix()
    total = file.tally.total()
    if total:
        yield _line("all", total, VERDICTS)
        for kind, counts in sorted(file.tally.kinds.items()):
            yield _line(kind, counts, VERDICTS)
    for kind, counts in sorted(file.names.kinds.items()):
        yield _line(kind, counts, DECISIONS)
        yield "    " + _meaning(counts, same=file.names.same[kind])
    if file.unknown:
        yield f"  {file.unknown} lines of an unknown shape"
    for score in file.tally.failures[:failures]:
        outcome = " ".join(part for part in (score.status, score.value, score.reason) if part)
        yield f"  {score.verdict}: {score.text!r} is {score.expected or 'no value'}: {outcome}"
    for pair in file.names.failures[:failures]:
        relation = "same" if pair.same else "different"
        yield (
            f"  {pair.decision} ({pair.score:.2f}): {pair.heard!r} for {pair.registered!r}"
            f" ({relation})"
        )
    left = max(len(file.tally.failures) - failures, 0) + max(len(file.names.failures) - failures, 0)
    if left and failures:
        yield f"  ... and {left} more (--failures)"


def _line(kind: str, counts: Counter[str], names: tuple[str, ...]) -> str:
    total = sum(counts.values())
    shares = "  ".join(f"{name} {counts[name]} ({counts[name] / total:.2%})" for name in names)
    return f"  {kind}: {total}  {shares}"


def _meaning(counts: Counter[str], *, same: bool) -> str:
    """False accepts and rejects, where pass alone accepts and where confirm accepts too."""
    total = sum(counts.values())
    strict, loose = counts["pass"], counts["pass"] + counts["confirm"]
    if same:
        return f"false reject: {1 - strict / total:.3%} at pass, {1 - loose / total:.3%} at confirm"
    return f"false accept: {strict / total:.3%} at pass, {loose / total:.3%} at confirm"


def _object(file: _File, failures: int) -> dict[str, Any]:
    tally, names = file.tally, file.names
    return {
        "file": file.path.as_posix(),
        "total": _rates(tally.total(), VERDICTS),
        "kinds": {kind: _rates(counts, VERDICTS) for kind, counts in sorted(tally.kinds.items())},
        "names": {
            kind: {"same": names.same[kind], **_rates(counts, DECISIONS)}
            for kind, counts in sorted(names.kinds.items())
        },
        "unknown_lines": file.unknown,
        "failures": [
            {
                "kind": score.kind,
                "verdict": score.verdict,
                "text": score.text,
                "expected": score.expected or None,
                "status": score.status,
                "value": score.value,
                "reason": score.reason,
            }
            for score in tally.failures[:failures]
        ]
        + [
            {
                "kind": pair.kind,
                "heard": pair.heard,
                "registered": pair.registered,
                "same": pair.same,
                "decision": pair.decision,
                "score": round(pair.score, 4),
            }
            for pair in names.failures[:failures]
        ],
    }
