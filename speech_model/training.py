"""Training: from spoken corpora to the weights of a network, in stages that can be resumed."""

from __future__ import annotations

import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from speech_model import augmentation, full_sum, synthesis
from speech_model.corpora import Spoken
from speech_model.features import Features, mfcc
from speech_model.network import SUBSAMPLING, Network, padded
from speech_model.phones import LONG_VOWELS, UNITS, phones
from speech_model.schedule import Stage
from speech_model.telephone_line import RATE_HZ, resampled

Progress = Callable[[str], None]
_UNIT = {name: at for at, name in enumerate(UNITS)}
#: Seconds of speech in one batch, about.
_BATCH_S = 50.0
#: Share of examples that are no speech at all and must be heard as silence.
_NON_SPEECH = 0.07
_BACKGROUND = 80
_AHEAD = 8
BEFORE_LAST = "before_last.pt"
#: How much the newest weights count in the average of all.
_NEWEST = 1 / 300


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance to train on: its sound, how long it is (s), its path; no sound: non-speech."""

    wav: str
    seconds: float
    path: full_sum.Path


def path_of(item: Spoken) -> full_sum.Path:
    """Silence at both ends and where the speaker paused, optional everywhere: synthesis puts no
    silence between words where no pause was asked for, and allowing it there spoils a flat
    start."""
    units: list[int] = [0]
    optional = [True]
    for at, word in enumerate(item.utterance.words):
        sounds = [_UNIT[name] for name in phones(word)]
        units += sounds
        optional += [False] * len(sounds)
        if at in item.utterance.pauses and at + 1 < len(item.utterance.words):
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


def examples(spoken: Sequence[Spoken]) -> list[Example]:
    """What can be trained on of ``spoken``."""
    out = []
    for item in spoken:
        seconds = (item.wav.stat().st_size - 44) / 2 / synthesis.RATE_HZ
        out.append(Example(str(item.wav), seconds, path_of(item)))
    return out


@lru_cache(maxsize=30_000)
def _sound(wav: str) -> npt.NDArray[np.int16]:
    audio = synthesis.read_wav(Path(wav))
    return np.round(audio * 32767).astype(np.int16)


@lru_cache(maxsize=1)
def _background(wavs: tuple[str, ...]) -> list[npt.NDArray[np.float64]]:
    return [resampled(synthesis.read_wav(Path(wav)), synthesis.RATE_HZ, RATE_HZ) for wav in wavs]


def _features(
    wavs: list[str],
    seed: int,
    background: tuple[str, ...],
    gentle: bool,
    everyday: float = 0.0,
) -> list[Features]:
    """MFCCs of each example over a fresh line."""
    out = []
    for at, wav in enumerate(wavs):
        noise = np.random.default_rng((seed, at))
        if not wav:
            out.append(mfcc(augmentation.non_speech(noise)))
            continue
        audio = _sound(wav).astype(np.float64) / 32767
        if gentle:
            heard = augmentation.telephone(audio, synthesis.RATE_HZ, noise, noise.uniform(25, 40))
            out.append(mfcc(heard))
            continue
        if everyday and noise.random() < everyday:
            snr_db = noise.uniform(8, 35)
            heard = augmentation.telephone(audio, synthesis.RATE_HZ, noise, snr_db)
            out.append(mfcc(heard, warp=float(noise.uniform(0.95, 1.05))))
            continue
        heard = augmentation.augmented(audio, synthesis.RATE_HZ, noise, _background(background))
        out.append(mfcc(heard, warp=float(noise.uniform(0.88, 1.12))))
    return out


def batches(items: list[Example], shuffle: random.Random) -> list[list[Example]]:
    """``items`` in batches of like lengths, in random order."""
    order = sorted(items, key=lambda item: item.seconds + shuffle.uniform(0, 0.4))
    out: list[list[Example]] = []
    at = 0
    while at < len(order):
        size = max(4, int(_BATCH_S / (order[at].seconds + 1.0)))
        out.append(order[at : at + size])
        at += size
    shuffle.shuffle(out)
    return out


def _ahead(
    plan: list[list[Example]],
    pool: ProcessPoolExecutor,
    seed: int,
    background: tuple[str, ...],
    stage: Stage,
) -> Iterator[tuple[list[Example], list[Features]]]:
    """The batches of ``plan`` with their features, made by other processes while one trains."""
    waiting: deque[tuple[list[Example], Future[list[Features]]]] = deque()
    for at, batch in enumerate(plan):
        wavs = [item.wav for item in batch]
        waiting.append(
            (
                batch,
                pool.submit(_features, wavs, seed + at, background, stage.gentle, stage.everyday),
            )
        )
        if len(waiting) > _AHEAD:
            ready, future = waiting.popleft()
            yield ready, future.result()
    while waiting:
        ready, future = waiting.popleft()
        yield ready, future.result()


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

    :data:`BEFORE_LAST` in ``folder`` has the weights from before the last stage.
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
        self._network = Network(width, dropout=0.1).to(self._device)
        if start is not None:
            self._network.load_state_dict(torch.load(start, weights_only=True))
        self._optimiser = torch.optim.AdamW(
            self._network.parameters(), lr=1e-3, weight_decay=1e-3, fused=True
        )
        self._average = _Average(self._network)
        self._epoch = 0
        folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> Path:
        """Train to the end from wherever the last run stopped; gives the weights' file."""
        weights = self._folder / "network.pt"
        checkpoint = self._folder / "checkpoint.pt"
        if checkpoint.exists():
            state = torch.load(checkpoint, weights_only=True)
            self._network.load_state_dict(state["network"])
            self._optimiser.load_state_dict(state["optimiser"])
            self._average.state = state["average"]
            self._epoch = int(state["epoch"])
        total = sum(stage.epochs for stage in self._stages)
        with ProcessPoolExecutor(self._processes) as pool:
            while self._epoch < total:
                if self._epoch == total - self._stages[-1].epochs:
                    torch.save(self._average.state, self._folder / BEFORE_LAST)
                self._one_epoch(pool, total)
                self._epoch += 1
                part = checkpoint.with_suffix(".part")
                torch.save(
                    {
                        "network": self._network.state_dict(),
                        "optimiser": self._optimiser.state_dict(),
                        "average": self._average.state,
                        "epoch": self._epoch,
                    },
                    part,
                )
                part.rename(checkpoint)
        torch.save(self._average.state, weights)
        return weights

    def _stage(self) -> tuple[Stage, int]:
        """The stage of the present epoch, and the epoch's number within it."""
        within = self._epoch
        for stage in self._stages:
            if within < stage.epochs:
                return stage, within
            within -= stage.epochs
        raise IndexError("all stages are done")

    def _one_epoch(self, pool: ProcessPoolExecutor, total: int) -> None:
        stage, within = self._stage()
        shuffle = random.Random(f"{self._seed}:{self._epoch}")
        items: list[Example] = []
        for name, share in sorted(stage.shares.items()):
            corpus = self._data[name]
            items += shuffle.sample(corpus, max(1, round(share * len(corpus))))
        if stage.windows:
            # Who pauses does not speak evenly.
            items = [
                Example(item.wav, item.seconds, evenly(item.path, item.seconds))
                for item in items
                if 0 not in item.path.units[1:-1]
            ]
        if not stage.gentle:
            silent = Example("", 1.5, full_sum.Path((0,), (False,)))
            items += [silent] * round(_NON_SPEECH * len(items))
        sounds = [item.wav for item in items if item.wav]
        background = tuple(random.Random(self._seed).sample(sounds, min(_BACKGROUND, len(sounds))))
        plan = batches(items, shuffle)
        # What dropout leaves out must not depend on where a run was interrupted.
        torch.manual_seed(self._seed * 10_000 + self._epoch)
        self._network.train()
        began, loss_sum, frames = time.monotonic(), 0.0, 0
        seed = self._seed * 1_000_000 + self._epoch * 10_000
        stream = _ahead(plan, pool, seed, background, stage)
        for at, (batch, heard) in enumerate(stream):
            done = (within + at / len(plan)) / (stage.cycle or stage.epochs)
            self._set_rate(stage, done, within * len(plan) + at)
            loss, outputs = self._step(batch, heard)
            loss_sum += loss
            frames += outputs
            if at % 25 == 0 or at + 1 == len(plan):
                self._progress(
                    f"epoch {self._epoch + 1}/{total} batch {at + 1}/{len(plan)} "
                    f"loss {loss_sum / max(1, frames):.4f} {time.monotonic() - began:.0f} s"
                )
        record: dict[str, Any] = {
            "epoch": self._epoch + 1,
            "loss": loss_sum / max(1, frames),
            "hours": sum(item.seconds for item in items) / 3600,
            "seconds": time.monotonic() - began,
        }
        with (self._folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(record) + "\n")

    def _set_rate(self, stage: Stage, done: float, step: int) -> None:
        """A warm-up of 40 steps at the start of a stage, then down along a cosine."""
        rate = (
            stage.rate
            * min(1.0, (step + 1) / 40)
            * max(0.02, 0.5 * (1 + float(np.cos(np.pi * done))))
        )
        for group in self._optimiser.param_groups:
            group["lr"] = rate

    def _step(self, batch: list[Example], heard: list[Features]) -> tuple[float, int]:
        """One step; gives the summed loss and the number of outputs it is over."""
        usable = [
            (item, features)
            for item, features in zip(batch, heard, strict=True)
            if len(features) // SUBSAMPLING > len(item.path.units)
            or (not item.wav and len(features) >= SUBSAMPLING)
        ]
        if not usable:
            return 0.0, 0
        inputs, counts = padded([features for _, features in usable])
        with torch.autocast(self._device.type, dtype=torch.bfloat16):
            logs = self._network(inputs.to(self._device))
        # The loop over time of the loss is a thousand tiny steps: on the CPU, wherever the rest is.
        loss = full_sum.full_sum(logs.cpu(), counts, [item.path for item, _ in usable])
        mean = loss.sum() / sum(counts)
        self._optimiser.zero_grad()
        mean.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        self._average.add(self._network)
        return float(loss.detach().sum()), sum(counts)


def priors(network: Network, items: list[Example], seed: int) -> npt.NDArray[np.float64]:
    """How often each output is expected over ``items``, summing to one: for decoding."""
    network.eval()
    total = np.zeros(2 * len(UNITS))
    background = tuple(item.wav for item in items[:_BACKGROUND])
    with torch.no_grad():
        for at in range(0, len(items), 25):
            wavs = [item.wav for item in items[at : at + 25]]
            inputs, counts = padded(_features(wavs, seed + at, background, False))
            likely = network(inputs).exp().numpy()
            for row, count in zip(likely, counts, strict=True):
                total += row[:count].sum(0)
    return total / total.sum()
