"""Counts of an evaluation, and the tables made of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from speech_model.graph import UNKNOWN
from speech_model.rejection import Sound
from speech_model.scenarios import FALSE_ACCEPTS, NAMES, Heard, Trial

#: From here on a word counts as surely heard.
SURE = 0.95
#: Where the rows of the reliability table begin; the last row is exactly 1.
_BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
_EVERY_VOICE = "all voices"


@dataclass
class Count:
    """How many of ``tried`` came out, and how many of them with every word sure."""

    tried: int = 0
    hit: int = 0
    sure: int = 0
    sure_hit: int = 0

    def add(self, *, hit: bool, sure: bool) -> None:
        """Counts one trial."""
        self.tried += 1
        self.hit += hit
        self.sure += sure
        self.sure_hit += hit and sure


@dataclass
class Rejection:
    """What came of sounds of one kind: ``answers`` passed for an answer, ``sure`` ones surely."""

    tried: int = 0
    nothing: int = 0
    answers: int = 0
    sure: int = 0


def _counts() -> defaultdict[Any, Count]:
    return defaultdict(Count)


@dataclass
class Measures:
    """What :class:`speech_model.evaluation.Evaluation` fills.

    ``trials`` by scenario, noise level in dB and voice; ``bins`` by noise level and row of the
    reliability table, over names.
    """

    trials: defaultdict[tuple[str, float, str], Count] = field(default_factory=_counts)
    bins: defaultdict[tuple[float, int], Count] = field(default_factory=_counts)
    sounds: dict[str, Rejection] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    audio_seconds: float = 0.0

    def trial(self, trial: Trial, voice: str, snr_db: float, heard: Heard) -> None:
        """Counts what was heard in one trial."""
        hit, sureness = trial.judge(heard), heard.sureness(trial.words)
        for group in (voice, _EVERY_VOICE):
            self.trials[trial.scenario, snr_db, group].add(hit=hit, sure=sureness > SURE)
        if trial.scenario in NAMES:
            row = bisect_right(_BINS, sureness) - 1
            self.bins[snr_db, row].add(hit=hit, sure=sureness > SURE)

    def sound(self, sound: Sound, heard: Heard, *, answered: bool) -> None:
        """Counts what was heard in what is no speech."""
        row = self.sounds.setdefault(sound.kind, Rejection())
        row.tried += 1
        row.nothing += all(word == UNKNOWN for word in heard.words)
        row.answers += answered
        row.sure += answered and heard.sureness() > SURE

    def time(self, cpu_seconds: float, audio_seconds: float) -> None:
        """Adds what one decoding took, and of how much audio."""
        self.cpu_seconds += cpu_seconds
        self.audio_seconds += audio_seconds


def tables(measures: Measures) -> dict[str, Any]:
    """Plain data for JSON: shares with their counts, by scenario, noise level and voice."""
    accuracy: dict[str, Any] = {}
    accepts: dict[str, Any] = {}
    for (scenario, snr, voice), count in sorted(measures.trials.items()):
        row = {"share": round(count.hit / count.tried, 4), "hit": count.hit, "of": count.tried}
        place = accuracy
        if scenario in FALSE_ACCEPTS:
            place = accepts
            row |= {"sure": count.sure_hit, "sure_share": round(count.sure_hit / count.tried, 4)}
        place.setdefault(scenario, {}).setdefault(_level(snr), {})[voice] = row
    confidence: dict[str, Any] = {}
    for (snr, number), count in sorted(measures.bins.items()):
        table = confidence.setdefault(_level(snr), {"rows": [], "sure": 0, "sure_right": 0})
        table["rows"].append({"from": _BINS[number], "right": count.hit, "of": count.tried})
        table["sure"] += count.sure
        table["sure_right"] += count.sure_hit
    return {
        "real_time_factor": round(measures.cpu_seconds / (measures.audio_seconds or 1.0), 4),
        "accuracy": accuracy,
        "false_accepts": accepts,
        "rejection": {kind: vars(row) for kind, row in measures.sounds.items()},
        "confidence": confidence,
    }


def markdown(found: dict[str, Any]) -> str:
    """The tables of an evaluation as a page, for the model card."""
    model = found["model"]
    parts = [
        f"# {model['name']} {model['version']}, measured",
        f"{found['utterances']} synthetic utterances through the real Vosk, seed {found['seed']};"
        f" {model['words']} words, {model['parameters']} parameters, {found['size_mb']} MB,"
        f" loads in {found['load_ms']} ms, {found['real_time_factor']} × real time on one core.",
    ]
    for title, by_level in found["accuracy"].items():
        parts += [f"## {_title(title)}", _by_voice(by_level, "share", ("hit", "of"))]
    for title, by_level in found["false_accepts"].items():
        parts += [f"## {_title(title)}", _by_voice(by_level, "share", ("hit", "of"))]
        parts.append(f"Of these with both words above {SURE}:")
        parts.append(_by_voice(by_level, "sure_share", ("sure", "of")))
    parts += ["## What is no speech, under the grammar of yes, no and commands"]
    parts.append(
        _table(
            ("sound", "tried", "nothing or [unk]", "passed for an answer", f"above {SURE}"),
            (
                (kind, row["tried"], row["nothing"], row["answers"], row["sure"])
                for kind, row in found["rejection"].items()
            ),
        )
    )
    parts += ["## How far a confidence can be believed (the less sure word of a full name)"]
    for level, table in found["confidence"].items():
        rows = ((row["from"], row["of"], _share(row["right"], row["of"])) for row in table["rows"])
        parts.append(_table((f"{level}: from", "names", "right"), rows))
        share = _share(table["sure_right"], table["sure"])
        parts.append(f"Both words above {SURE}: {table['sure']} names, {share} of them right.")
    return "\n\n".join(parts) + "\n"


def _level(snr_db: float) -> str:
    return f"{snr_db:g} dB"


def _title(scenario: str) -> str:
    return scenario[0].upper() + scenario[1:]


def _share(hit: int, of: int) -> str:
    return f"{100 * hit / of:.1f} %" if of else "none"


def _by_voice(by_level: dict[str, Any], share: str, counts: tuple[str, str]) -> str:
    """A row a voice, all voices last; a column a noise level, the least noise first."""
    levels = sorted(by_level, key=lambda level: -float(level.removesuffix(" dB")))
    voices = sorted({v for rows in by_level.values() for v in rows if v != _EVERY_VOICE})

    def cell(level: str, voice: str) -> str:
        row = by_level[level].get(voice)
        if row is None:
            return "–"
        return f"{100 * row[share]:.1f} % ({row[counts[0]]}/{row[counts[1]]})"

    rows = [(voice, *(cell(level, voice) for level in levels)) for voice in [*voices, _EVERY_VOICE]]
    return _table(("voice", *levels), rows)


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
