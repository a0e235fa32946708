"""What a bad line does to a caller's sound."""

from __future__ import annotations

import math
from array import array

import pytest
from fakes.voices import hum

from ivr.hearing.telephone_audio import decode_mulaw, encode_mulaw, samples_of
from ivr.rehearsal.bad_line import BadLine, Line

FRAME = 160
SILENCE = b"\xff" * FRAME
SPEECH_RMS = 2000.0


def carried(line: Line, said: bytes, echoed: bytes | None = None, seed: str = "a") -> bytes:
    bad, out = BadLine(line, SPEECH_RMS, seed), b""
    for at in range(0, len(said), FRAME):
        piece = said[at : at + FRAME]
        out += bad.carry(piece, SILENCE if echoed is None else echoed[at : at + FRAME])
    return out


def samples(mulaw: bytes) -> array[int]:
    return samples_of(decode_mulaw(mulaw))


def rms(mulaw: bytes) -> float:
    values = samples(mulaw)
    return math.sqrt(sum(value * value for value in values) / len(values))


VOICE = encode_mulaw(hum(4.0, rms=SPEECH_RMS).pcm)
QUIET = SILENCE * 200


def test_a_clean_line_changes_nothing() -> None:
    assert carried(Line(), VOICE) == VOICE


@pytest.mark.parametrize("noise_db", [10, 20, 30])
def test_noise_is_so_much_softer_than_the_caller(noise_db: float) -> None:
    noise = carried(Line(noise_db=noise_db), QUIET)
    assert 20 * math.log10(SPEECH_RMS / rms(noise)) == pytest.approx(noise_db, abs=0.3)


def test_packets_are_lost_in_whole_frames() -> None:
    came = carried(Line(loss=0.1), VOICE)
    frames = [came[at : at + FRAME] for at in range(0, len(came), FRAME)]
    lost = sum(frame == SILENCE for frame in frames)
    assert 0.04 < lost / len(frames) < 0.18
    kept = [at for at, frame in enumerate(frames) if frame != SILENCE]
    assert all(frames[at] == VOICE[at * FRAME : (at + 1) * FRAME] for at in kept)


def test_the_bot_comes_back_softer() -> None:
    echo = carried(Line(echo_db=-20), SILENCE * (len(VOICE) // FRAME), VOICE)
    assert 20 * math.log10(rms(echo) / rms(VOICE)) == pytest.approx(-20, abs=0.3)


def test_peaks_are_cut_off() -> None:
    loud = encode_mulaw(hum(1.0, rms=8000.0).pcm)
    highest = max(map(abs, samples(carried(Line(clip=True), loud))))
    at_the_top = sum(abs(value) == highest for value in samples(carried(Line(clip=True), loud)))
    assert highest < 21_000
    assert at_the_top > 0.3 * len(loud)


def test_the_same_call_has_the_same_line() -> None:
    line = Line(noise_db=20, loss=0.05)
    assert carried(line, VOICE) == carried(line, VOICE)
    assert carried(line, VOICE) != carried(line, VOICE, seed="b")


@pytest.mark.parametrize("pauses", [(60, 60), (75, 200)])
def test_an_utterance_meets_the_same_whenever_it_comes(pauses: tuple[int, int]) -> None:
    line = Line(noise_db=15, loss=0.1)
    first, second = (VOICE[: 40 * FRAME], VOICE[: 30 * FRAME])

    def heard(before: int, between: int) -> tuple[bytes, bytes]:
        came = carried(line, SILENCE * before + first + SILENCE * between + second)
        at = (before + 40 + between) * FRAME
        return came[before * FRAME : before * FRAME + len(first)], came[at:]

    assert heard(*pauses) == heard(50, 50)
    one, other = heard(*pauses)
    assert one[: len(other)] != other
