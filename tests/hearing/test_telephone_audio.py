"""Telephone audio: µ-law as ITU-T G.711 has it, WAV files that can and cannot be read."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import pytest
from fakes.sound_files import write_wav
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import HearingError
from ivr.hearing.telephone_audio import (
    Audio,
    decode_mulaw,
    encode_mulaw,
    pcm_of,
    read_wav,
    samples_of,
)

EVERY_CODE = bytes(range(256))


def samples(pcm: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(pcm) // 2}h", pcm))


def pcm(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}h", *values)


@pytest.mark.parametrize(
    ("code", "sample"),
    [
        # The ends of the eight segments and the two zeros: ITU-T G.711, table 2, times four.
        (0x00, -32124), (0x0F, -16764), (0x10, -15996), (0x70, -120), (0x7E, -8), (0x7F, 0),
        (0x80, 32124), (0x8F, 16764), (0x90, 15996), (0xA0, 7932), (0xB0, 3900), (0xC0, 1884),
        (0xD0, 876), (0xE0, 372), (0xF0, 120), (0xFE, 8), (0xFF, 0),
    ],
)  # fmt: skip
def test_codes_decode_as_the_standard_says(code: int, sample: int) -> None:
    assert samples(decode_mulaw(bytes([code]))) == [sample]


def test_what_was_decoded_encodes_to_itself() -> None:
    """But for the negative zero, which is encoded as the positive one."""
    assert encode_mulaw(decode_mulaw(EVERY_CODE)) == EVERY_CODE.replace(b"\x7f", b"\xff")


@given(st.integers(-32768, 32767))
def test_a_sample_keeps_its_sign_and_nearly_its_size(value: int) -> None:
    (heard,) = samples(decode_mulaw(encode_mulaw(pcm(value))))
    assert heard * value >= 0
    # Half a step of its segment, and what is clipped at the top.
    assert abs(heard - value) <= max(4, (abs(value) + 132) / 32, abs(value) - 32124)


def test_louder_is_never_quieter() -> None:
    heard = samples(decode_mulaw(encode_mulaw(pcm(*range(-32768, 32768)))))
    assert heard == sorted(heard)
    assert heard[0] == -32124
    assert heard[-1] == 32124


@given(st.lists(st.integers(-32_768, 32_767)))
def test_samples_are_numbers_in_little_endian(numbers: list[int]) -> None:
    assert pcm_of(iter(numbers)) == pcm(*numbers)
    assert list(samples_of(pcm(*numbers))) == numbers


@pytest.mark.parametrize("number", [-32_769, 32_768])
def test_what_is_no_sample_is_refused(number: int) -> None:
    with pytest.raises(OverflowError):
        pcm_of([number])


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes length"):
        samples_of(b"abc")
    with pytest.raises(ValueError):
        encode_mulaw(b"\0\0\0")
    assert decode_mulaw(b"") == encode_mulaw(b"") == b""


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_file_is_read_as_it_was_written(tmp_path: Path, rate: int) -> None:
    audio = Audio(pcm(0, 1, -1, 32767, -32768) * 100, rate)
    write_wav(tmp_path / "said.wav", audio)
    assert read_wav(tmp_path / "said.wav") == audio
    assert audio.seconds == 500 / rate


def wav(
    path: Path, *, channels: int = 1, width: int = 2, rate: int = 8000, frames: int = 8
) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(b"\0" * channels * width * frames)


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        ({"channels": 2}, r"has 2 channels, not one \(convert it: sox"),
        ({"width": 1}, r"samples of 8 bits, not 16 \(convert it: sox"),
        ({"width": 4}, r"samples of 32 bits, not 16 \(convert it: sox"),
        ({"rate": 4000}, "has 4000 samples a second"),
        ({"rate": 96000}, "has 96000 samples a second"),
        ({"frames": 0}, "holds no sound"),
        ({"frames": 8000 * 601}, "is longer than 600 seconds"),
    ],
)
def test_other_audio_is_refused_with_the_way_out(
    tmp_path: Path, shape: dict[str, int], complaint: str
) -> None:
    wav(tmp_path / "said.wav", **shape)
    with pytest.raises(HearingError, match=complaint):
        read_wav(tmp_path / "said.wav")


def test_what_is_no_file_or_no_audio_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HearingError, match=r"there is no file .*nothing.wav"):
        read_wav(tmp_path / "nothing.wav")
    with pytest.raises(HearingError, match="cannot be read"):
        read_wav(tmp_path)
    for content in (b"", b"RIFF", b"ID3 this is music", b"RIFF\x24\0\0\0WAVEfmt "):
        (tmp_path / "x.wav").write_bytes(content)
        with pytest.raises(HearingError, match=r"no WAV file that can be read"):
            read_wav(tmp_path / "x.wav")


def test_mulaw_in_a_wav_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    header = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 44, b"WAVE", b"fmt ", 16, 7, 1, 8000, 8000, 1, 8
    )
    (tmp_path / "x.wav").write_bytes(header + struct.pack("<4sI", b"data", 8) + b"\xff" * 8)
    with pytest.raises(HearingError, match="convert it: sox"):
        read_wav(tmp_path / "x.wav")


def test_a_file_that_lost_its_end_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    write_wav(tmp_path / "x.wav", Audio(pcm(7) * 100))
    whole = (tmp_path / "x.wav").read_bytes()
    (tmp_path / "x.wav").write_bytes(whole[:-51])
    assert read_wav(tmp_path / "x.wav").pcm == pcm(7) * 74
