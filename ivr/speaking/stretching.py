"""The same speech, slower, at the same pitch: for recordings that were not also spoken slowly.

Waveform similarity overlap-add (Verhelst and Roelands, ICASSP 1993): pieces of the signal are
laid over each other at wider steps, each taken from where it goes on best from the one before.
"""

from __future__ import annotations

import math
from array import array
from operator import mul

from ivr.hearing.telephone_audio import Audio, pcm_of, samples_of

#: Step between pieces, and how far from its place a piece may be looked for (seconds): pitch
#: periods of voices are 2.5 to 14 ms long.
_STEP_S = 0.015
_SEARCH_S = 0.008
#: Every so many samples a place is tried.
_STRIDE = 2


def slowed(audio: Audio, rate: int) -> Audio:
    """``audio`` at ``rate`` per cent (50 to 100) of its speed."""
    step, search = round(_STEP_S * audio.rate), round(_SEARCH_S * audio.rate)
    samples = samples_of(audio.pcm)
    length = round(len(samples) * 100 / rate)
    samples.extend([0] * (2 * step + search))
    fade_in = [0.5 - 0.5 * math.cos(math.pi * (n + 0.5) / step) for n in range(step)]
    fade_out = fade_in[::-1]
    out = array("h", samples[:step])
    place = 0
    while len(out) < length:
        follows = samples[place + step : place + 2 * step]
        wanted = min(len(out) * rate // 100, len(samples) - 2 * step)
        place = _most_alike(samples, follows, max(0, wanted - search), wanted + search, step)
        piece = samples[place : place + step]
        faded = zip(follows, fade_out, piece, fade_in, strict=True)
        out.extend(round(old * down + new * up) for old, down, new, up in faded)
    del out[length:]
    return Audio(pcm_of(out), audio.rate)


def _most_alike(samples: array[int], follows: array[int], first: int, last: int, step: int) -> int:
    """The place between ``first`` and ``last`` where ``samples`` are most like ``follows``."""
    best, best_likeness = first, -math.inf
    for place in range(first, min(last, len(samples) - 2 * step) + 1, _STRIDE):
        piece = samples[place : place + step]
        energy = sum(map(mul, piece, piece))
        likeness = sum(map(mul, piece, follows)) / math.sqrt(energy + 1)
        if likeness > best_likeness:
            best, best_likeness = place, likeness
    return best
