"""Everything on a line that is no caller's speech: noise, tones, music, coughs.

Generators give samples at 8 kHz with a standard deviation of one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from speech_model.telephone_line import smooth

Samples = npt.NDArray[np.float64]
Generator = np.random.Generator
RATE_HZ = 8000
#: ITU-T Q.23 rows and columns.
_DTMF = ((697, 770, 852, 941), (1209, 1336, 1477, 1633))
#: Exponent of the noise's spectrum: white, pink, brown, and between.
_COLOURS = (0.0, 0.25, 0.5, 0.75, 1.0)


def level(samples: Samples) -> Samples:
    """``samples`` scaled to a standard deviation of one."""
    scaled: Samples = samples / (samples.std() + 1e-9)
    return scaled


def steady(length: int, random: Generator) -> Samples:
    """Noise of a random colour; now and then swelling, as traffic and kitchens do."""
    size = smooth(length)
    white = random.normal(size=size)
    colour = random.choice(_COLOURS)
    if colour:
        spectrum = np.fft.rfft(white)
        share = np.maximum(np.arange(len(spectrum)), 1) / len(spectrum)
        white = np.fft.irfft(spectrum * share**-colour, size)
    white = white[:length]
    if random.random() < 0.35:
        knots = np.abs(random.normal(size=length // 800 + 2)) + 0.3
        white = white * np.interp(np.arange(length), np.arange(len(knots)) * 800, knots)
    return level(white)


def hum(length: int, random: Generator) -> Samples:
    """Mains hum (50 Hz in the east of Japan, 60 Hz in the west) with its overtones, and hiss."""
    base = random.choice((50.0, 60.0))
    time = np.arange(length) / RATE_HZ
    out = random.normal(size=length) * 0.2
    for overtone in range(1, 12):
        out += np.sin(2 * np.pi * base * overtone * time + random.uniform(0, 6)) / overtone
    return level(out)


def tone(length: int, random: Generator) -> Samples:
    """One or two steady tones: line tones, DTMF keys, beeps, in one piece or in a rhythm."""
    time = np.arange(length) / RATE_HZ
    draw = random.random()
    if draw < 0.3:
        hertz = [random.choice(_DTMF[0]), random.choice(_DTMF[1])]
    elif draw < 0.5:
        hertz = [400.0] if random.random() < 0.5 else [385.0, 415.0]
    else:
        hertz = [random.uniform(150, 3400) for _ in range(random.integers(1, 3))]
    out = sum(np.sin(2 * np.pi * each * time + random.uniform(0, 6)) for each in hertz)
    out = np.asarray(out) * _rhythm(length, random)
    if random.random() < 0.2:
        out = out * (1 + np.sin(2 * np.pi * random.uniform(8, 30) * time))
    return level(out + random.normal(size=length) * 0.003)


def _rhythm(length: int, random: Generator) -> Samples:
    if random.random() < 0.4:
        return np.ones(length)
    on, off = random.uniform(0.05, 1.0), random.uniform(0.05, 1.0)
    time = np.arange(length) / RATE_HZ + random.uniform(0, 1)
    return np.asarray(time % (on + off) < on, dtype=np.float64)


def music(length: int, random: Generator) -> Samples:
    """Chords and a tune of decaying tones with overtones: hold music, a chime."""
    out = np.zeros(length)
    beat = int(random.uniform(0.12, 0.6) * RATE_HZ)
    root = random.uniform(110, 330)
    scale = (0, 2, 4, 5, 7, 9, 11, 12)
    bright = random.uniform(0.3, 0.8)
    for start in range(0, length, beat):
        time = np.arange(min(length - start, beat * 3)) / RATE_HZ
        for _ in range(random.integers(1, 4)):
            hertz = root * 2 ** (random.choice(scale) / 12)
            decay = np.exp(-time * random.uniform(1, 8))
            for overtone in range(1, 6):
                wave = np.sin(2 * np.pi * hertz * overtone * time + random.uniform(0, 6))
                out[start : start + len(time)] += wave * decay * bright**overtone
    return level(out + random.normal(size=length) * 0.002)


def bursts(length: int, random: Generator) -> Samples:
    """Coughs, throat clearing, breath, clicks, a receiver put down: short coloured bursts."""
    out = random.normal(size=length) * 0.01
    for _ in range(random.integers(1, 5)):
        size = int(random.choice((0.01, 0.05, 0.15, 0.3, 0.5)) * random.uniform(0.6, 1.4) * RATE_HZ)
        size = min(size, length - 1)
        start = random.integers(0, length - size)
        time = np.arange(size) / RATE_HZ
        attack = np.minimum(1, time / random.uniform(0.002, 0.03))
        shape = attack * np.exp(-time / random.uniform(0.02, 0.2))
        piece = steady(size, random) * shape
        if random.random() < 0.4:
            resonance = random.uniform(300, 1800)
            piece = piece * (1 + np.sin(2 * np.pi * resonance * time))
        out[start : start + size] += piece
    return level(out)


_KINDS: tuple[tuple[Callable[[int, Generator], Samples], float], ...] = (
    (steady, 0.25),
    (hum, 0.1),
    (tone, 0.25),
    (music, 0.2),
    (bursts, 0.2),
)


def any_kind(length: int, random: Generator) -> Samples:
    """``length`` samples of one kind of non-speech, drawn at random."""
    shares = [share for _, share in _KINDS]
    make = _KINDS[random.choice(len(_KINDS), p=shares)][0]
    return make(length, random)
