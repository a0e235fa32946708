"""How well a model hears, measured with the real Vosk: tables as JSON and as Markdown.

``python -m speech_model.evaluation MODEL INDEX.jsonl --lists LISTS.json --snr 25 10 --out DIR``
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import wave
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speech_model import model_directory, rejection
from speech_model.measures import Measures, markdown, tables
from speech_model.scenarios import Heard, Kind, Lists, Scenarios, Utterance, read_index

if TYPE_CHECKING:
    from vosk import KaldiRecognizer, Model

RATE = 8000
#: Samples handed over at once: 200 ms.
_CHUNK = 1600
#: Babble is made of so many of the utterances that no grammar expects, nearly without noise.
_BABBLE_OF = 12
_BABBLE_SNR_DB = 40.0

Samples = NDArray[np.float64]
#: ``telephone(samples within ±1, rate, random, snr_db)``: 8 kHz within ±32,768.
Telephone = Callable[[Samples, float, np.random.Generator, float], Samples]


def listen(recognizer: KaldiRecognizer, samples: NDArray[np.int16]) -> Heard:
    """Everything that ``recognizer`` hears in ``samples`` (8 kHz), endpoints ignored."""
    words: list[str] = []
    confidences: list[float] = []
    for result in _results(recognizer, samples.astype("<i2")):
        for word in json.loads(result).get("result", ()):
            words.append(word["word"])
            confidences.append(word["conf"])
    return Heard(tuple(words), tuple(confidences))


def _results(recognizer: KaldiRecognizer, samples: NDArray[np.int16]) -> Iterator[str]:
    for at in range(0, len(samples), _CHUNK):
        if recognizer.AcceptWaveform(samples[at : at + _CHUNK].tobytes()):
            yield recognizer.Result()
    yield recognizer.FinalResult()


def read_wav(path: Path) -> tuple[Samples, int]:
    """Samples within ±1 and their rate; raises :class:`ValueError` unless mono and 16 bit."""
    with wave.open(str(path)) as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise ValueError(f"{path}: is not 16-bit mono")
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return data.astype(np.float64) / 32768, file.getframerate()


class Evaluation:
    """One model against utterances; the same arguments give the same counts."""

    def __init__(
        self,
        model: Model,
        scenarios: Scenarios,
        *,
        telephone: Telephone,
        snrs_db: Sequence[float],
        seed: int,
    ) -> None:
        self.measures = Measures()
        self._model = model
        self._scenarios = scenarios
        self._telephone = telephone
        self._snrs = tuple(snrs_db)
        self._seed = seed
        # The grammars of all utterances stay; those of one name go when the next ones come.
        self._recognizer = lru_cache(maxsize=16)(self._made)

    def run(self, utterances: Sequence[Utterance], say: Callable[[str], None]) -> None:
        """Decodes every utterance at every noise level, then the sounds; ``say`` hears progress."""
        started = time.monotonic()
        for number, utterance in enumerate(utterances, start=1):
            self._utterance(utterance)
            if number % 50 == 0 or number == len(utterances):
                rest = (time.monotonic() - started) * (len(utterances) / number - 1)
                say(f"{number} of {len(utterances)} utterances, {rest:.0f} s left")
        others = [item for item in utterances if item.kind is Kind.OTHER][:_BABBLE_OF]
        self._sounds([self._sent(item, _BABBLE_SNR_DB) / 32768 for item in others])

    def _sent(self, utterance: Utterance, snr_db: float) -> Samples:
        samples, rate = read_wav(utterance.wav)
        return self._telephone(samples, rate, self._random(utterance.id, snr_db), snr_db)

    def _random(self, name: str, snr_db: float) -> np.random.Generator:
        return np.random.default_rng([self._seed, zlib.crc32(name.encode()), round(snr_db * 10)])

    def _utterance(self, utterance: Utterance) -> None:
        # The same rivals at every noise level, so that levels compare.
        trials = self._scenarios.trials(utterance, self._random(utterance.id, 0))
        for snr in self._snrs:
            sent = np.round(self._sent(utterance, snr)).clip(-32768, 32767).astype(np.int16)
            for trial in trials:
                heard = self._heard(trial.grammar, sent)
                self.measures.trial(trial, utterance.voice, snr, heard)

    def _sounds(self, speech: Sequence[Samples]) -> None:
        for sound in rejection.sounds(self._seed, speech):
            samples = np.round(sound.samples.clip(-1, 1) * 32767).astype(np.int16)
            heard = self._heard(self._scenarios.answers_grammar, samples)
            self.measures.sound(sound, heard, answered=self._scenarios.is_answer(heard))

    def _heard(self, grammar: tuple[str, ...], samples: NDArray[np.int16]) -> Heard:
        recognizer = self._recognizer(grammar)
        started = time.process_time()
        heard = listen(recognizer, samples)
        self.measures.time(time.process_time() - started, len(samples) / RATE)
        return heard

    def _made(self, grammar: tuple[str, ...]) -> KaldiRecognizer:
        from vosk import KaldiRecognizer

        made = KaldiRecognizer(self._model, RATE, json.dumps(grammar, ensure_ascii=False))
        made.SetWords(True)
        return made


def load(directory: Path) -> tuple[Model, float]:
    """The model in ``directory`` and how many ms it took to load, the quickest of five times."""
    from vosk import Model, SetLogLevel

    SetLogLevel(-1)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        model = Model(str(directory))
        times.append(1000 * (time.perf_counter() - started))
    return model, min(times)


def evaluate(
    directory: Path,
    index: Path,
    lists: Path,
    *,
    telephone: Telephone,
    snrs_db: Sequence[float],
    seed: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Every table of the model in ``directory``, as :func:`speech_model.measures.tables` has them.

    ``index`` and ``lists`` are files that ``trials.py`` writes.
    """
    card = model_directory.check(directory)
    utterances = read_index(index)
    model, load_ms = load(directory)
    scenarios = Scenarios(Lists.read(lists), utterances)
    evaluation = Evaluation(model, scenarios, telephone=telephone, snrs_db=snrs_db, seed=seed)
    evaluation.run(utterances, say)
    about = {
        "model": {key: card[key] for key in ("name", "version", "words", "parameters")},
        "size_mb": round(model_directory.size(directory) / 1e6, 2),
        "load_ms": round(load_ms, 1),
        "utterances": len(utterances),
        "seed": seed,
    }
    return about | tables(evaluation.measures)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command of this module's docstring."""
    from speech_model.augmentation import telephone

    parser = argparse.ArgumentParser(prog="python -m speech_model.evaluation")
    parser.add_argument("model", type=Path, help="directory in Vosk's format")
    parser.add_argument("index", type=Path, help="test utterances, JSON lines")
    parser.add_argument("--lists", type=Path, required=True, help="words of the grammars, JSON")
    parser.add_argument("--snr", type=float, nargs="+", default=[25.0, 10.0], help="in dB")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables")
    given = parser.parse_args(arguments)
    found = evaluate(
        given.model,
        given.index,
        given.lists,
        telephone=telephone,
        snrs_db=given.snr,
        seed=given.seed,
        say=_say,
    )
    given.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    (given.out / "evaluation.json").write_text(text, "utf-8")
    (given.out / "evaluation.md").write_text(markdown(found), "utf-8")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
