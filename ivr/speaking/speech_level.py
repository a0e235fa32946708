"""How loud speech is, pauses left out, and the same speech as loud as all other prompts.

The active speech level is measured as ITU-T P.56 (method B) says: the envelope of the signal
decides what is speech, with a hangover of 200 ms, so that a prompt with many pauses is as loud
as one without.
"""

from __future__ import annotations

import math
from array import array

from ivr.errors import SpeakingError
from ivr.hearing.telephone_audio import Audio, pcm_of, samples_of

#: RMS of active speech that all prompts are brought to: RFC 7874, section 4.
TARGET_RMS = 2600.0
#: What is left below full scale for the loudest sample.
_HIGHEST = 32_000
#: ITU-T G.711: a sine of full µ-law scale is +3.17 dBm0; a square wave is 3.01 dB stronger.
_FULL_SCALE_DBM0 = 6.18

# ITU-T P.56, table 1.
_TIME_CONSTANT_S = 0.03
_HANGOVER_S = 0.2
_MARGIN_DB = 15.9
_THRESHOLDS = 15
#: Samples of one step of the envelope (1 ms); its time constant is thirty times as long.
_STEPS_A_SECOND = 1000


def active_rms(audio: Audio) -> float:
    """Root mean square of the speech in ``audio``, in 16-bit steps, pauses left out; 0.0 where
    nothing is loud enough to be speech."""
    samples = samples_of(audio.pcm)
    step = audio.rate // _STEPS_A_SECOND
    active = _active_steps(samples, step, audio.rate)
    energy = math.fsum(sample * sample for sample in samples)
    before: tuple[float, float] | None = None
    for exponent, steps in enumerate(active):
        if not steps or not energy:
            break
        level = 10 * math.log10(energy / (steps * step))
        above = level - 20 * math.log10(2**exponent)
        if above <= _MARGIN_DB:
            if before is not None:
                # Between two thresholds: where the margin would be met exactly.
                last_level, last_above = before
                share = (last_above - _MARGIN_DB) / (last_above - above)
                level = last_level + share * (level - last_level)
            return float(10 ** (level / 20))
        before = level, above
    # Nothing, or so little of it that no threshold comes near its level.
    return 0.0 if before is None else float(10 ** (before[0] / 20))


def dbm0(rms: float) -> float:
    """``rms`` in 16-bit steps as a level in a telephone network (dBm0, ITU-T G.711)."""
    return 20 * math.log10(rms / 32_768) + _FULL_SCALE_DBM0


def levelled(audio: Audio) -> Audio:
    """``audio`` as loud as a prompt should be; a little less where it would be clipped.

    Raises:
        SpeakingError: it holds no speech.
    """
    rms = active_rms(audio)
    if rms == 0.0:
        raise SpeakingError("there is nothing to be heard in it")
    samples = samples_of(audio.pcm)
    highest = max(abs(sample) for sample in samples)
    gain = min(TARGET_RMS / rms, _HIGHEST / highest)
    return Audio(pcm_of(round(sample * gain) for sample in samples), audio.rate)


def is_clipped(audio: Audio) -> bool:
    """Whether the loudest sound was cut off: four samples in a row at full scale."""
    run = 0
    for sample in samples_of(audio.pcm):
        run = run + 1 if abs(sample) >= 32_700 else 0
        if run == 4:
            return True
    return False


def _active_steps(samples: array[int], step: int, rate: int) -> list[int]:
    """For each threshold 2⁰ … 2¹⁴ the steps during which the envelope is above it, or was no
    longer ago than the hangover."""
    keep = math.exp(-step / (rate * _TIME_CONSTANT_S))
    hangover = round(_HANGOVER_S * _STEPS_A_SECOND)
    active = [0] * _THRESHOLDS
    left = [0] * _THRESHOLDS
    smooth = envelope = 0.0
    for start in range(0, len(samples) - step + 1, step):
        mean = sum(map(abs, samples[start : start + step])) / step
        smooth = keep * smooth + (1 - keep) * mean
        envelope = keep * envelope + (1 - keep) * smooth
        exceeded = int(envelope).bit_length()
        for index in range(_THRESHOLDS):
            if index < exceeded:
                active[index] += 1
                left[index] = hangover
            elif left[index]:
                active[index] += 1
                left[index] -= 1
    return active
