"""Utterances that do not say their text are found by a network that knows better."""

from pathlib import Path

import numpy as np
import pytest

MISSING = "the extra 'model' is not installed; 'make model-env' installs it"
torch = pytest.importorskip("torch", reason=MISSING)

from speech_model import misfits, second_listener, synthesis  # noqa: E402
from speech_model.examples import Example  # noqa: E402
from speech_model.full_sum import Path as UnitPath  # noqa: E402
from speech_model.network import CONTEXT, SUBSAMPLING  # noqa: E402
from speech_model.topology import OUTPUTS  # noqa: E402

KNOWN = 5


class HearsOneUnit(torch.nn.Module):  # type: ignore[name-defined, misc, unused-ignore]
    """Gives silence and one unit alike at any time, and nothing else."""

    def forward(self, features):  # type: ignore[no-untyped-def]
        outputs = (features.shape[2] - 1 - 2 * CONTEXT) // SUBSAMPLING + 1
        logs = torch.full((len(features), outputs, OUTPUTS), -20.0)
        logs[:, :, [0, 1, 2 * KNOWN, 2 * KNOWN + 1]] = float(np.log(0.25))
        return logs


HEARD, STRANGE, STRANGER = (KNOWN,), (KNOWN, KNOWN, 9), (9,)


@pytest.mark.parametrize(
    ("said_by", "found"),
    [
        ([HEARD, STRANGE, *[HEARD] * 7, STRANGER], [1, 9]),
        ([HEARD] * 10, []),
        # A fifth at most, the worst.
        ([STRANGE, STRANGER, STRANGE, STRANGER, *[HEARD] * 6], [1, 3]),
    ],
)
def test_texts_with_sounds_that_the_network_does_not_hear_are_misfits(
    tmp_path: Path, said_by: list[tuple[int, ...]], found: list[int]
) -> None:
    random = np.random.default_rng(1)
    items = []
    for at, said in enumerate(said_by):
        wav = tmp_path / f"{at}.wav"
        synthesis.write_wav(wav, random.normal(size=8000 + 800 * at) * 0.1)
        path = UnitPath((0, *said, 0), (True, *([False] * len(said)), True))
        items.append(Example(str(wav), 0.5, path, path))
    assert misfits.misfits(HearsOneUnit(), items, 1, torch.device("cpu")) == found


def test_what_the_second_listener_heard_is_no_misfit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = []
    for name, said in (
        ("a-1", STRANGER),
        ("a-2", STRANGER),
        *((f"b-{n}", HEARD) for n in range(8)),
    ):
        wav = tmp_path / f"{name}.wav"
        synthesis.write_wav(wav, np.random.default_rng(1).normal(size=8000) * 0.1)
        path = UnitPath((0, *said, 0), (True, *([False] * len(said)), True))
        items.append(Example(str(wav), 0.5, path, path))
    monkeypatch.setattr(second_listener, "heard", lambda seed: frozenset({"a-2"}))
    assert misfits.misfits(HearsOneUnit(), items, 1, torch.device("cpu")) == [0]


def test_a_pause_between_words_makes_no_misfit(tmp_path: Path) -> None:
    wav = tmp_path / "a.wav"
    synthesis.write_wav(wav, np.random.default_rng(1).normal(size=8000) * 0.1)
    tight = UnitPath((0, 9, KNOWN, 0), (True, False, False, True))
    breathing = UnitPath((0, KNOWN, 0, KNOWN, 0), (True, False, True, False, True))
    items = [Example(str(wav), 0.5, tight, breathing)] * 6
    assert misfits.misfits(HearsOneUnit(), items, 1, torch.device("cpu")) == []
