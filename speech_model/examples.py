"""What is trained on: utterances as sounds and paths of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speech_model import full_sum, synthesis
from speech_model.corpora import Spoken
from speech_model.network import SUBSAMPLING
from speech_model.phones import LONG_VOWELS, UNITS, phones

_UNIT = {name: at for at, name in enumerate(UNITS)}


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance to train on: its sound, how long it is (s), its path; no sound: non-speech.

    ``breathing`` is the path with a pause allowed between any two words.
    """

    wav: str
    seconds: float
    path: full_sum.Path
    breathing: full_sum.Path


def path_of(item: Spoken, *, breathing: bool = False) -> full_sum.Path:
    """Silence at both ends and where the speaker was told to pause, optional everywhere.

    With ``breathing`` between any two words: one careful Kokoro date in five has a pause nobody
    asked for. A flat start is spoilt by it.
    """
    units: list[int] = [0]
    optional = [True]
    for at, word in enumerate(item.utterance.words):
        sounds = [_UNIT[name] for name in phones(word)]
        units += sounds
        optional += [False] * len(sounds)
        if (breathing or at in item.utterance.pauses) and at + 1 < len(item.utterance.words):
            units.append(0)
            optional.append(True)
    return full_sum.Path((*units, 0), (*optional, True))


#: About how long phones are, in units of a short vowel, for the first guess of where they lie.
_LENGTHS = {
    **dict.fromkeys(LONG_VOWELS, 1.8),
    **dict.fromkeys(("Q",), 1.2),
    **dict.fromkeys(("s", "sh", "ch", "ts", "h", "f", "hy", "k", "t", "p", "ky", "py"), 0.9),
    **dict.fromkeys(("r", "d", "g", "b", "n", "m", "y", "w", "z", "j"), 0.6),
}
#: How far from that guess a phone may lie, in outputs of 30 ms.
_LEEWAY = 4


def evenly(path: full_sum.Path, seconds: float) -> full_sum.Path:
    """``path`` with windows as if its phones shared the sound evenly, by their usual lengths.

    ``seconds`` is the sound itself, which :func:`speech_model.augmentation.telephone` puts between
    0.3 s and 0.6 s of silence.
    """
    lengths = [0.0 if unit == 0 else _LENGTHS.get(UNITS[unit], 1.0) for unit in path.units]
    per_second = 100 / SUBSAMPLING
    begin, end = 0.3 * per_second, (0.3 + seconds) * per_second
    pace = (end - begin) / max(1e-9, sum(lengths))
    windows = []
    at = begin
    for place, length in enumerate(lengths):
        first, last = at, at + length * pace
        at = last
        if place == 0:
            windows.append((0, round(begin) + _LEEWAY))
        elif place == len(lengths) - 1:
            windows.append((round(end) - _LEEWAY, 1 << 20))
        else:
            windows.append((max(0, round(first) - _LEEWAY), round(last) + _LEEWAY))
    return full_sum.Path(path.units, path.optional, tuple(windows))


def of(spoken: Sequence[Spoken]) -> list[Example]:
    """What can be trained on of ``spoken``."""
    out = []
    for item in spoken:
        seconds = (item.wav.stat().st_size - 44) / 2 / synthesis.RATE_HZ
        out.append(Example(str(item.wav), seconds, path_of(item), path_of(item, breathing=True)))
    return out
