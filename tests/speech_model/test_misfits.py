"""Utterances that do not say their text are found by a network that knows better."""

from pathlib import Path

import numpy as np
import pytest

MISSING = "the extra 'model' is not installed; 'make model-env' installs it"
torch = pytest.importorskip("torch", reason=MISSING)

from speech_model import misfits, synthesis  # noqa: E402
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
        items.append(Example(str(wav), 0.5, path))
    assert misfits.misfits(HearsOneUnit(), items, 1, torch.device("cpu")) == found
