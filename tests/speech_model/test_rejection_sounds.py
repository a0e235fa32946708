"""The sounds that must not be taken for speech."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from speech_model import rejection

_SPEECH = [np.sin(np.arange(4000) / 7), np.sin(np.arange(9000) / 11)]


def test_there_are_sounds_of_every_kind() -> None:
    kinds = Counter(sound.kind for sound in rejection.sounds(1, _SPEECH))
    assert set(kinds) == {
        "tone", "line tone", "keys", "music", "noise", "cough", "clicks", "breath", "hum",
        "silence", "babble",
    }  # fmt: skip
    assert min(kinds.values()) >= 2


def test_without_speech_there_is_no_babble() -> None:
    assert "babble" not in {sound.kind for sound in rejection.sounds(1)}


def test_no_two_share_a_name() -> None:
    made = rejection.sounds(1, _SPEECH)
    assert len({(sound.kind, sound.name) for sound in made}) == len(made)


def test_they_fit_a_telephone() -> None:
    for sound in rejection.sounds(1, _SPEECH):
        seconds = len(sound.samples) / rejection.RATE
        loudest = np.abs(sound.samples).max()
        assert 0.9 <= seconds <= 5, sound
        assert loudest <= 1, sound
        assert loudest > 0.05 or sound.kind == "silence", sound


def test_a_seed_makes_them_again() -> None:
    one, again, other = (rejection.sounds(seed, _SPEECH) for seed in (1, 1, 2))
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(one, again, strict=True))
    changed = {
        a.kind for a, b in zip(one, other, strict=True) if not np.array_equal(a.samples, b.samples)
    }
    assert changed == {"music", "noise", "cough", "clicks", "breath", "hum", "silence", "babble"}


@pytest.mark.parametrize("hertz", [200, 440, 1000, 3000])
def test_a_tone_is_at_its_frequency(hertz: int) -> None:
    (tone,) = (s for s in rejection.sounds(1) if (s.kind, s.name) == ("tone", f"{hertz} Hz"))
    loudest = np.abs(np.fft.rfft(tone.samples)).argmax() * rejection.RATE / len(tone.samples)
    assert loudest == pytest.approx(hertz, abs=1)


def test_keys_sound_two_tones_at_once() -> None:
    keys = [s for s in rejection.sounds(1) if s.kind == "keys"]
    for sound in keys:
        spectrum = np.abs(np.fft.rfft(sound.samples[:800], 8000))
        low, high = sound.name.removesuffix(" Hz").split("+")
        assert spectrum[int(low)] == pytest.approx(spectrum[int(high)], rel=0.1)
        assert spectrum[int(low)] > 5 * np.median(spectrum)
