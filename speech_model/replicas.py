"""A batch in two halves, each on a core of its own: twice the work in the same time.

PyTorch divides single operations among threads, which gains a tenth for a network as small as ours.
Here each half goes through its own copy of the network, forward and backward, in its own thread;
the gradients are added. Normalisation sees half a batch at a time. The halves are the same however
many cores there are, and so is the result.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from speech_model.network import Network

Item = TypeVar("Item")


class Replicas:
    """``network`` and a copy of it that follows; ``seed`` decides what each leaves out.

    A network on a GPU has no copy: there one is enough.
    """

    def __init__(self, network: Network, seed: int) -> None:
        device = network.output.weight.device
        network.noise = None
        self._network = network
        self._twin = copy.deepcopy(network) if device.type == "cpu" else None
        network.noise = torch.Generator(device).manual_seed(2 * seed)
        if self._twin is not None:
            self._twin.noise = torch.Generator().manual_seed(2 * seed + 1)
        self._pool = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))

    def gradients(
        self, backward: Callable[[Network, Sequence[Item]], float], items: Sequence[Item]
    ) -> float:
        """Leaves the gradients of ``items`` in the network, and gives the sum of what ``backward``
        gives for each half. Run :meth:`follow` when the weights have changed."""
        if self._twin is None or len(items) == 1:
            return backward(self._network, items)
        other_half = self._pool.submit(backward, self._twin, items[1::2])
        total = backward(self._network, items[::2]) + other_half.result()
        for mine, other in zip(self._network.parameters(), self._twin.parameters(), strict=True):
            if mine.grad is None:
                mine.grad = other.grad
            elif other.grad is not None:
                mine.grad += other.grad
        return total

    def follow(self) -> None:
        """The copy takes over the weights; both take the mean of their statistics."""
        if self._twin is None:
            return
        with torch.no_grad():
            for mine, other in zip(self._network.buffers(), self._twin.buffers(), strict=True):
                if mine.is_floating_point():
                    mine.lerp_(other, 0.5)
                other.copy_(mine)
            for mine, other in zip(
                self._network.parameters(), self._twin.parameters(), strict=True
            ):
                other.copy_(mine)
                other.grad = None

    def close(self) -> None:
        """Ends the second thread."""
        self._pool.shutdown()
