"""When each build hears which corpora, and how: the plan of training, without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from speech_model import corpora
from speech_model.corpora import Corpus

BUILDS = ("evaluation", "shipped")
#: Names of corpora.
Corpora = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs over some corpora: which ones (name → share of it drawn each epoch, 2 for
    everything twice), how long, and at which peak learning rate. ``gentle`` keeps the line clean,
    ``windows`` keeps every phone near the time it should have in speech of an even pace: a flat
    start needs both. ``everyday`` is the share of examples that come over an ordinary line, as most
    calls do; the others get everything that can go wrong at once. The rate falls to nearly nothing
    along a cosine, which lasts ``cycle`` epochs where a stage ends before that. ``noise_db`` is how
    far below speech the noise of an everyday line may be.

    ``wakes`` lets the network's last convolution take part from here on. ``doubts`` names corpora
    of which utterances are left out from here on, where the sound is not what the text says.
    ``breathing`` allows a pause between any two words. ``width`` widens the network to so many
    channels, ``dropout`` is the share of them that each step does without. ``hushed`` lets nothing
    be silence where the caller speaks. ``rivals`` is how much it counts that what was said beats
    all that was not (:mod:`speech_model.rivals`), beside what was said itself. ``hands_over``: the
    shipped build goes on from the end of this stage.
    """

    shares: dict[str, float]
    epochs: int
    rate: float
    gentle: bool = False
    windows: bool = False
    everyday: float = 0.0
    cycle: int = 0
    noise_db: tuple[float, float] = (8.0, 35.0)
    wakes: bool = False
    doubts: Corpora = ()
    breathing: bool = False
    width: int = 0
    dropout: float = 0.1
    hushed: bool = False
    rivals: float = 0.0
    hands_over: bool = False


def stages(build: str) -> list[Stage]:
    """How a build is trained.

    Clean lines first, with every phone near the time it should have, so that the network finds
    where phones begin and end; then everything over bad lines; then half of it over everyday
    lines; then more of the neural voices, which are the hardest to hear; then, without the
    utterances that do not say their text, over louder noise. From there each build goes its way,
    both for long: the shipped one with the voices that the other must not hear, and then with the
    Japanese voices as they are. Then both are widened, and in the last stage learn that nothing is
    silence where somebody speaks.
    """
    hmm = {"mei": 0.5, "m001": 0.5}
    neural = {"mei": 0.25, "m001": 0.25, "espeak": 0.1, "kokoro": 1.0}
    careful = {**neural, "kokoro-careful": 1.0}
    noisy = {"mei": 0.2, "m001": 0.2, "espeak": 0.02, "kokoro": 0.5, "kokoro-careful": 1.0}
    doubts = ("kokoro", "kokoro-careful")
    loud, mixed = (4.0, 28.0), (6.0, 32.0)
    long = {"mei": 0.3, "m001": 0.3, "espeak": 0.05, "kokoro": 0.7, "kokoro-careful": 1.0}
    onsets = {"mei-onset": 0.5, "m001-onset": 0.5}
    own_too = {**long, "kokoro-own": 1.0}
    short_too = {**own_too, "kokoro-short": 2.0, **onsets, "kokoro-onset": 1.0}
    if build == "evaluation":
        return [
            Stage({"mei": 1.0, "m001": 0.5}, 1, 2e-3, gentle=True, windows=True),
            Stage({**hmm, "kokoro": 1.0}, 2, 2e-3, gentle=True, windows=True),
            Stage({**hmm, "kokoro": 1.0, "espeak": 0.5}, 16, 2e-3),
            Stage({**hmm, "kokoro": 1.0, "espeak": 0.3}, 8, 1.2e-3, everyday=0.5),
            Stage({**hmm, "kokoro": 1.0, "espeak": 0.2}, 6, 1.2e-3, everyday=0.6),
            Stage({**hmm, "kokoro": 1.0, "espeak": 0.2}, 10, 1.5e-3, everyday=0.5, cycle=24),
            Stage(neural, 2, 1e-3, everyday=0.6, cycle=8),
            Stage(careful, 4, 8e-4, everyday=0.6, cycle=6),
            Stage(noisy, 2, 5e-4, everyday=0.6, cycle=80, noise_db=loud, wakes=True, doubts=doubts),
            Stage(noisy, 1, 5e-4, everyday=0.6, cycle=3, noise_db=loud),
            Stage(noisy, 1, 4e-4, everyday=0.6, noise_db=loud, hands_over=True),
            Stage(long, 20, 1e-3, everyday=0.6, noise_db=mixed, doubts=("kokoro-careful",)),
            Stage(
                own_too,
                15,
                1e-3,
                everyday=0.6,
                cycle=30,
                noise_db=loud,
                doubts=(*doubts, "kokoro-own"),
                breathing=True,
            ),
            Stage(
                {**own_too, "kokoro-short": 1.0},
                16,
                8e-4,
                everyday=0.6,
                noise_db=loud,
                doubts=("kokoro-short",),
                breathing=True,
            ),
            Stage(
                short_too,
                30,
                1e-3,
                everyday=0.6,
                noise_db=loud,
                doubts=("kokoro-onset",),
                breathing=True,
                width=448,
                dropout=0.03,
            ),
            _hushed(short_too, dropout=0.03),
        ]
    unseen = ("kokoro-unseen", "kokoro-careful-unseen")
    shares = {**noisy, "mei": 0.15, "m001": 0.15, "kokoro": 0.3, **dict.fromkeys(unseen, 1.0)}
    own = ("kokoro-own", "kokoro-own-unseen")
    short = ("kokoro-short", "kokoro-short-unseen")
    onset = ("kokoro-onset", "kokoro-onset-unseen")
    plain = {**shares, "kokoro-unseen": 0.5, **dict.fromkeys(own, 1.0)}
    even = {**plain, **dict.fromkeys(short, 1.0), "mei": 0.4, "m001": 0.4, "kokoro-own-unseen": 0.7}
    wide = {
        **{**even, "mei": 0.25, "m001": 0.25, "kokoro": 0.2, "kokoro-unseen": 0.4},
        **onsets,
        **dict.fromkeys(onset, 1.0),
        "kokoro-short-unseen": 4.0,
        "hts-own": 0.5,
    }
    return [
        Stage(shares, 24, 1e-3, everyday=0.6, noise_db=mixed, doubts=unseen),
        Stage(plain, 24, 1e-3, everyday=0.6, noise_db=loud, doubts=own),
        Stage(plain, 14, 1e-3, everyday=0.6, cycle=40, noise_db=loud, doubts=own),
        Stage(
            plain,
            14,
            1e-3,
            everyday=0.6,
            cycle=36,
            noise_db=loud,
            doubts=(*doubts, *unseen, *own),
            breathing=True,
        ),
        Stage(
            {**plain, **dict.fromkeys(short, 1.0)},
            18,
            8e-4,
            everyday=0.6,
            noise_db=loud,
            doubts=short,
            breathing=True,
        ),
        Stage(
            even,
            10,
            1e-3,
            everyday=0.6,
            noise_db=loud,
            doubts=(*doubts, *unseen, *own, *short),
            breathing=True,
        ),
        Stage(
            wide,
            26,
            1e-3,
            everyday=0.6,
            cycle=43,
            noise_db=loud,
            doubts=onset,
            breathing=True,
            width=448,
            dropout=0.0,
        ),
        _hushed(wide),
    ]


def _hushed(shares: dict[str, float], *, dropout: float = 0.0, doubts: Corpora = ()) -> Stage:
    """The last stage: nothing is silence any more where somebody speaks."""
    return Stage(
        shares,
        38,
        1e-3,
        everyday=0.6,
        noise_db=(4.0, 28.0),
        doubts=doubts,
        breathing=True,
        dropout=dropout,
        hushed=True,
    )


#: What a shipped build hears that goes on from a published one: of the corpora that take long to
#: speak the first utterances. The whole corpora have taught it already; these remind it of them.
_AGAIN = {
    "kokoro-own-unseen": 800,
    "kokoro-onset-unseen": 420,
    "kokoro-short-unseen": 150,
    "kokoro-unseen": 120,
    "kokoro-careful-unseen": 60,
    "kokoro": 170,
    "kokoro-onset": 150,
    "kokoro-short": 120,
    "kokoro-own": 100,
    "kokoro-careful": 80,
    "hts-own": 2400,
    "mei": 3500,
    "m001": 3500,
    "mei-onset": 500,
    "m001-onset": 500,
    "espeak": 60,
}


def onward() -> list[Stage]:
    """How a shipped build is trained that begins with the network of a published one: over louder
    noise than before, which is what costs it most, and against what might have been said."""
    shares = {
        **{name: 1.0 for name in _AGAIN if name.startswith("kokoro")},
        "kokoro-short-unseen": 3.0,
        "hts-own": 0.35,
        **dict.fromkeys(("mei", "m001"), 0.12),
        **dict.fromkeys(("mei-onset", "m001-onset"), 0.4),
        "espeak": 1.0,
    }
    last = _hushed(shares, doubts=tuple(name for name in _AGAIN if name.startswith("kokoro")))
    return [replace(last, epochs=10, rate=3e-4, everyday=0.75, noise_db=(2.0, 22.0), rivals=1.0)]


def again(plan: list[Corpus]) -> list[Corpus]:
    """Of ``plan``, what is spoken for :func:`onward`, and what is tested."""
    whole = {corpus.name: corpus.count for corpus in corpora.plan()}
    return [
        corpus
        if corpus.tested
        else replace(corpus, count=max(2, corpus.count * _AGAIN[corpus.name] // whole[corpus.name]))
        for corpus in plan
        if corpus.tested or corpus.name in _AGAIN
    ]


def heard_by(build: str, plan: list[Corpus]) -> list[Corpus]:
    """The corpora of ``plan`` that ``build`` may be trained on; it is given no other."""
    return [corpus for corpus in plan if build in corpus.builds and not corpus.tested]
