"""The loss: minus the log probability of an utterance's phones, summed over every way to time them.

A sequence of units goes through the network's outputs as in Kaldi's chain topology: a unit is
entered with one output and held with another; units marked optional may be skipped. The sum is the
forward algorithm of hidden Markov models, its gradient the occupancies of forward-backward
(Rabiner 1989; Zeyer et al.: "Full-sum training", 2017). Nothing needs to be aligned beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_NEVER = -1e5


@dataclass(frozen=True, slots=True)
class Path:
    """The units of an utterance in order, and which of them may be left out.

    No two optional units stand side by side. ``windows``, where known, are the first and the last
    time each unit may have: without them a flat start takes many times as long.
    """

    units: tuple[int, ...]
    optional: tuple[bool, ...]
    windows: tuple[tuple[int, int], ...] = ()


class _FullSum(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, logs: Tensor, counts: Tensor, graph: Graph, spoken: Tensor | None
    ) -> Tensor:
        batch, length, _ = logs.shape
        at = graph.units[:, None].expand(batch, length, -1)
        enter, hold = logs.gather(2, 2 * at), logs.gather(2, 2 * at + 1)
        if graph.early is not None and graph.late is not None:
            now_ = torch.arange(length)[None, :, None]
            outside = (now_ < graph.early[:, None]) | (now_ > graph.late[:, None])
            enter, hold = enter.masked_fill(outside, _NEVER), hold.masked_fill(outside, _NEVER)
        if spoken is not None:
            shut = spoken[:, :, None] & (graph.units == 0)[:, None]
            enter, hold = enter.masked_fill(shut, _NEVER), hold.masked_fill(shut, _NEVER)
        over = torch.arange(length)[None, :, None] >= counts[:, None, None]
        enter = enter.masked_fill(over, _NEVER)
        hold = hold.masked_fill(over, 0.0)
        before = torch.full((batch, 2), _NEVER)

        def arriving(alpha: Tensor) -> Tensor:
            shifted = torch.cat([before, alpha], 1)
            return torch.logaddexp(shifted[:, 1:-1], shifted[:, :-2] + graph.skip)

        alpha = enter[:, 0] + graph.start
        alphas, arrivals = [alpha], [graph.start]
        for now in range(1, length):
            arrived = arriving(alpha)
            alpha = torch.logaddexp(alpha + hold[:, now], arrived + enter[:, now])
            alphas.append(alpha)
            arrivals.append(arrived)
        total = torch.logsumexp(alpha + graph.end, 1)

        beta = graph.end
        gradient = torch.zeros_like(logs)
        for now in range(length - 1, -1, -1):
            entered = arrivals[now] + enter[:, now] + beta - total[:, None]
            gradient[:, now].scatter_add_(1, 2 * graph.units, entered.exp())
            if now:
                held = alphas[now - 1] + hold[:, now] + beta - total[:, None]
                gradient[:, now].scatter_add_(1, 2 * graph.units + 1, held.exp())
                onward = torch.cat([enter[:, now] + beta, before], 1)
                skip = torch.cat([graph.skip, before], 1)
                further = torch.logaddexp(onward[:, 1:-1], (onward + skip)[:, 2:])
                beta = torch.logaddexp(hold[:, now] + beta, further)
        gradient.masked_fill_(over, 0.0)
        ctx.save_for_backward(gradient)
        return -total

    @staticmethod
    def backward(ctx: Any, output: Tensor) -> tuple[Tensor, None, None, None]:  # type: ignore[override]
        (gradient,) = ctx.saved_tensors
        return -gradient * output[:, None, None], None, None, None


@dataclass(frozen=True, slots=True)
class Graph:
    """The paths of a batch as tensors ``[batch, units]``: log weights, and times where bounded."""

    units: Tensor
    start: Tensor
    end: Tensor
    skip: Tensor
    early: Tensor | None = None
    late: Tensor | None = None


def graph(paths: Sequence[Path]) -> Graph:
    """The batch of ``paths``."""
    size = max(len(path.units) for path in paths)
    units = torch.zeros(len(paths), size, dtype=torch.long)
    start, end, skip = (torch.full((len(paths), size), _NEVER) for _ in range(3))
    for row, path in enumerate(paths):
        count = len(path.units)
        units[row, :count] = torch.tensor(path.units)
        start[row, 0] = 0.0
        end[row, count - 1] = 0.0
        if count > 1 and path.optional[0]:
            start[row, 1] = 0.0
        if count > 1 and path.optional[-1]:
            end[row, count - 2] = 0.0
        for at in range(2, count):
            if path.optional[at - 1]:
                skip[row, at] = 0.0
    if not all(path.windows for path in paths):
        return Graph(units, start, end, skip)
    early, late = torch.zeros_like(units), torch.zeros_like(units)
    for row, path in enumerate(paths):
        early[row, : len(path.units)] = torch.tensor([first for first, _ in path.windows])
        late[row, : len(path.units)] = torch.tensor([last for _, last in path.windows])
    return Graph(units, start, end, skip, early, late)


def full_sum(
    logs: Tensor, counts: Sequence[int], paths: Sequence[Path], spoken: Tensor | None = None
) -> Tensor:
    """The loss of each utterance, ``[batch]``.

    ``logs`` are log-probabilities ``[batch, time, outputs]``, of which the first ``counts`` of each
    utterance count. Where ``spoken`` (``[batch, time]``) is true, nothing may be silence. Where an
    utterance is shorter than its path, the loss is huge and its gradient means nothing: leave such
    out.
    """
    loss: Tensor = _FullSum.apply(logs, torch.tensor(counts), graph(paths), spoken)  # type: ignore[no-untyped-call]
    return loss
