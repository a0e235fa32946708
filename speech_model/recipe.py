"""The whole recipe, step by step: ``python -m speech_model`` (``make model``).

Every step leaves what it made in the work folder and is passed over when that is there: a run that
was interrupted goes on where it stopped. Training anew makes what depends on it anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from speech_model import (
    acoustic_model,
    assets,
    augmentation,
    corpora,
    evaluation,
    examples,
    features,
    lexicon,
    measures,
    model_directory,
    reference_wavs,
    score_check,
    training,
    trials,
    vowel_lengths,
)
from speech_model.acoustic_model import PRIOR_SCALE, Floats, scaled_priors
from speech_model.corpora import Corpus
from speech_model.examples import Example
from speech_model.graph import UnknownCosts, costs
from speech_model.network import Network, padded
from speech_model.scenarios import read_index
from speech_model.schedule import BUILDS, again, heard_by, onward, stages

Progress = Callable[[str], None]
#: Units in every hidden layer.
WIDTH = 320
#: What [unk] costs: best of a few tried on the evaluation build (README.md, "Tuning").
UNKNOWN = UnknownCosts(word=6.0, phone=3.0)
#: Noise of evaluation, in dB below speech.
SNR_DB = (25.0, 10.0)
STEPS = (
    "assets",
    "speech",
    "train-evaluation",
    "export-evaluation",
    "train-shipped",
    "export-shipped",
    "check",
    "evaluate",
)
#: How far the weights go from a published model to what further training made of them.
SHARE = 0.5
#: Of each corpus, the utterances over which normalisations are set when a model is gone on from.
_SOME = 8
_VERSION = "1"
_PAGE = """\
# What was measured

Written by `make model` ([README](README.md)). Every utterance is synthetic; what these models make
of human voices is unknown. The evaluation build has never heard `jf_nezumi` and `jm_kumo`, nor
mixes of them; it has heard `mei` and `m001`. The shipped build has heard all four. Utterances are
band-limited to 300-3400 Hz, mixed with noise and sent through µ-law; no name or code that is said
here, and no date but two of 160, is said in training by the same voice, and a third of the names
never at all.
"""


_EARLIER = "\nOf an earlier run; the shipped build has been trained on since.\n"


class OtherRecipe(Exception):
    """A work folder holds what another recipe made."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One run: where it works, from which seed, at which scale (1.0 is the published model).

    ``day`` is what the model says of its making. ``start`` is the model directory of a shipped
    build to go on from, for a last stage more: the evaluation build is then left alone.
    """

    work: Path
    seed: int
    scale: float
    processes: int
    progress: Progress
    day: date
    width: int = WIDTH
    start: Path | None = None

    @property
    def builds(self) -> tuple[str, ...]:
        """The builds that this run makes."""
        return BUILDS if self.start is None else ("shipped",)

    def run(self, until: str | None = None) -> None:
        """All steps, or those up to and with ``until``, one of :data:`STEPS`.

        Raises :class:`OtherRecipe` where the work folder belongs to another seed, scale or width.
        """
        self._claim()
        began = time.monotonic()
        for name in STEPS:
            step, _, build = name.partition("-")
            if build and build not in self.builds:
                continue
            self.progress(f"== {name} (after {(time.monotonic() - began) / 60:.0f} min)")
            if build:
                {"train": self._train, "export": self._export}[step](build)
            else:
                getattr(self, f"_{step}")()
            if name == until:
                return

    def install(self, target: Path, tests: Path, page: Path) -> None:
        """Replace the model directory ``target`` by the shipped build, the WAVs and scores in
        ``tests`` that hold it to what was trained, and the ``page`` of what was measured."""
        model_directory.check(self.model("shipped"))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.model("shipped"), target)
        shutil.rmtree(tests, ignore_errors=True)
        shutil.copytree(self.work / "shipped" / "references", tests)
        chapters = [self._chapter(build, page) for build in BUILDS]
        page.write_text("\n".join([_PAGE, *chapters]), "utf-8")
        self.progress(f"installed in {target}, its references in {tests}, its page {page}")

    def _chapter(self, build: str, page: Path) -> str:
        """What was measured of a build, or what ``page`` says of one that was not made again."""
        if build in self.builds:
            text = (self.work / build / "evaluation.md").read_text("utf-8")
            # Its title becomes that of a chapter.
            return re.sub(r"^#", "##", text, flags=re.MULTILINE)
        found = re.search(rf"^## \S+-{build} .*?(?=^## |\Z)", page.read_text("utf-8"), re.M | re.S)
        if found is None:
            return f"## {build}: not measured\n"
        title, rest = found[0].rstrip().replace(_EARLIER, "").split("\n", 1)
        return f"{title}\n{_EARLIER}{rest}\n"

    def model(self, build: str) -> Path:
        """Where the model directory of a build is."""
        return self.work / build / "model"

    def network(self, build: str) -> Network:
        """The trained network of a build, ready to be asked."""
        network = Network.of(torch.load(self._weights(build), weights_only=True))
        network.eval()
        return network

    def _claim(self) -> None:
        mine: dict[str, object] = {"seed": self.seed, "scale": self.scale, "width": self.width}
        if self.start is not None:
            began_with = (self.start / "am" / "final.mdl").read_bytes()
            mine["start"] = hashlib.sha256(began_with).hexdigest()
        path = self.work / "recipe.json"
        self.work.mkdir(parents=True, exist_ok=True)
        if path.exists() and json.loads(path.read_text("utf-8")) != mine:
            raise OtherRecipe(
                f"{path}: was made with {path.read_text('utf-8').strip()}, not with "
                f"{json.dumps(mine)}; name another folder with --work, or delete this one"
            )
        path.write_text(json.dumps(mine) + "\n", "utf-8")

    def _plan(self) -> list[Corpus]:
        """What must be spoken."""
        whole = corpora.plan(self.scale)
        return whole if self.start is None else again(whole)

    def _data(self, build: str) -> dict[str, list[Example]]:
        return {
            corpus.name: examples.of(corpora.spoken(corpus, self.work))
            for corpus in heard_by(build, self._plan())
        }

    def _weights(self, build: str) -> Path:
        return self.work / build / training.WEIGHTS

    def _assets(self) -> None:
        assets.prepare(self.work / "assets")

    def _speech(self) -> None:
        corpora.synthesise(self._plan(), self.work, self.seed, self.processes, self.progress)

    def _train(self, build: str) -> None:
        if self._weights(build).exists():
            self.progress(f"{build}: already trained")
            return
        if build == "evaluation":
            shutil.rmtree(self.work / "shipped", ignore_errors=True)
        (self.work / build / "evaluation.json").unlink(missing_ok=True)
        data = self._data(build)
        training.Trainer(
            self.work / build,
            self.width,
            stages(build) if self.start is None else onward(),
            data,
            seed=self.seed,
            progress=self.progress,
            start=self._beginning(build, data),
            processes=max(1, self.processes - 1),
        ).run()
        if self.start is not None:
            training.blend(self.work / build, SHARE)

    def _beginning(self, build: str, data: dict[str, list[Example]]) -> Path | None:
        """The state of a network that ``build`` begins with, if it does not begin with nothing."""
        if self.start is None:
            return self.work / "evaluation" / training.HANDED_OVER if build == "shipped" else None
        layers = _layers(self.start)
        return training.begin_with(self.work / build, layers, _few(data), self.seed)

    def _priors(self, build: str) -> Floats:
        data = self._data(build)
        heard = [item for name in ("kokoro", "m001") for item in data[name][:300]]
        return training.priors(self.network(build), heard, self.seed)

    def _export(self, build: str) -> None:
        network = self.network(build)
        log = (self.work / build / "log.jsonl").read_text("utf-8").splitlines()
        history: dict[str, object] = {
            "scale": self.scale,
            "epochs": [json.loads(line) for line in log],
        }
        if self.start is not None:
            before = json.loads((self.start / "model.json").read_text("utf-8"))
            began = {"date": before["date"], "sha256": before["sha256"]["am/final.mdl"]}
            history["began_with"] = began | before["training"]
        priors = vowel_lengths.shared(self._priors(build))
        np.save(self.work / build / "priors.npy", priors)
        model_directory.write(
            self.model(build),
            vowel_lengths.levelled(network.layers()),
            lexicon.lexicon(),
            card=model_directory.Card(
                name=f"honnin-rehearsal-ja-{build}",
                version=_VERSION,
                date=self.day.isoformat(),
                seed=self.seed,
                training=history,
            ),
            mfcc=model_directory.Mfcc(features.BINS, features.LOW_HZ, features.HIGH_HZ),
            priors=priors,
            prior_scale=PRIOR_SCALE,
            unknown=UNKNOWN,
            word_costs=costs(lexicon.weights()),
        )
        megabytes = model_directory.size(self.model(build)) / 1e6
        self.progress(f"{build}: {self.model(build)}, {megabytes:.1f} MB")

    def _check(self) -> None:
        """Compare Vosk's scores with the network's, and keep the utterances for the tests."""
        said = reference_wavs.choose(
            read_index(self._tested()), augmentation.telephone, seed=self.seed
        )
        for build in self.builds:
            folder = self.work / build / "references"
            priors = np.load(self.work / build / "priors.npy")
            network = self.network(build)
            written = _layers(self.model(build))
            references = score_check.refer(
                folder,
                said,
                features=lambda sound: features.mfcc(sound).astype(np.float64),
                outputs=partial(_scores, Network.from_layers(written, _some(said)), priors),
                trained=partial(_scores, network, priors),
            )
            score_check.write(folder / "scores.json", references)
            model, _ = evaluation.load(self.model(build))
            try:
                score_check.check(model, folder, references)
            except score_check.ScoreMismatch as mismatch:
                if self.scale >= 1:
                    raise
                # What a trial trains hears next to nothing, so there is no path to compare.
                self.progress(f"{build}: a trial, not checked further: {mismatch}")
                continue
            self.progress(f"{build}: {len(references)} scores of Vosk are those of the network")

    def _evaluate(self) -> None:
        index, lists = self._tested(), self.work / "lists.json"
        trials.write_lists(lists, self.seed)
        for build in self.builds:
            out = self.work / build / "evaluation.json"
            if out.exists():
                self.progress(f"{build}: already evaluated")
                continue
            found = evaluation.evaluate(
                self.model(build),
                index,
                lists,
                telephone=augmentation.telephone,
                snrs_db=SNR_DB,
                seed=self.seed,
                say=partial(self._say, build),
            )
            out.with_suffix(".md").write_text(measures.markdown(found), "utf-8")
            out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")

    def _tested(self) -> Path:
        """The index of all tested utterances, written anew."""
        index = self.work / "tested.jsonl"
        tested = [corpus for corpus in self._plan() if corpus.tested]
        spoken = (item for corpus in tested for item in corpora.spoken(corpus, self.work))
        trials.write_index(index, spoken)
        return index

    def _say(self, build: str, line: str) -> None:
        self.progress(f"{build}: {line}")


def _few(data: dict[str, list[Example]]) -> list[Example]:
    """Some utterances of every corpus."""
    return [item for name in sorted(data) for item in data[name][:_SOME]]


def _layers(model: Path) -> list[acoustic_model.Layer]:
    """The layers of a model directory, as they were trained."""
    read = acoustic_model.layers_of((model / "am" / "final.mdl").read_bytes())
    return vowel_lengths.as_trained(read)


def _some(said: Sequence[tuple[str, score_check.Pcm, Sequence[str]]]) -> list[torch.Tensor]:
    """The sounds of references as a network is given them."""
    return [padded([features.mfcc(sound).astype(np.float32)])[0] for _, sound, _ in said]


def _scores(network: Network, priors: Floats, frames: NDArray[np.floating]) -> Floats:
    """The network's log-probabilities over the priors, as a recogniser scores them."""
    batch, counts = padded([frames.astype(np.float32)])
    with torch.no_grad():
        logs = vowel_lengths.level(network(batch)[0, : counts[0]].double().numpy())
    return np.asarray(logs - np.log(scaled_priors(priors, PRIOR_SCALE)))
