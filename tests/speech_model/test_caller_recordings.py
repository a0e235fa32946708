"""The recipe of the rehearsed callers' sound; the sound itself is placed in calls elsewhere."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from speech_model import caller_recordings, synthesis, voices
from speech_model.caller_recordings import SPEAKERS, Recording, recordings, spoken, write_wav
from speech_model.phones import phones

SHIPPED = Path(__file__).parents[2] / "flows/verify/calls/audio"


def test_every_line_can_be_spoken_by_voices_that_the_shipped_model_has_heard() -> None:
    known = {*voices.HTS, *voices.KOKORO_JAPANESE}
    assert {name for speaker in SPEAKERS.values() for name, _ in speaker.voice.mix} <= known
    assert all(speaker.licence for speaker in SPEAKERS.values())
    for recording in recordings():
        if recording.speaker in SPEAKERS:
            assert all(phones(word) for word in recording.utterance.words), recording.file


def test_the_shipped_recordings_are_those_of_the_recipe() -> None:
    files = {
        path.relative_to(SHIPPED).with_suffix("").as_posix() for path in SHIPPED.rglob("*.wav")
    }
    made = list(recordings())
    assert {recording.file for recording in made} == files
    assert len(made) == len(files)


def test_the_manifest_is_what_the_recipe_writes(tmp_path: Path) -> None:
    caller_recordings.write_manifest(tmp_path, list(recordings()))
    assert (tmp_path / "manifest.tsv").read_bytes() == (SHIPPED / "manifest.tsv").read_bytes()


def test_commas_are_pauses() -> None:
    utterance = Recording("taro/a", "しょうわ , さん がつ , いつか", "").utterance
    assert utterance.words == ("しょうわ", "さん", "がつ", "いつか")
    assert utterance.pauses == (0, 2)


@pytest.mark.parametrize("line", ["taro/hai\tはい", "nobody/hai\tはい\tはい", "はい"])
def test_a_line_that_is_none(tmp_path: Path, line: str) -> None:
    path = tmp_path / "callers.tsv"
    path.write_text(f"# comment\n\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"callers\.tsv:3: must be speaker/file, words and text"):
        list(recordings(path))


def test_a_recording_is_what_a_telephone_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Speech at 16 kHz comes out at 8 kHz, as loud as all others, with a little silence around."""
    time = np.arange(16_000) / 16_000
    tones = np.sin(2 * np.pi * 1000 * time) + np.sin(2 * np.pi * 5000 * time)
    monkeypatch.setattr(synthesis, "speak", lambda *_: 0.1 * tones)
    samples = spoken(Recording("taro/hai", "はい", "はい"), tmp_path)
    margin = round(0.05 * 8000)
    assert len(samples) == 8000 + 2 * margin
    assert not samples[:margin].any()
    spectrum = np.abs(np.fft.rfft(samples[margin:-margin]))
    assert spectrum.argmax() == 1000
    assert spectrum[3500:].max() < 0.02 * spectrum.max()
    write_wav(tmp_path / "new" / "hai.wav", samples)
    with wave.open(str(tmp_path / "new" / "hai.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 8000, len(samples))


def test_a_cough_is_the_same_every_time(tmp_path: Path) -> None:
    cough = Recording("sounds/cough", "cough", "(a cough)")
    assert np.array_equal(spoken(cough, tmp_path), spoken(cough, tmp_path))
