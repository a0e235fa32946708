"""Utterances whose sound is not what their text says: a speaker swallowed a word, or said another.

A trained network tells: along the path of the text it scores far worse than wherever it likes. It
would also leave out what it has merely not learnt, so a second listener has a say: what Julius
with models of human speech heard as the text stays (:mod:`speech_model.second_listener`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from speech_model import augmentation, full_sum, second_listener, synthesis
from speech_model.examples import Example
from speech_model.features import Features, mfcc
from speech_model.network import Network, padded

#: How much a unit of the text may cost on average over the best unit (natural logarithm). Of the
#: Kokoro utterances a tenth cost over 1.5, half under 0.2.
_AT_MOST = 1.0
#: At most this share of a corpus is left out, the worst: what a network does not know yet is not
#: to be blamed on the speakers.
_SHARE = 0.2
_SNR_DB = 28.0
_BATCH = 16


def misfits(
    network: Network, items: Sequence[Example], seed: int, device: torch.device
) -> list[int]:
    """Which of ``items`` (indices, ascending) hardly say their text, over a quiet line."""
    network.eval()
    order = sorted(range(len(items)), key=lambda at: items[at].seconds)
    cost = np.zeros(len(items))
    for begin in range(0, len(order), _BATCH):
        batch = order[begin : begin + _BATCH]
        inputs, counts = padded([_heard(items[at], seed + at) for at in batch])
        with torch.no_grad():
            logs = network(inputs.to(device)).cpu()
            forced = full_sum.full_sum(logs, counts, [items[at].breathing for at in batch])
            best = -logs.max(2).values
        for row, at in enumerate(batch):
            free = float(best[row, : counts[row]].sum())
            cost[at] = (float(forced[row]) - free) / len(items[at].breathing.units)
    worst = np.argsort(-cost, kind="stable")[: int(_SHARE * len(items))]
    heard = second_listener.heard(seed)
    return sorted(
        int(at) for at in worst if cost[at] > _AT_MOST and Path(items[at].wav).stem not in heard
    )


def _heard(item: Example, seed: int) -> Features:
    sound = synthesis.read_wav(Path(item.wav))
    noise = np.random.default_rng(seed)
    return mfcc(augmentation.telephone(sound, synthesis.RATE_HZ, noise, _SNR_DB))
