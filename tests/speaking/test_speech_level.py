"""Active speech level as ITU-T P.56 measures it, and prompts that are all equally loud."""

from __future__ import annotations

import struct

import pytest
from fakes.voices import hum
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.errors import SpeakingError
from ivr.hearing.telephone_audio import Audio
from ivr.speaking.speech_level import (
    TARGET_RMS,
    active_rms,
    dbm0,
    is_clipped,
    levelled,
)

SECOND = bytes(16_000)


def test_a_steady_tone_is_as_loud_as_its_root_mean_square() -> None:
    assert active_rms(hum(2.0, rms=1000)) == pytest.approx(1000, rel=0.02)


def test_pauses_do_not_make_speech_quieter() -> None:
    one = hum(1.0, rms=1000).pcm
    with_pauses = Audio(one + SECOND + one + SECOND + one)
    # The hangover of 200 ms after each second counts as speech: 0.8 dB.
    assert 0.88 < active_rms(with_pauses) / 1000 < 1.0


def test_a_click_in_the_dark_is_not_the_level() -> None:
    speech = hum(2.0, rms=1000).pcm
    assert active_rms(Audio(speech + SECOND + hum(0.005, rms=8000).pcm)) < 1100


@pytest.mark.parametrize("pcm", [SECOND, bytes(2), b"\x01\x00" * 8000])
def test_silence_has_no_level(pcm: bytes) -> None:
    assert active_rms(Audio(pcm)) == 0.0
    with pytest.raises(SpeakingError, match="nothing to be heard"):
        levelled(Audio(pcm))


@settings(max_examples=10, deadline=None)
@given(st.floats(60, 20_000))
def test_all_speech_comes_out_equally_loud(rms: float) -> None:
    result = levelled(hum(0.5, rms=rms))
    assert active_rms(result) == pytest.approx(TARGET_RMS, rel=0.05)
    assert not is_clipped(result)


def test_peaks_are_not_clipped_for_the_sake_of_the_level() -> None:
    """Quiet speech with one loud click: less loud than wanted, but whole."""
    quiet = hum(1.5, rms=300).pcm
    peaky = Audio(quiet + struct.pack("<h", 30_000) + quiet)
    result = levelled(peaky)
    assert not is_clipped(result)
    assert 300 < active_rms(result) < TARGET_RMS


def test_a_bang_at_the_very_end_has_a_level() -> None:
    bang = Audio(hum(3.0, rms=300).pcm + hum(0.05, rms=20_000).pcm)
    assert active_rms(levelled(bang)) > 0


def test_levels_of_the_telephone_network() -> None:
    # ITU-T G.711: a sine of full scale is +3.17 dBm0.
    assert dbm0(32_768 / 2**0.5) == pytest.approx(3.17, abs=0.01)
    assert dbm0(TARGET_RMS) == pytest.approx(-15.8, abs=0.05)


def test_what_was_cut_off_is_noticed() -> None:
    assert is_clipped(Audio(b"\xff\x7f" * 4))
    assert is_clipped(Audio(b"\x00\x80" * 4))
    assert not is_clipped(Audio(b"\xff\x7f" * 3 + b"\x00\x00"))
