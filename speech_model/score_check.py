"""Is the exported model the trained network? Vosk's path scores against our own.

The score of a phrase is the best path through the network's outputs plus what the graph costs.
Vosk gives it as the ``confidence`` of an alternative; here it is computed from the outputs of the
network in PyTorch. Features, topology, weights, graph and beams must all be right for the two to
agree.

A file holds weights rounded, which moves scores more than anything else that is right. So the two
are told apart: Vosk's score must be nearly that of the network with the weights as they are in the
file, and that one near the score of the network as it was trained.
"""

from __future__ import annotations

import json
import math
import wave
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from speech_model.acoustic_model import Floats, Layer, context
from speech_model.phones import UNITS, phones
from speech_model.topology import first_output, following_output

if TYPE_CHECKING:
    from vosk import Model

RATE = 8000
SUBSAMPLING = 3
#: Vosk weighs the graph's costs so (``src/recognizer.cc``, "Apply rescoring weight").
_GRAPH_WEIGHT = 0.9
_ALTERNATIVES = 10
#: How far Vosk's score may lie from that of the network with the same weights, as a share of the
#: score and for scores near nothing: Vosk sums in single precision. Ten scores from 17 to 114
#: differed by 0.013 at most.
TOLERANCE = 0.0003
LEAST_TOLERANCE = 0.03
#: How far rounding the weights may move a score, likewise: a score is a natural logarithm, for a
#: whole utterance. Ten scores of one network moved by 0.14 at most, of another by 0.26 (of 24.8).
ROUNDING = 0.02
LEAST_ROUNDING = 0.5

Pcm = NDArray[np.int16]
#: From 8 kHz samples to features, one row each 10 ms.
Features = Callable[[Pcm], NDArray[np.floating]]
#: From features to log-probabilities of the outputs, one row each 30 ms.
Outputs = Callable[[NDArray[np.floating]], Floats]


class ScoreMismatch(Exception):
    """Vosk's score of a phrase is not the network's."""


@dataclass(frozen=True)
class Reference:
    """What a phrase scores on a WAV file (named beside the references' own file): with the weights
    as they are in the model's file, and as they were ``trained``."""

    wav: str
    words: tuple[str, ...]
    score: float
    trained: float


def outputs(layers: Sequence[Layer], features: NDArray[np.floating]) -> Floats:
    """The log-probabilities that the layers give ``features``, every third frame.

    Before the first and after the last frame these are repeated, as Kaldi does.
    """
    left, right = context(layers)
    kept = np.arange(0, len(features), SUBSAMPLING)
    frames = np.concatenate(
        [features[:1].repeat(left, 0), features, features[-1:].repeat(right, 0)]
    )
    for number, layer in enumerate(layers):
        before, after = min(layer.offsets), max(layer.offsets)
        count = len(frames) - (after - before)
        spliced = [frames[o - before : o - before + count] for o in layer.offsets]
        frames = np.concatenate(spliced, 1) @ layer.weight.T + layer.bias
        if number < len(layers) - 1:
            frames = np.maximum(frames, 0)
    frames = frames[kept]
    top = frames.max(1, keepdims=True)
    scores: Floats = frames - top - np.log(np.exp(frames - top).sum(1, keepdims=True))
    return scores


def path_score(scores: Floats, words: Sequence[Sequence[str]], *, silence: float = 0.5) -> float:
    """What Vosk should give for ``words`` (their phones), the whole grammar being this phrase.

    ``scores`` are :func:`outputs` (divided by the priors, if the model has them); ``silence`` as
    the graph was built with. The words must differ from each other.
    """
    count = len(words)
    # A grammar is a bigram with discount 0.5 (Vosk, src/language_model.cc): all words and the end
    # once each at the start, then one way on.
    grammar = math.log(2 * (count + 1)) + count * math.log(2)
    units: list[int] = []
    optional: list[bool] = []
    for word in words:
        units += [0, *(UNITS.index(phone) for phone in word)]
        optional += [True, *[False] * len(word)]
    taken, skipped = math.log(silence), math.log(1 - silence)
    best = _best_path(
        scores, [*units, 0], [*optional, True], _GRAPH_WEIGHT * taken, _GRAPH_WEIGHT * skipped
    )
    return best - _GRAPH_WEIGHT * grammar


def _best_path(
    scores: Floats, units: list[int], optional: list[bool], taken: float, skipped: float
) -> float:
    """Viterbi score of ``units`` in order, where optional ones may be left out."""
    first = scores[:, [first_output(unit) for unit in units]]
    later = scores[:, [following_output(unit) for unit in units]]
    entry = np.where(optional, taken, 0.0)
    at = np.full(len(units), -np.inf)
    at[0] = first[0, 0] + entry[0]
    at[1] = first[0, 1] + skipped
    over = np.array([i >= 2 and optional[i - 1] for i in range(len(units))])
    for frame in range(1, len(scores)):
        arrived = np.concatenate([[-np.inf], at[:-1]])
        jumped = np.concatenate([[-np.inf, -np.inf], at[:-2]])
        arrived = np.maximum(arrived, np.where(over, jumped + skipped, -np.inf))
        at = np.maximum(at + later[frame], arrived + first[frame] + entry)
    return float(max(at[-1], at[-2] + skipped))


def vosk_score(model: Model, samples: Pcm, words: Sequence[str]) -> float:
    """What Vosk gives for ``words`` as the only phrase of its grammar.

    Raises :class:`ScoreMismatch` where they are not even among the alternatives: any order of the
    words may come out of a grammar, and none of them.
    """
    from vosk import KaldiRecognizer

    phrase = " ".join(words)
    recognizer = KaldiRecognizer(model, RATE, json.dumps([phrase], ensure_ascii=False))
    recognizer.SetMaxAlternatives(_ALTERNATIVES)
    recognizer.AcceptWaveform(samples.astype("<i2").tobytes())
    heard = json.loads(recognizer.FinalResult())["alternatives"]
    for alternative in heard:
        if alternative["text"] == phrase:
            return float(alternative["confidence"])
    raise ScoreMismatch(f"hears '{heard[0]['text']}' where the grammar holds only '{phrase}'")


def refer(
    folder: Path,
    said: Sequence[tuple[str, Pcm, Sequence[str]]],
    *,
    features: Features,
    outputs: Outputs,
    trained: Outputs,
) -> list[Reference]:
    """Writes WAV files into ``folder`` and gives what the network scores them.

    ``said`` are the file's name without suffix, its samples and the words that the model knows;
    ``outputs`` is the network with the weights of the model's file, ``trained`` as it was trained,
    their outputs divided by the priors if the model has them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    references = []
    for name, pcm, words in said:
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(pcm.astype("<i2").tobytes())
        spelt, heard = [phones(word) for word in words], features(pcm)
        score, before = (path_score(given(heard), spelt) for given in (outputs, trained))
        references.append(Reference(f"{name}.wav", tuple(words), score, before))
    return references


def check(model: Model, folder: Path, references: Sequence[Reference]) -> None:
    """Raises :class:`ScoreMismatch` where Vosk scores a reference otherwise than the network, or
    where rounded weights score it otherwise than the trained ones."""
    for reference in references:
        where = f"{folder / reference.wav}: "
        words, score, trained = " ".join(reference.words), reference.score, reference.trained
        given = vosk_score(model, samples(folder / reference.wav), reference.words)
        if not math.isclose(given, score, rel_tol=TOLERANCE, abs_tol=LEAST_TOLERANCE):
            raise ScoreMismatch(
                f"{where}Vosk scores '{words}' {given:.2f}, the network with the same weights "
                f"{score:.2f}: the files are not what was written, or Vosk reads them otherwise"
            )
        if not math.isclose(score, trained, rel_tol=ROUNDING, abs_tol=LEAST_ROUNDING):
            raise ScoreMismatch(
                f"{where}the network scores '{words}' {trained:.2f}, with its weights as they are "
                f"written {score:.2f}: they are rounded too much"
            )


def samples(wav: Path) -> Pcm:
    """The samples of a mono 16-bit WAV file at 8 kHz; raises :class:`ValueError` for another."""
    with wave.open(str(wav)) as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE):
            raise ValueError(f"{wav}: is not 16-bit mono at {RATE} Hz")
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


def write(path: Path, references: Sequence[Reference]) -> None:
    """Writes references as JSON, scores to a thousandth."""
    rows = [
        asdict(each) | {"score": round(each.score, 3), "trained": round(each.trained, 3)}
        for each in references
    ]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")


def read(path: Path) -> list[Reference]:
    """Reads what :func:`write` wrote."""
    rows = json.loads(path.read_text("utf-8"))
    return [
        Reference(row["wav"], tuple(row["words"]), row["score"], row["trained"]) for row in rows
    ]
