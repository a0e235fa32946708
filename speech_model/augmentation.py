"""Speech as it arrives over the telephone, different every time: for training and evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from speech_model import noises, telephone_line
from speech_model.telephone_line import RATE_HZ

Samples = npt.NDArray[np.float64]
Generator = np.random.Generator
#: Samples from one output of a network to the next, and of the frame in its middle.
_OUTPUT, _HEARD = 240, 200


def telephone(samples: Samples, rate_hz: float, random: Generator, snr_db: float) -> Samples:
    """The fixed condition of evaluation: 300-3400 Hz, noise at ``snr_db``, µ-law, 0.3 s before
    and 0.6 s after. ``samples`` within ±1 at ``rate_hz``; the result at 8 kHz within ±32,768."""
    speech = around(samples, rate_hz)
    speech = telephone_line.band(speech / np.abs(speech).max() * 0.35, 300, 3400)
    power = float(np.sqrt(np.mean(speech**2)))
    noise = telephone_line.band(noises.steady(len(speech), random), 200, 3500)
    noisy = speech + noises.level(noise) * power * 10 ** (-snr_db / 20)
    return telephone_line.mu_law(noisy * 32767)


def augmented(
    samples: Samples, rate_hz: float, random: Generator, background: Sequence[Samples]
) -> Samples:
    """One way ``samples`` may sound at the other end of a line, drawn from ``random``.

    Rate and pitch, tremor, a room, noise or background speech at 5-30 dB, level, clipping, band,
    codec, lost packets, silence around. ``background`` are utterances of others at 8 kHz. The
    result is at 8 kHz within ±32,768.
    """
    return sent_and_said(samples, rate_hz, random, background)[0]


def sent_and_said(
    samples: Samples, rate_hz: float, random: Generator, background: Sequence[Samples]
) -> tuple[Samples, Samples]:
    """What :func:`augmented` gives, and of the same length what the caller alone says in it,
    before the line, at any level."""
    speech = telephone_line.resampled(samples, rate_hz * random.uniform(0.92, 1.08), RATE_HZ)
    if random.random() < 0.2:
        speech = shaky(speech, random)
    if random.random() < 0.25:
        speech = _in_a_room(speech, random)
    before, after = random.uniform(0.03, 0.7), random.uniform(0.1, 0.8)
    head, tail = (_around(int(seconds * RATE_HZ), random) for seconds in (before, after))
    said = np.pad(speech / (np.abs(speech).max() + 1e-9), (len(head), len(tail)))
    speech = said + np.concatenate([head, np.zeros(len(speech)), tail])
    speech = speech * 10 ** (-random.uniform(2, 30) / 20)
    power = float(np.sqrt(np.mean(speech**2))) + 1e-9
    speech = speech + _beside(len(speech), random, background) * power
    return line(speech, random), said


def speaking(said: Samples, outputs: int) -> npt.NDArray[np.bool_]:
    """In which of a network's outputs (one every 30 ms) somebody is heard to speak: ``said``
    (8 kHz, nobody else in it) is not more than 18 dB softer than where it is loudest."""
    starts = np.arange(outputs) * _OUTPUT
    padded = np.pad(said, (0, max(0, int(starts[-1]) + _HEARD - len(said))))
    sums = np.concatenate([[0.0], np.cumsum(padded**2)])
    level = np.sqrt((sums[starts + _HEARD] - sums[starts]).clip(0) / _HEARD)
    return np.asarray(level > 10 ** (-18 / 20) * np.quantile(level, 0.95))


def around(samples: Samples, rate_hz: float) -> Samples:
    """``samples`` as :func:`telephone` places them between silences, at 8 kHz."""
    speech = telephone_line.resampled(samples, rate_hz, RATE_HZ)
    return np.concatenate([np.zeros(2400), speech, np.zeros(4800)])


def non_speech(random: Generator, background: Sequence[Samples] = ()) -> Samples:
    """A second or three of what is no caller's speech, over a line; for which nothing must be
    heard: noises, tones, music, silence, and of the utterances in ``background`` (8 kHz) five to
    nine at once."""
    length = int(random.uniform(0.6, 3.0) * RATE_HZ)
    draw = random.random()
    if draw < 0.08:
        return line(np.zeros(length), random)
    if draw < 0.22 and background:
        sound = _babble(length, random, background)
    else:
        sound = noises.any_kind(length, random)
    return line(sound / np.abs(sound).max() * 10 ** (-random.uniform(3, 40) / 20), random)


def _babble(length: int, random: Generator, background: Sequence[Samples]) -> Samples:
    out = np.zeros(length)
    for _ in range(int(random.integers(5, 10))):
        voice = background[int(random.integers(len(background)))]
        out += np.resize(np.roll(voice, int(random.integers(len(voice)))), length)
    return out


def line(sound: Samples, random: Generator) -> Samples:
    """``sound`` (within ±1 at 8 kHz) through one random line, within ±32,768."""
    if random.random() < 0.08:
        sound = sound * random.uniform(1.5, 6)
    if random.random() < 0.9:
        sound = telephone_line.band(
            sound,
            float(random.choice((0, 150, 300, 350))),
            random.uniform(3100, 3800),
            random.uniform(-4, 4),
        )
    sound = np.clip(sound, -1, 1) * 32767
    draw = random.random()
    if draw < 0.12:
        sound = telephone_line.gsm(sound)
    if draw < 0.85:
        sound = telephone_line.mu_law(sound)
    elif draw < 0.92:
        sound = telephone_line.a_law(sound)
    else:
        sound = np.round(sound)
    if random.random() < 0.15:
        sound = telephone_line.lose_packets(sound, random.uniform(0.005, 0.04), random)
    return sound


def shaky(speech: Samples, random: Generator) -> Samples:
    """Tremor of an old voice: pitch and loudness waver at 3-8 Hz."""
    time = np.arange(len(speech)) / RATE_HZ
    hertz = random.uniform(3, 8)
    swing = np.sin(2 * np.pi * hertz * time + random.uniform(0, 6))
    depth = random.uniform(0.01, 0.04) / (2 * np.pi * hertz)
    moved = np.interp(time + depth * swing, time, speech)
    return np.asarray(moved * (1 + random.uniform(0, 0.4) * swing), dtype=np.float64)


def _in_a_room(speech: Samples, random: Generator) -> Samples:
    length = int(random.uniform(0.02, 0.15) * RATE_HZ)
    echo = random.normal(size=length) * np.exp(-np.arange(length) / (length / 4))
    echo *= random.uniform(0.02, 0.15)
    echo[0] = 1
    return np.asarray(np.convolve(speech, echo), dtype=np.float64)


def _around(length: int, random: Generator) -> Samples:
    """Before or after speech: nothing, now and then a beep, a cough, a click."""
    if random.random() > 0.07:
        return np.zeros(length)
    sound = noises.any_kind(length, random)
    return np.asarray(sound / (np.abs(sound).max() + 1e-9) * random.uniform(0.05, 0.8))


def _beside(length: int, random: Generator, background: Sequence[Samples]) -> Samples:
    """What else is on the line, relative to a speaker of loudness one."""
    draw = random.random()
    if draw < 0.55:
        return noises.steady(length, random) * 10 ** (-random.uniform(5, 30) / 20)
    if draw < 0.65:
        return noises.any_kind(length, random) * 10 ** (-random.uniform(8, 30) / 20)
    if draw < 0.82 and background:
        crowd = np.zeros(length)
        for _ in range(random.integers(1, 5)):
            other = background[int(random.integers(len(background)))]
            crowd += np.resize(np.roll(other, random.integers(0, len(other))), length)
        return noises.level(crowd) * 10 ** (-random.uniform(8, 25) / 20)
    if draw < 0.95:
        return random.normal(size=length) * 10 ** (-random.uniform(30, 60) / 20)
    return np.zeros(length)
