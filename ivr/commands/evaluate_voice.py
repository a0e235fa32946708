"""``ivr evaluate --voice``: how well spoken answers are understood, from the sound to the value."""

from __future__ import annotations

import atexit
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import click

from ivr.clock import ManualClock
from ivr.rehearsal.bench_figures import columns
from ivr.settings import load_settings
from ivr.telephony.media.ears import VoskEars
from ivr.wiring.asking import VERDICTS
from ivr.wiring.backstage import load_shipped_flow
from ivr.wiring.listening import calibrated, open_model, phrases_of
from ivr.wiring.media import open_tongue
from ivr.wiring.name_trials import OUTCOMES, Outcome
from ivr.wiring.spoken_answers import SLOTS, SpokenAnswer, read_index
from ivr.wiring.voice_evaluation import LineResult, Tally, VoiceEvaluation

_LANGUAGE = "ja"
#: Decoys are the same in every evaluation: nobody is told anything here.
_DECOYS = b"ivr evaluate --voice"
_SYNTHETIC = "synthetic speakers: people will be understood less well, nobody knows by how much"


def evaluate_voice(
    folder: Path,
    model: Path | None,
    lines: Sequence[str],
    now: datetime,
    processes: int,
) -> dict[str, LineResult]:
    """What comes of the answers in ``folder`` on each line of that name.

    ``model``: the folder of a speech model; None: the one in force. ``now``: when it is said.

    Raises:
        HearingError, SettingsError: there is no such model, or it cannot be used; there are no
            answers, or one cannot be heard.
        FilesError: the index of the answers has problems.
    """
    answers = read_index(folder)
    found = {line: LineResult() for line in lines}
    work = [(answer, line) for line in lines for answer in answers]
    label = f"{len(answers)} answers, {len(lines)} lines"
    with click.progressbar(length=len(work), label=label, file=sys.stderr) as bar:
        for line, result in _evaluated(work, model, now, processes):
            found[line].add(result)
            bar.update(1)
    return found


def _evaluated(
    work: Sequence[tuple[SpokenAnswer, str]], model: Path | None, now: datetime, processes: int
) -> Iterator[tuple[str, LineResult]]:
    _evaluation(model, now)  # whatever is wrong with the model is wrong at once
    one = partial(_one, model, now)
    if processes == 1:
        yield from (one(answer, line) for answer, line in work)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(one, *zip(*work, strict=True), chunksize=8)


def _one(
    model: Path | None, now: datetime, answer: SpokenAnswer, line: str
) -> tuple[str, LineResult]:
    return line, _evaluation(model, now).evaluate(answer, line)


@cache
def _evaluation(model: Path | None, now: datetime) -> VoiceEvaluation:
    """One for each process."""
    settings = load_settings()
    folder = model or open_model(settings, _LANGUAGE).files.path
    ears = VoskEars(
        {_LANGUAGE: open_tongue(folder, _LANGUAGE, _DECOYS)},
        phrases_of,
        calibrated=calibrated(settings, ManualClock(now)),
    )
    return VoiceEvaluation(load_shipped_flow(settings), ears, _LANGUAGE, now)


# The library must be there when its models are let go.
atexit.register(_evaluation.cache_clear)


# --- what is told ----------------------------------------------------------------------------


def report(results: Mapping[str, LineResult], failures: int) -> Iterator[str]:
    """The lines of a report for people, with so many ``failures``."""
    yield _SYNTHETIC
    for line, result in results.items():
        yield f"\n{line}"
        yield columns([_HEADINGS, *(_row(s, result.slots[s]) for s in SLOTS if s in result.slots)])
        if result.own:
            yield ""
            yield columns([("registered", "trials", *OUTCOMES), *_trials(result)])
    every = [failure for result in results.values() for failure in result.failures]
    if every and failures:
        yield ""
    for failure in every[:failures]:
        yield (
            f"{failure.line}: {failure.wav}: {failure.verdict}: {failure.expected} was heard as"
            f" {failure.heard or 'nothing'}"
        )
    if failures and len(every) > failures:
        yield f"... and {len(every) - failures} more (--failures)"


_HEADINGS = ("slot", "answers", "accuracy", *VERDICTS, "real-time factor")


def _row(slot: str, tally: Tally) -> tuple[str, ...]:
    counts = (tally.verdicts[verdict] for verdict in VERDICTS)
    return (
        slot,
        str(tally.answers),
        _share(tally.holding, tally.answers),
        *(_share(count, tally.answers) for count in counts),
        f"{tally.cpu_s / tally.line_s:.3f}",
    )


def _trials(result: LineResult) -> Iterable[tuple[str, ...]]:
    for who, counts in (("the caller", result.own), ("a look-alike", result.look_alikes)):
        total = counts.total()
        if total:
            yield (who, str(total), *(_share(counts[each], total) for each in OUTCOMES))


def _share(count: int, total: int) -> str:
    return f"{count / total:.1%}"


def as_object(results: Mapping[str, LineResult], failures: int) -> dict[str, Any]:
    """The same for programs."""
    return {
        "speakers": "synthetic",
        "lines": {
            line: {
                "slots": {slot: _tally(tally) for slot, tally in result.slots.items()},
                "names": {"own": _counts(result.own), "look_alikes": _counts(result.look_alikes)},
            }
            for line, result in results.items()
        },
        "failures": [asdict(failure) for result in results.values() for failure in result.failures][
            :failures
        ],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "answers": tally.answers,
        "holding": tally.holding,
        **{verdict: tally.verdicts[verdict] for verdict in VERDICTS},
        "line_s": round(tally.line_s, 1),
        "cpu_s": round(tally.cpu_s, 2),
    }


def _counts(counts: Counter[Outcome]) -> dict[str, int]:
    return {outcome: counts[outcome] for outcome in OUTCOMES}
