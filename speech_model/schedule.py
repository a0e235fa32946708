"""When each build hears which corpora, and how: the plan of training, without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

from speech_model.corpora import Corpus

BUILDS = ("evaluation", "shipped")


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs over some corpora: which ones (name → share of it drawn each epoch), how long,
    and at which peak learning rate. ``gentle`` keeps the line clean, ``windows`` keeps every phone
    near the time it should have in speech of an even pace: a flat start needs both. ``everyday``
    is the share of examples that come over an ordinary line, as most calls do; the others get
    everything that can go wrong at once. The rate falls to nearly nothing along a cosine, which
    lasts ``cycle`` epochs where a stage ends before that.
    """

    shares: dict[str, float]
    epochs: int
    rate: float
    gentle: bool = False
    windows: bool = False
    everyday: float = 0.0
    cycle: int = 0


def stages(build: str) -> list[Stage]:
    """How a build is trained.

    Clean lines first, with every phone near the time it should have, so that the network finds
    where phones begin and end; then everything over bad lines; then half of it over everyday
    lines; last, more of the neural voices, which are the hardest to hear. The shipped build
    leaves the evaluation build before its last stage, for one of its own with the voices that the
    other must not hear.
    """
    hmm = {"mei": 0.5, "m001": 0.5}
    neural = {"mei": 0.25, "m001": 0.25, "espeak": 0.1, "kokoro": 1.0}
    last = {**neural, "kokoro-careful": 1.0}
    if build == "evaluation":
        return [
            Stage({"mei": 1.0, "m001": 0.5}, 1, 2e-3, gentle=True, windows=True),
            Stage({**hmm, "kokoro": 1.0}, 2, 2e-3, gentle=True, windows=True),
            Stage({**hmm, "kokoro": 1.0, "espeak": 0.5}, 16, 2e-3),
            Stage({**hmm, "kokoro": 1.0, "espeak": 0.3}, 8, 1.2e-3, everyday=0.5),
            Stage({**hmm, "kokoro": 1.0, "espeak": 0.2}, 6, 1.2e-3, everyday=0.6),
            Stage({**hmm, "kokoro": 1.0, "espeak": 0.2}, 10, 1.5e-3, everyday=0.5, cycle=24),
            Stage(neural, 2, 1e-3, everyday=0.6, cycle=8),
            Stage(last, 4, 8e-4, everyday=0.6, cycle=6),
        ]
    return [
        Stage(
            {**last, "kokoro-unseen": 1.0, "kokoro-careful-unseen": 1.0},
            4,
            8e-4,
            everyday=0.6,
            cycle=6,
        )
    ]


def heard_by(build: str, plan: list[Corpus]) -> list[Corpus]:
    """The corpora of ``plan`` that ``build`` may be trained on; it is given no other."""
    return [corpus for corpus in plan if build in corpus.builds and not corpus.tested]
