"""What an utterance might have been instead: all strings of phones, as likely as in the texts.

A network that learns only what was said gives every frame to its phone; what a recogniser needs is
that the phones that were said beat those that were not. The difference between the score of what
was said and the score of everything that could have been, summed over all strings and all ways to
time them, is the mutual information of sound and text (Povey and others: "Purely sequence-trained
neural networks for ASR based on lattice-free MMI", Interspeech 2016). The strings come from a
trigram of phones, so that the phones that stand for a rival name are among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speech_model import full_sum, vowel_lengths
from speech_model.acoustic_model import PRIOR_SCALE, Floats, scaled_priors
from speech_model.phones import UNITS

#: How much the estimate from shorter contexts weighs, in occurrences.
_BACK_OFF = 10.0
#: How much of what is said of frames counts: they are not independent of each other.
_SCALE = 0.7
_UNITS = len(UNITS)


def trigram(strings: Iterable[Sequence[int]]) -> Floats:
    """How likely each unit follows two others, ``[units, units, units]``: the last axis sums to
    one and nothing is impossible but a unit after itself where it is silence.

    ``strings`` are the units of utterances, which begin with the silence before them.
    """
    threes = np.zeros((_UNITS,) * 3)
    for units in strings:
        context = (0, 0)
        for unit in units[1:]:
            threes[(*context, unit)] += 1.0
            context = (context[1], unit)
    ones = threes.sum((0, 1)) + 1.0
    below = ones / ones.sum()
    for counts in (threes.sum(0), threes):
        below = (counts + _BACK_OFF * below) / (counts.sum(-1, keepdims=True) + _BACK_OFF)
    below[:, 0, 0] = 0.0  # one silence does not follow another
    out: Floats = below / below.sum(-1, keepdims=True)
    return out


class _Sum(torch.autograd.Function):
    """Forward-backward over pairs of units, in probabilities that are scaled in every frame."""

    @staticmethod
    def forward(ctx: Any, scores: Tensor, counts: Tensor, likely: Tensor) -> Tensor:  # type: ignore[override]
        batch, length, _ = scores.shape
        top = scores.max(2, keepdim=True).values
        enter, hold = (scores - top).exp().unflatten(2, (_UNITS, 2)).unbind(3)
        # A state is a unit and the one before it. Before anything was said: silence, or nothing.
        start = torch.zeros(_UNITS, batch, _UNITS)
        start[0] = likely[0, 0]
        start[0, :, 0] = 1.0
        within = torch.arange(length)[:, None] < counts  # [length, batch]
        to_next = likely.transpose(0, 1).contiguous()  # [previous, one before, unit]
        alphas, arrivals = [], []
        scales = torch.ones(length, batch)
        arrived, alpha = start, start * enter[:, 0]
        for now in range(length):
            if now:
                arrived = torch.bmm(alpha.permute(2, 1, 0).contiguous(), to_next)
                stepped = alpha * hold[:, now] + arrived * enter[:, now]
                alpha = torch.where(within[now][:, None], stepped, alpha)
            scale = alpha.sum((0, 2)).clip(1e-30)
            scales[now] = scale
            alpha = alpha / scale[:, None]
            alphas.append(alpha)
            arrivals.append(arrived)
        total = (scales.log() * within).sum(0) + (top[:, :, 0].T * within).sum(0)

        gradient = torch.zeros(batch, length, _UNITS, 2)
        beta = torch.ones(_UNITS, batch, _UNITS)
        back = to_next.transpose(1, 2).contiguous()
        for now in range(length - 1, -1, -1):
            mine = beta / scales[now][:, None]
            entered = mine * enter[:, now]
            gradient[:, now, :, 0] = (arrivals[now] * entered).sum(0)
            if now:
                held = mine * hold[:, now]
                gradient[:, now, :, 1] = (alphas[now - 1] * held).sum(0)
                before = held + torch.bmm(entered, back).permute(2, 1, 0)
                beta = torch.where(within[now][:, None], before, beta)
        gradient = gradient.flatten(2) * within.T[:, :, None]
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, output: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        (gradient,) = ctx.saved_tensors
        return gradient * output[:, None, None], None, None


def summed(scores: Tensor, counts: Sequence[int], likely: Tensor) -> Tensor:
    """The logarithm of the sum over all strings of units, ``[batch]``.

    ``scores`` ``[batch, time, outputs]`` are natural logarithms, of which the first ``counts`` of
    each utterance count; ``likely`` is a :func:`trigram`.
    """
    total: Tensor = _Sum.apply(scores, torch.tensor(counts), likely)  # type: ignore[no-untyped-call]
    return total


def _levelled(logs: Tensor) -> Tensor:
    """``logs`` ``[batch, time, outputs]`` as :mod:`speech_model.vowel_lengths` has a recogniser
    read them."""
    least = logs[:, :, vowel_lengths.ITS] - torch.from_numpy(vowel_lengths.LESS).float()
    out = logs.clone()
    out[:, :, vowel_lengths.MINE] = torch.maximum(logs[:, :, vowel_lengths.MINE], least)
    return out


class Rivals:
    """All that could have been said instead of what was.

    ``strings`` are the units of utterances like those that are trained on; ``priors`` how often
    each output is expected, as a recogniser is told; ``weight`` how much their loss counts.
    """

    def __init__(self, strings: Iterable[Sequence[int]], priors: Floats, weight: float) -> None:
        self._likely = torch.from_numpy(trigram(strings)).float()
        self._expected = torch.from_numpy(np.log(scaled_priors(priors, PRIOR_SCALE))).float()
        self._weight = weight

    def loss(self, logs: Tensor, counts: Sequence[int], paths: Sequence[full_sum.Path]) -> Tensor:
        """How far what was said, ``paths``, falls behind everything, ``[batch]``, as a recogniser
        scores ``logs``, the network's log-probabilities ``[batch, time, outputs]``."""
        scores = _SCALE * (_levelled(logs) - self._expected)
        said = full_sum.full_sum(scores, counts, paths)
        return self._weight / _SCALE * (said + summed(scores, counts, self._likely))
