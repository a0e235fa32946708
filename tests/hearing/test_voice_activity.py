"""Speech is told from the noise of a line, whatever that is."""

from __future__ import annotations

import pytest
from fakes.line_sounds import mixed, mulaw, noise, pieces, silence, speech, tone

from ivr.hearing.voice_activity import FRAME, VoiceActivity, level


def shares(activity: VoiceActivity, sound: list[float]) -> float:
    """The share of frames that hold speech."""
    found = [activity.hear(level(frame)) for frame in pieces(mulaw(sound), FRAME)]
    return sum(found) / len(found)


def test_levels_are_decibels_above_one_step() -> None:
    assert level(b"") == 0
    assert level(mulaw(silence(0.02))) == pytest.approx(0, abs=0.1)
    assert level(mulaw(tone(0.02, 1000))) == pytest.approx(57, abs=0.5)
    assert level(mulaw(tone(0.02, 32_000))) == pytest.approx(87, abs=0.5)


@pytest.mark.parametrize("rms", [0, 5, 30, 150, 500])
def test_noise_is_not_speech_however_loud_it_has_always_been(rms: float) -> None:
    activity = VoiceActivity()
    shares(activity, noise(3, rms))
    assert shares(activity, noise(3, rms, seed=2)) == 0


def test_a_hum_is_not_speech() -> None:
    activity = VoiceActivity()
    shares(activity, tone(3, 900, 50))
    assert shares(activity, tone(3, 900, 50)) == 0


def test_what_stays_becomes_noise() -> None:
    activity = VoiceActivity()
    shares(activity, noise(3, 20))
    train = noise(6, 900)
    assert shares(activity, train[:8000]) > 0.9
    shares(activity, train[8000:32_000])
    assert shares(activity, train[32_000:]) == 0


@pytest.mark.parametrize("rms", [0, 20, 100, 300])
def test_speech_over_noise_is_heard(rms: float) -> None:
    activity = VoiceActivity()
    shares(activity, noise(2, rms))
    said = speech(4)
    assert shares(activity, mixed(said, noise(4, rms, seed=3))) > 0.6


def test_speech_from_the_first_sample_on_is_heard_once_the_line_is_known_a_little() -> None:
    activity = VoiceActivity()
    assert shares(activity, speech(3)) > 0.6


def test_somebody_who_speaks_on_and_on_does_not_become_noise() -> None:
    activity = VoiceActivity()
    shares(activity, mixed(speech(20), noise(20, 30)))
    assert shares(activity, speech(4)) > 0.6


def test_quiet_callers_are_heard_and_echoes_are_not() -> None:
    activity = VoiceActivity()
    shares(activity, noise(1, 5))
    assert shares(activity, speech(2, amplitude=300)) > 0.5
    assert shares(activity, speech(2, amplitude=60)) == 0


def test_what_may_be_our_own_voice_is_not_the_callers() -> None:
    activity = VoiceActivity()
    shares(activity, noise(2, 5))
    frames = list(pieces(mulaw(tone(0.2, 300)), FRAME))
    assert not any(activity.hear(level(frame), echo=50) for frame in frames)
    assert all(activity.hear(level(frame)) for frame in frames)
