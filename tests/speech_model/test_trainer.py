"""Training as a whole, on seconds of sound: it learns, and an interruption changes nothing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

MISSING = "the extra 'model' is not installed; 'make model-env' installs it"
torch = pytest.importorskip("torch", reason=MISSING)

from speech_model import full_sum, misfits, score_check, synthesis, training  # noqa: E402
from speech_model.examples import Example  # noqa: E402
from speech_model.features import BINS  # noqa: E402
from speech_model.full_sum import Path as UnitPath  # noqa: E402
from speech_model.network import CONTEXT, Network  # noqa: E402
from speech_model.schedule import Stage  # noqa: E402

EPOCHS = 6


class Interrupted(Exception):
    """What stops a run in the middle."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Example]]:
    """Ten sounds of half a second: a tone that is one unit, a hiss that is another."""
    folder = tmp_path_factory.mktemp("sounds")
    random = np.random.default_rng(1)
    time = np.arange(synthesis.RATE_HZ // 2) / synthesis.RATE_HZ
    examples = []
    for at in range(10):
        tone = 0.3 * np.sin(2 * np.pi * random.uniform(400, 500) * time)
        sound = tone if at % 2 else 0.1 * random.normal(size=len(time))
        wav = folder / f"{at}.wav"
        synthesis.write_wav(wav, sound)
        path = UnitPath((0, 1 + at % 2, 0), (True, False, True))
        breathing = UnitPath((0, 1 + at % 2, 0, 3, 0), (True, False, True, False, True))
        examples.append(Example(str(wav), 0.5, path, breathing))
    return {"sounds": examples}


def trained(
    folder: Path, data: dict[str, list[Example]], stop_in: int | None = None
) -> dict[str, object]:
    """The weights after all epochs; with ``stop_in`` the run breaks off in that epoch and begins
    again."""

    def progress(line: str) -> None:
        if stop_in is not None and line.startswith(f"epoch {stop_in}/") and not again:
            raise Interrupted

    def trainer() -> training.Trainer:
        stages = [
            Stage({"sounds": 1.0}, EPOCHS - 2, 0.1, gentle=True),
            Stage({"sounds": 1.0}, 2, 0.1, gentle=True, wakes=True, doubts=("sounds",), rivals=1.0),
        ]
        return training.Trainer(folder, 8, stages, data, seed=1, progress=progress)

    again = False
    if stop_in is not None:
        with pytest.raises(Interrupted):
            trainer().run()
        again = True
    weights: dict[str, object] = torch.load(trainer().run(), weights_only=True)
    return weights


@pytest.mark.parametrize("epoch", [2, EPOCHS])
def test_an_interrupted_run_ends_with_the_same_weights(
    tmp_path: Path, data: dict[str, list[Example]], epoch: int
) -> None:
    whole = trained(tmp_path / "whole", data)
    broken = trained(tmp_path / "broken", data, stop_in=epoch)
    assert all(torch.equal(whole[name], broken[name]) for name in whole)
    assert whole["awake"]


def test_training_learns_and_keeps_the_average_of_its_last_steps(
    tmp_path: Path, data: dict[str, list[Example]]
) -> None:
    kept = trained(tmp_path, data)
    log = (tmp_path / "log.jsonl").read_text("utf-8").splitlines()
    losses = [json.loads(line)["loss"] for line in log]
    assert len(losses) == EPOCHS
    plain, against_rivals = losses[:-2], losses[-2:]
    assert plain[-1] < plain[0] - 0.02
    assert against_rivals[-1] < against_rivals[0]
    last = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["network"]
    torch.manual_seed(1)
    first = Network(8).state_dict()
    name = "output.weight"
    way, kept_way = (last[name] - first[name]).norm(), (kept[name] - first[name]).norm()
    assert 0 < kept_way < 0.5 * way


def test_what_does_not_say_its_text_is_left_out_from_that_stage_on(
    tmp_path: Path, data: dict[str, list[Example]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(misfits, "misfits", lambda network, items, seed, device: [1, 2, 5])
    stages = [
        Stage({"sounds": 1.0}, 1, 0.1, gentle=True),
        Stage({"sounds": 1.0}, 1, 0.1, gentle=True, doubts=("sounds",), hands_over=True),
        Stage({"sounds": 1.0}, 1, 0.1, gentle=True),
    ]

    def hours(folder: Path, stages: list[Stage], start: Path | None = None) -> list[float]:
        training.Trainer(
            folder, 8, stages, data, seed=1, progress=lambda line: None, start=start
        ).run()
        log = (folder / "log.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line)["hours"] * 3600 for line in log]

    assert hours(tmp_path / "one", stages) == pytest.approx([5.0, 3.5, 3.5])
    # So does a build that goes on from there.
    start = tmp_path / "one" / training.HANDED_OVER
    assert torch.load(start, weights_only=True)["epoch"] == 2
    assert hours(tmp_path / "other", stages[:1], start) == pytest.approx([3.5])


def test_what_is_doubted_again_may_come_back(
    tmp_path: Path, data: dict[str, list[Example]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter(([1, 2, 5], [1]))
    monkeypatch.setattr(misfits, "misfits", lambda network, items, seed, device: next(found))
    stage = Stage({"sounds": 1.0}, 1, 0.1, gentle=True, doubts=("sounds",))
    training.Trainer(tmp_path, 8, [stage, stage], data, seed=1, progress=lambda line: None).run()
    log = (tmp_path / "log.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["hours"] * 3600 for line in log] == pytest.approx([3.5, 4.5])


@pytest.mark.parametrize("breathing", [False, True])
def test_a_stage_says_whether_speakers_may_breathe_between_words(
    tmp_path: Path,
    data: dict[str, list[Example]],
    monkeypatch: pytest.MonkeyPatch,
    breathing: bool,
) -> None:
    seen = set()
    loss = full_sum.full_sum

    def watched(logs, counts, paths, spoken=None):  # type: ignore[no-untyped-def]
        seen.update(path.units for path in paths)
        return loss(logs, counts, paths, spoken)

    monkeypatch.setattr(full_sum, "full_sum", watched)
    stage = Stage({"sounds": 1.0}, 1, 0.1, breathing=breathing)
    training.Trainer(tmp_path, 8, [stage], data, seed=1, progress=lambda line: None).run()
    silence = (0,)
    wanted = {item.breathing.units if breathing else item.path.units for item in data["sounds"]}
    assert seen == wanted | {silence}


@pytest.mark.parametrize("hushed", [False, True])
def test_a_stage_says_whether_silence_may_lie_where_somebody_speaks(
    tmp_path: Path,
    data: dict[str, list[Example]],
    monkeypatch: pytest.MonkeyPatch,
    hushed: bool,
) -> None:
    seen = []
    loss = full_sum.full_sum

    def watched(logs, counts, paths, spoken=None):  # type: ignore[no-untyped-def]
        seen.append(spoken)
        return loss(logs, counts, paths, spoken)

    monkeypatch.setattr(full_sum, "full_sum", watched)
    stage = Stage({"sounds": 1.0}, 1, 1e-3, everyday=1.0, hushed=hushed)
    training.Trainer(tmp_path, 8, [stage], data, seed=1, progress=lambda line: None).run()
    assert seen
    if not hushed:
        assert all(spoken is None for spoken in seen)
        return
    # Half a second each, between 0.3 s of silence and 0.6 s; no speech is nobody speaking.
    outputs = [int(row.sum()) for spoken in seen for row in spoken]
    assert sorted(set(outputs) - {0}) == [count for count in (16, 17, 18) if count in outputs]
    assert outputs.count(0) == 1
    assert all(not row[:9].any() for spoken in seen for row in spoken)


def test_a_wider_network_hears_the_same_and_can_learn_more() -> None:
    torch.manual_seed(2)
    narrow = Network(8)
    narrow.wake([torch.randn(2, BINS, 2 * CONTEXT + 301)])
    wide = narrow.widened(12)
    frames = torch.randn(2, BINS, 2 * CONTEXT + 61)
    for network in (narrow, wide):
        network.eval()
    assert wide.width == 12
    assert torch.allclose(narrow(frames), wide(frames), atol=1e-5)
    wide(frames)[..., 3].sum().backward()
    # Whoever listens to what is new can begin to.
    assert (wide.convolutions[4].weight.grad[:8, 8:].abs().sum((0, 2)) > 0).any()
    assert torch.equal(Network.of(wide.state_dict()).output.weight, wide.output.weight)
    with pytest.raises(ValueError, match="width 12 cannot be widened to 8"):
        wide.widened(8)


@pytest.mark.parametrize("stop_in", [2, 3, None])
def test_a_stage_may_widen_the_network(
    tmp_path: Path, data: dict[str, list[Example]], stop_in: int | None
) -> None:
    stages = [
        Stage({"sounds": 1.0}, 1, 1e-3, gentle=True),
        Stage({"sounds": 1.0}, 2, 1e-3, gentle=True, width=12, dropout=0.0),
    ]

    def progress(line: str) -> None:
        if stop_in is not None and line.startswith(f"epoch {stop_in}/") and stop_in not in stopped:
            stopped.append(stop_in)
            raise Interrupted

    def trainer() -> training.Trainer:
        return training.Trainer(tmp_path, 8, stages, data, seed=1, progress=progress)

    stopped: list[int] = []
    if stop_in is not None:
        with pytest.raises(Interrupted):
            trainer().run()
    weights = torch.load(trainer().run(), weights_only=True)
    assert weights["output.weight"].shape[1] == 12
    # Another build begins with it as it is.
    other = training.Trainer(
        tmp_path / "other",
        8,
        stages[:1],
        data,
        seed=1,
        progress=lambda line: None,
        start=tmp_path / training.CHECKPOINT,
    )
    assert torch.load(other.run(), weights_only=True)["output.weight"].shape[1] == 12


def test_a_run_may_go_on_from_a_published_model(
    tmp_path: Path, data: dict[str, list[Example]]
) -> None:
    stage = Stage({"sounds": 1.0}, 60, 0.03, gentle=True)

    def run(name: str, stage: Stage, start: Path | None) -> list[float]:
        training.Trainer(
            tmp_path / name, 8, [stage], data, seed=1, progress=lambda line: None, start=start
        ).run()
        log = (tmp_path / name / "log.jsonl").read_text("utf-8").splitlines()
        return [json.loads(line)["loss"] for line in log]

    losses = run("first", stage, None)
    # The average of all weights has hardly moved in so few steps.
    state = torch.load(tmp_path / "first" / training.CHECKPOINT, weights_only=True)
    published = Network.of(state["network"]).layers()
    start = training.begin_with(tmp_path / "again", published, data["sounds"], seed=1)
    onward = run("again", replace(stage, epochs=1, rate=1e-3), start)
    assert onward[0] < 0.8 * losses[0]
    began = Network.of(torch.load(start, weights_only=True)["average"])
    heard = np.random.default_rng(1).normal(size=(50, BINS))
    assert score_check.outputs(began.layers(), heard) == pytest.approx(
        score_check.outputs(published, heard), abs=1e-2
    )


def test_a_corpus_may_be_heard_twice_in_an_epoch(
    tmp_path: Path, data: dict[str, list[Example]]
) -> None:
    stages = [Stage({"sounds": share}, 1, 1e-3, gentle=True) for share in (0.5, 1.0, 2.5)]
    training.Trainer(tmp_path, 8, stages, data, seed=1, progress=lambda line: None).run()
    log = (tmp_path / "log.jsonl").read_text("utf-8").splitlines()
    hours = [json.loads(line)["hours"] * 3600 for line in log]
    assert hours == pytest.approx([2.5, 5.0, 12.5])


def test_a_stage_may_end_before_its_cosine(tmp_path: Path, data: dict[str, list[Example]]) -> None:
    def last_rate(cycle: int) -> float:
        folder = tmp_path / str(cycle)
        stages = [Stage({"sounds": 1.0}, 4, 1e-3, gentle=True, cycle=cycle)]
        training.Trainer(folder, 4, stages, data, seed=1, progress=lambda line: None).run()
        state = torch.load(folder / "checkpoint.pt", weights_only=True)
        rate: float = state["optimiser"]["param_groups"][0]["lr"]
        return rate

    # Three quarters of a cosine, and three eighths of one.
    assert last_rate(8) / last_rate(0) == pytest.approx(4.72, abs=0.01)
