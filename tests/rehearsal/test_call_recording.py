"""Recordings of rehearsed calls."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.errors import RehearsalError
from ivr.rehearsal.call_recording import CallRecording

NOON = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SILENCE = b"\xff"


def sides(path: Path) -> tuple[bytes, bytes]:
    """The two channels of a µ-law WAV file, whose header says so."""
    content = path.read_bytes()
    riff, size, wave, fmt, fmt_size = struct.unpack("<4sI4s4sI", content[:20])
    assert (riff, wave, fmt, size) == (b"RIFF", b"WAVE", b"fmt ", len(content) - 8)
    form = struct.unpack("<HHIIHH", content[20:36])
    assert form == (7, 2, 8000, 16_000, 2, 8)
    at = 20 + fmt_size
    fact, fact_size, frames, data, data_size = struct.unpack("<4sII4sI", content[at : at + 20])
    assert (fact, fact_size, data, data_size) == (b"fact", 4, b"data", 2 * frames)
    sound = content[at + 20 :]
    assert len(sound) == data_size
    return sound[0::2], sound[1::2]


def test_a_stream_is_where_it_was_in_the_call(tmp_path: Path) -> None:
    recording = CallRecording()
    recording.begin(NOON)
    recording.add(NOON + timedelta(seconds=2), b"c" * 8000, b"b" * 8000)
    recording.add(NOON + timedelta(seconds=5), b"C" * 80, b"B" * 80)
    recording.write(tmp_path / "new" / "call.wav")
    caller, bot = sides(tmp_path / "new" / "call.wav")
    before, between = SILENCE * 16_000, SILENCE * 16_000
    assert caller == before + b"c" * 8000 + between + b"C" * 80
    assert bot == before + b"b" * 8000 + between + b"B" * 80


def test_calls_follow_each_other_without_the_time_between(tmp_path: Path) -> None:
    recording = CallRecording()
    for call in range(2):
        began = NOON + timedelta(hours=call)
        recording.begin(began)
        recording.add(began, b"c" * 160, b"b" * 160)
    recording.write(tmp_path / "call.wav")
    assert sides(tmp_path / "call.wav") == (b"c" * 320, b"b" * 320)


def test_silence_at_the_end_is_cut_short(tmp_path: Path) -> None:
    recording = CallRecording()
    recording.begin(NOON)
    recording.add(NOON, b"c" * 160 + SILENCE * 80_000, SILENCE * 80_160)
    recording.write(tmp_path / "call.wav")
    caller, _ = sides(tmp_path / "call.wav")
    assert caller == b"c" * 160 + SILENCE * 8000


def test_a_call_without_streams_is_an_empty_recording(tmp_path: Path) -> None:
    recording = CallRecording()
    recording.begin(NOON)
    recording.write(tmp_path / "call.wav")
    assert sides(tmp_path / "call.wav") == (b"", b"")


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RehearsalError, match="cannot be written"):
        CallRecording().write(tmp_path / "file" / "call.wav")
