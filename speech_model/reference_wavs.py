"""The fixed WAVs that a shipped model is checked with: some of each kind, over the telephone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from speech_model.evaluation import Telephone, read_wav
from speech_model.scenarios import Kind, Utterance
from speech_model.score_check import Pcm

_SNR_DB = 25.0


def choose(
    utterances: Sequence[Utterance], telephone: Telephone, *, seed: int, each: int = 2
) -> list[tuple[str, Pcm, tuple[str, ...]]]:
    """Name, samples at 8 kHz and words of the first ``each`` utterances of every kind.

    Utterances that say a word twice are passed over (:func:`speech_model.score_check.path_score`
    cannot score them), and so is speech that no grammar expects. The same arguments give the same
    samples.
    """
    taken: Counter[Kind] = Counter()
    chosen: list[tuple[str, Pcm, tuple[str, ...]]] = []
    for utterance in utterances:
        kind, words = utterance.kind, utterance.words
        if kind is Kind.OTHER or len(set(words)) < len(words) or taken[kind] == each:
            continue
        taken[kind] += 1
        samples, rate = read_wav(utterance.wav)
        random = np.random.default_rng([seed, len(chosen)])
        sent = np.round(telephone(samples, rate, random, _SNR_DB)).clip(-32768, 32767)
        chosen.append((f"{kind.value}-{taken[kind]}", sent.astype(np.int16), words))
    return chosen
