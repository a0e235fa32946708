"""Sounds of a telephone line that are nobody's answer: tones, music, noise, coughs, silence.

A recogniser should hear ``[unk]`` or nothing in all of them. Made from formulas with a seed, so
nobody's recording is needed and each run makes the same sounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
RATE = 8000
#: Tones of the Japanese network (NTT, technical reference of the telephone service interface):
#: 400 Hz, steady to dial, modulated with 16 Hz to ring, in half seconds when busy.
_LINE_TONE = 400.0
#: ITU-T Q.23: one low and one high frequency a key.
_KEY_LOW, _KEY_HIGH = (697, 770, 852, 941), (1209, 1336, 1477)
_PURE_TONES = (150, 200, 250, 300, 350, 440, 500, 600, 700, 800, 1000, 1200, 1500, 1800, 2100,
               2400, 2700, 3000, 3300)  # fmt: skip
#: Semitones above 220 Hz of a plain tune in C major.
_TUNE = (3, 7, 10, 15, 10, 7, 3, 5, 8, 12, 8, 5, 3, 2, 3)


@dataclass(frozen=True)
class Sound:
    """A sound of ``kind``; ``samples`` at 8 kHz within -1 to 1."""

    kind: str
    name: str
    samples: Samples


def sounds(seed: int, speech: Sequence[Samples] = ()) -> list[Sound]:
    """Every sound of this module, the random ones from ``seed``.

    With ``speech`` (utterances at 8 kHz) there is also babble: six voices or more at once.
    """
    rng = np.random.default_rng(seed)
    made = [Sound("tone", f"{hertz} Hz", _tone(2.0, hertz)) for hertz in _PURE_TONES]
    made += [Sound("line tone", name, make()) for name, make in _LINE_TONES.items()]
    made += [
        Sound("keys", f"{low}+{high} Hz", _bursts(_tone(1.5, low, high), 0.1, 0.1))
        for low, high in zip(_KEY_LOW, (*_KEY_HIGH, _KEY_HIGH[1]), strict=True)
    ]
    made += [
        Sound("music", f"{name}, {n}", make(rng)) for name, make in _MUSIC.items() for n in (1, 2)
    ]
    made += [
        Sound("noise", f"slope {slope} dB, {n}", _noise(rng, 2.0, slope) * 0.1)
        for slope in (0, -3, -6)
        for n in (1, 2)
    ]
    made += [Sound(kind, str(n), make(rng)) for kind, make in _BODY.items() for n in range(1, 7)]
    made.append(Sound("silence", "digital", np.zeros(2 * RATE)))
    made.append(Sound("silence", "hiss", rng.normal(0, 3e-4, 2 * RATE)))
    if speech:
        made += [Sound("babble", str(n), _babble(rng, speech)) for n in range(1, 7)]
    return made


def _times(seconds: float) -> Samples:
    return np.arange(round(seconds * RATE)) / RATE


def _tone(seconds: float, *hertz: float, level: float = 0.25) -> Samples:
    waves = [np.sin(2 * np.pi * h * _times(seconds)) for h in hertz]
    return np.asarray(level * np.sum(waves, axis=0) / len(hertz))


def _bursts(samples: Samples, on: float, off: float) -> Samples:
    return np.where(_times(len(samples) / RATE) % (on + off) < on, samples, 0.0)


def _ringing() -> Samples:
    ring = _tone(4.0, _LINE_TONE) * (1 + np.sin(2 * np.pi * 16 * _times(4.0))) / 2
    return _bursts(ring, 1.0, 2.0)


def _fax() -> Samples:
    return _tone(3.0, 2100)


_LINE_TONES: dict[str, Callable[[], Samples]] = {
    "dial": lambda: _tone(3.0, _LINE_TONE),
    "ringing": _ringing,
    "busy": lambda: _bursts(_tone(3.0, _LINE_TONE), 0.5, 0.5),
    "second dial": lambda: _bursts(_tone(2.0, _LINE_TONE), 0.125, 0.125),
    "fax answer": _fax,
    "beep": lambda: _bursts(_tone(1.0, 1000), 0.3, 10.0),
}


def _note(hertz: float, seconds: float, overtones: Sequence[float]) -> Samples:
    t = _times(seconds)
    waves = [
        level * np.sin(2 * np.pi * hertz * k * t)
        for k, level in enumerate(overtones, start=1)
        if hertz * k < RATE / 2
    ]
    return np.asarray(
        np.sum(waves, axis=0) * np.minimum(1, t / 0.02) * np.exp(-t / (0.6 * seconds))
    )


def _melody(rng: np.random.Generator) -> Samples:
    """One instrument playing a tune from a random note on."""
    shift = int(rng.integers(-5, 8))
    tune = [_note(220 * 2 ** ((n + shift) / 12), 0.25, (1, 0.5, 0.3, 0.2, 0.1)) for n in _TUNE]
    return 0.15 * np.concatenate(tune)


def _chords(rng: np.random.Generator) -> Samples:
    roots = 220 * 2 ** (rng.integers(-5, 8, size=4) / 12)
    chords = [
        np.sum([_note(root * ratio, 0.8, (1, 0.6, 0.4, 0.3)) for ratio in (1, 1.26, 1.5)], axis=0)
        for root in roots
    ]
    return 0.08 * np.concatenate(chords)


_MUSIC: dict[str, Callable[[np.random.Generator], Samples]] = {
    "melody": _melody,
    "chords": _chords,
}


def _noise(rng: np.random.Generator, seconds: float, slope: float) -> Samples:
    """Gaussian noise of unit power whose spectrum falls by ``slope`` dB an octave."""
    white = np.fft.rfft(rng.normal(size=round(seconds * RATE)))
    octaves = np.log2(np.maximum(1, np.arange(len(white))))
    coloured = np.fft.irfft(white * 10 ** (slope * octaves / 20), round(seconds * RATE))
    return np.asarray(coloured / coloured.std())


def _cough(rng: np.random.Generator) -> Samples:
    """Two or three bursts of noise through the resonances of an open throat."""
    parts = []
    for _ in range(int(rng.integers(2, 4))):
        seconds = float(rng.uniform(0.15, 0.3))
        t = _times(seconds)
        burst = _resonate(_noise(rng, seconds, -3), rng.uniform(500, 800), rng.uniform(1200, 1700))
        parts += [burst * np.exp(-t / 0.07) * np.minimum(1, t / 0.005), np.zeros(800)]
    return _at_level(np.concatenate([np.zeros(2400), *parts, np.zeros(2400)]))


def _resonate(samples: Samples, *hertz: float) -> Samples:
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    gain = np.sum([1 / (1 + ((frequency - h) / 150) ** 2) for h in hertz], axis=0)
    return np.fft.irfft(spectrum * gain, len(samples))


def _clicks(rng: np.random.Generator) -> Samples:
    """A receiver being handled: single sharp knocks."""
    out = rng.normal(0, 3e-4, 2 * RATE)
    for at in rng.integers(800, len(out) - 800, size=int(rng.integers(3, 9))):
        out[at : at + 160] += rng.normal(size=160) * np.exp(-np.arange(160) / 25)
    return _at_level(out)


def _breath(rng: np.random.Generator) -> Samples:
    """Breathing into the receiver: noise that swells twice."""
    swell = np.clip(np.sin(2 * np.pi * _times(2.4) / 1.2), 0, None) ** 2
    return _at_level(_noise(rng, 2.4, -6) * swell)


def _hum(rng: np.random.Generator) -> Samples:
    """Mains hum of 50 or 60 Hz with what of its overtones a telephone lets through."""
    mains = float(rng.choice([50, 60]))
    waves = [_tone(2.0, mains * k, level=1 / k) for k in range(2, 20)]
    return _at_level(np.sum(waves, axis=0)) * 0.3


def _at_level(samples: Samples) -> Samples:
    return np.asarray(samples / np.abs(samples).max() * 0.5)


_BODY: dict[str, Callable[[np.random.Generator], Samples]] = {
    "cough": _cough,
    "clicks": _clicks,
    "breath": _breath,
    "hum": _hum,
}


def _babble(rng: np.random.Generator, speech: Sequence[Samples]) -> Samples:
    """Three seconds of six of the utterances at once, each repeated and from a place of its own."""
    out = np.zeros(3 * RATE)
    for chosen in rng.integers(0, len(speech), size=6):
        voice = speech[int(chosen)]
        out += np.resize(np.roll(voice, int(rng.integers(0, len(voice)))), len(out))
    return _at_level(out) * 0.5
