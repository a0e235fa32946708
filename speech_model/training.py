"""Training: from spoken corpora to the weights of a network, in stages that can be resumed."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from speech_model import batches, full_sum, misfits, rivals, vowel_lengths
from speech_model.acoustic_model import Layer
from speech_model.batches import Spoken
from speech_model.examples import Example, evenly
from speech_model.features import Features
from speech_model.network import SUBSAMPLING, Network, padded
from speech_model.phones import UNITS
from speech_model.replicas import Replicas
from speech_model.schedule import Stage

Progress = Callable[[str], None]
#: Share of examples that are no speech at all and must be heard as silence.
_NON_SPEECH = 0.07
_BACKGROUND = 80
#: Utterances over which outputs are counted before an epoch against rivals.
_COUNTED = 200
CHECKPOINT = "checkpoint.pt"
WEIGHTS = "network.pt"
#: The state at the end of the stage that hands over to another build.
HANDED_OVER = "handed_over.pt"
#: The state of a published model's network, where a run goes on from one.
BEGAN_WITH = "began_with.pt"
#: Utterances over which the normalisation of a waking convolution is set.
_WAKING = 60
#: How much the newest weights count in the average of all.
_NEWEST = 1 / 300


class _Average:
    """The mean of a network's weights over the last few hundred steps, the latest counting most:
    it hears better than the weights of any one step (Polyak and Juditsky 1992)."""

    def __init__(self, network: Network) -> None:
        self.state = {name: value.clone() for name, value in network.state_dict().items()}

    def add(self, network: Network) -> None:
        with torch.no_grad():
            for name, value in network.state_dict().items():
                if value.is_floating_point():
                    self.state[name].lerp_(value, _NEWEST)
                else:
                    self.state[name].copy_(value)


class Trainer:
    """Trains one build; its state is in ``folder`` after every epoch.

    ``start`` is the state of another build, with whose weights it begins, and without the
    utterances that the other left out.
    """

    def __init__(
        self,
        folder: Path,
        width: int,
        stages: Sequence[Stage],
        data: dict[str, list[Example]],
        *,
        seed: int,
        progress: Progress,
        start: Path | None = None,
        processes: int = 1,
    ) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._folder, self._stages, self._data = folder, list(stages), data
        self._seed, self._progress, self._processes = seed, progress, processes
        self._left_out: frozenset[str] = frozenset()
        self._epoch = 0
        if start is None:
            self._begin_with(Network(width))
        else:
            state = torch.load(start, weights_only=True)
            self._begin_with(Network.of(state["average"]))
            self._left_out = frozenset(state["left_out"])
        folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> Path:
        """Train to the end from wherever the last run stopped; gives the weights' file."""
        weights = self._folder / WEIGHTS
        checkpoint = self._folder / CHECKPOINT
        if checkpoint.exists():
            state = torch.load(checkpoint, weights_only=True)
            self._begin_with(Network.of(state["network"]))
            self._optimiser.load_state_dict(state["optimiser"])
            self._average.state = state["average"]
            self._left_out = frozenset(state["left_out"])
            self._epoch = int(state["epoch"])
        total = sum(stage.epochs for stage in self._stages)
        with ProcessPoolExecutor(self._processes) as pool:
            while self._epoch < total:
                self._begin_stage()
                self._one_epoch(pool, total)
                stage, within = self._stage()
                hands_over = stage.hands_over and within + 1 == stage.epochs
                self._epoch += 1
                part = checkpoint.with_suffix(".part")
                torch.save(
                    {
                        "network": self._network.state_dict(),
                        "optimiser": self._optimiser.state_dict(),
                        "average": self._average.state,
                        "left_out": sorted(self._left_out),
                        "epoch": self._epoch,
                    },
                    part,
                )
                part.rename(checkpoint)
                if hands_over:
                    shutil.copy(checkpoint, self._folder / HANDED_OVER)
        torch.save(self._average.state, weights)
        return weights

    def _begin_with(self, network: Network) -> None:
        self._network = network.to(self._device)
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(), lr=1e-3, weight_decay=1e-3, fused=True
        )
        self._average = _Average(self._network)

    def _stage(self) -> tuple[Stage, int]:
        """The stage of the present epoch, and the epoch's number within it."""
        within = self._epoch
        for stage in self._stages:
            if within < stage.epochs:
                return stage, within
            within -= stage.epochs
        raise IndexError("all stages are done")

    def _begin_stage(self) -> None:
        """At the first epoch of a stage: what it changes goes by the average of the weights."""
        stage, within = self._stage()
        if within or not (stage.wakes or stage.doubts or stage.width):
            return
        self._network.load_state_dict(self._average.state)
        for name in stage.doubts:
            items = self._data[name]
            found = misfits.misfits(self._network, items, self._seed, self._device)
            self._left_out -= {item.wav for item in items}
            self._left_out |= {items[at].wav for at in found}
            self._progress(f"{name}: {len(found)} of {len(items)} do not say their text")
        if stage.wakes:
            sounds = sorted(item.wav for item in self._data[min(stage.shares)])[:_WAKING]
            heard = batches.arriving(sounds, self._seed, (), gentle=False, everyday=1.0)
            self._network.wake([padded([each])[0].to(self._device) for each in heard])
            self._average = _Average(self._network)
        if stage.width:
            torch.manual_seed(self._seed)
            self._begin_with(self._network.widened(stage.width))

    def _one_epoch(self, pool: ProcessPoolExecutor, total: int) -> None:
        stage, within = self._stage()
        shuffle = random.Random(f"{self._seed}:{self._epoch}")
        items: list[Example] = []
        for name, share in sorted(stage.shares.items()):
            corpus = [item for item in self._data[name] if item.wav not in self._left_out]
            count = max(1, round(share * len(corpus)))
            items += corpus * (count // len(corpus)) + shuffle.sample(corpus, count % len(corpus))
        if stage.windows:
            # Who pauses does not speak evenly.
            items = [
                replace(item, path=evenly(item.path, item.seconds))
                for item in items
                if 0 not in item.path.units[1:-1]
            ]
        if stage.breathing:
            items = [replace(item, path=item.breathing) for item in items]
        if not stage.gentle:
            silence = full_sum.Path((0,), (False,))
            silent = Example("", 1.5, silence, silence)
            items += [silent] * round(_NON_SPEECH * len(items))
        sounds = [item.wav for item in items if item.wav]
        background = tuple(random.Random(self._seed).sample(sounds, min(_BACKGROUND, len(sounds))))
        plan = batches.batches(items, shuffle)
        self._network.train()
        self._network.dropout = stage.dropout
        began, loss_sum, frames = time.monotonic(), 0.0, 0
        seed = self._seed * 1_000_000 + self._epoch * 10_000
        stream = batches.ahead(plan, pool, seed, background, stage)
        against = self._rivals(stage)
        # What dropout leaves out must not depend on where a run was interrupted.
        replicas = Replicas(self._network, self._seed * 10_000 + self._epoch)
        for at, (batch, heard) in enumerate(stream):
            done = (within + at / len(plan)) / (stage.cycle or stage.epochs)
            self._set_rate(stage, done, within * len(plan) + at)
            loss, outputs = self._step(replicas, batch, heard, stage.hushed, against)
            loss_sum += loss
            frames += outputs
            if at % 25 == 0 or at + 1 == len(plan):
                self._progress(
                    f"epoch {self._epoch + 1}/{total} batch {at + 1}/{len(plan)} "
                    f"loss {loss_sum / max(1, frames):.4f} {time.monotonic() - began:.0f} s"
                )
        replicas.close()
        record: dict[str, Any] = {
            "epoch": self._epoch + 1,
            "loss": loss_sum / max(1, frames),
            "hours": sum(item.seconds for item in items) / 3600,
            "seconds": time.monotonic() - began,
        }
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(record) + "\n")

    def _rivals(self, stage: Stage) -> rivals.Rivals | None:
        """What a stage sets against what was said."""
        if not stage.rivals:
            return None
        items = [item for name in sorted(stage.shares) for item in self._data[name]]
        network = Network.of(self._average.state)
        often = priors(network, items[:: max(1, len(items) // _COUNTED)], self._seed)
        strings = [item.path.units for item in items]
        return rivals.Rivals(strings, vowel_lengths.shared(often), stage.rivals)

    def _set_rate(self, stage: Stage, done: float, step: int) -> None:
        """A warm-up of 40 steps at the start of a stage, then down along a cosine."""
        rate = (
            stage.rate
            * min(1.0, (step + 1) / 40)
            * max(0.02, 0.5 * (1 + float(np.cos(np.pi * done))))
        )
        for group in self._optimiser.param_groups:
            group["lr"] = rate

    def _step(
        self,
        replicas: Replicas,
        batch: list[Example],
        heard: list[tuple[Features, Spoken]],
        hushed: bool,
        against: rivals.Rivals | None,
    ) -> tuple[float, int]:
        """One step; gives the summed loss and the number of outputs it is over."""
        usable = [
            (item, features, spoken)
            for item, (features, spoken) in zip(batch, heard, strict=True)
            if len(features) // SUBSAMPLING > len(item.path.units)
            or (not item.wav and len(features) >= SUBSAMPLING)
        ]
        if not usable:
            return 0.0, 0
        outputs = sum(-(-len(features) // SUBSAMPLING) for _, features, _ in usable)

        def backward(network: Network, part: Sequence[tuple[Example, Features, Spoken]]) -> float:
            inputs, counts = padded([features for _, features, _ in part])
            spoken = torch.zeros(len(part), max(counts), dtype=torch.bool) if hushed else None
            if spoken is not None:
                for row, (_, _, where) in enumerate(part):
                    spoken[row, : len(where)] = torch.from_numpy(where)
            with torch.autocast(self._device.type, dtype=torch.bfloat16):
                logs = network(inputs.to(self._device))
            # The loop over time of the loss is a thousand tiny steps: on the CPU, wherever the rest
            # is.
            logs, paths = logs.cpu(), [item.path for item, *_ in part]
            loss = full_sum.full_sum(logs, counts, paths, spoken)
            if against is not None:
                loss = loss + against.loss(logs, counts, paths)
            (loss.sum() / outputs).backward()  # type: ignore[no-untyped-call]
            return float(loss.detach().sum())

        self._optimiser.zero_grad()
        total = replicas.gradients(backward, usable)
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        replicas.follow()
        self._average.add(self._network)
        return total, outputs


def begin_with(folder: Path, layers: Sequence[Layer], items: list[Example], seed: int) -> Path:
    """A state for a :class:`Trainer` to start from, with the network of a published model.

    Its normalisations are set by how the sounds of ``items`` arrive over everyday lines.
    """
    wavs = [item.wav for item in items]
    heard = batches.arriving(wavs, seed, (), gentle=False, everyday=1.0)
    network = Network.from_layers(layers, [padded([each])[0] for each in heard])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / BEGAN_WITH
    torch.save({"average": network.state_dict(), "left_out": []}, path)
    return path


def blend(folder: Path, share: float) -> None:
    """Replaces the weights of a run that :func:`begin_with` began: ``share`` of the way from what
    it began with to what came of it."""
    weights = folder / WEIGHTS
    before = torch.load(folder / BEGAN_WITH, weights_only=True)["average"]
    after = torch.load(weights, weights_only=True)
    torch.save(Network.between(before, after, share).state_dict(), weights)


def priors(network: Network, items: list[Example], seed: int) -> npt.NDArray[np.float64]:
    """How often each output is expected over ``items``, summing to one: for decoding."""
    network.eval()
    total = np.zeros(2 * len(UNITS))
    background = tuple(item.wav for item in items[:_BACKGROUND])
    with torch.no_grad():
        for at in range(0, len(items), 25):
            wavs = [item.wav for item in items[at : at + 25]]
            inputs, counts = padded(batches.arriving(wavs, seed + at, background, False))
            likely = network(inputs).exp().numpy()
            for row, count in zip(likely, counts, strict=True):
                total += row[:count].sum(0)
    return total / total.sum()
