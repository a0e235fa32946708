"""Spoken answers: their index, and the lines they are said on."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from fakes.sound_files import write_wav
from recorded_answers import BIRTHDATE, NAME, YES, row, write_index

from ivr.errors import FilesError, HearingError
from ivr.hearing.telephone_audio import Audio, encode_mulaw, read_wav
from ivr.wiring.spoken_answers import INDEX, LINES, SpokenAnswer, read_index


def test_an_index_is_read_as_it_was_written(tmp_path: Path) -> None:
    said = [BIRTHDATE, NAME, YES]
    read = read_index(write_index(tmp_path, map(row, said)))
    assert [(each.slot, each.expected, each.look_alikes) for each in read] == [
        (each.slot, each.expected, each.look_alikes) for each in said
    ]
    assert all(each.wav.is_file() for each in read)


def test_a_folder_without_an_index_is_told_with_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(
        HearingError, match=r"index\.jsonl cannot be read \[FileNotFoundError\]"
    ) as (caught):
        read_index(tmp_path)
    assert f"python -m speech_model.unseen_callers {tmp_path}" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "is no JSON object"),
        ("[]", "is no JSON object"),
        ('{"wav": "a.wav", "slot": "name", "voice": "v"}', "has wav, slot, expected and voice"),
        (
            '{"wav": "a.wav", "slot": "shoe", "expected": "x", "voice": "v"}',
            "slot must be one of birthdate, name",
        ),
        (
            '{"wav": "gone.wav", "slot": "name", "expected": "x", "voice": "v"}',
            "gone.wav is missing",
        ),
    ],
)
def test_what_is_wrong_in_an_index_is_told_with_its_place(
    tmp_path: Path, line: str, problem: str
) -> None:
    write_index(tmp_path, [row(YES)])
    index = tmp_path / INDEX
    index.write_text(index.read_text() + line + "\n", encoding="utf-8")
    with pytest.raises(FilesError) as caught:
        read_index(tmp_path)
    (found,) = caught.value.problems
    assert (found.path, found.line) == (index.as_posix(), 2)
    assert problem in found.message


@pytest.mark.parametrize(
    ("slot", "expected", "alike", "problem"),
    [
        ("birthdate", "5 March 1985", [], "5 March 1985 is no date such as 1985-03-05"),
        ("name", "ヤマダタロウ", [], "ヤマダタロウ is no name in furigana"),
        ("name", "山田 太郎", [], "山田 太郎 is no name in furigana"),
        ("name", "ヤマダ タロウ", ["ハマダ"], "ハマダ is no name in furigana"),
        ("yes_no", "maybe", [], "maybe is neither yes nor no"),
        ("digits", "12a", [], "12a is not all digits"),
    ],
)
def test_what_cannot_be_meant_is_told(
    tmp_path: Path, slot: str, expected: str, alike: list[str], problem: str
) -> None:
    wrong = {**row(YES), "slot": slot, "expected": expected, "look_alikes": alike}
    with pytest.raises(FilesError) as caught:
        read_index(write_index(tmp_path, [wrong]))
    assert caught.value.problems[0].message.startswith(problem)


def test_an_empty_index_holds_no_answer(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="holds no answer"):
        read_index(write_index(tmp_path, []))


def frames(said: SpokenAnswer, line: str, number: int = 250) -> list[bytes]:
    return list(islice(said.on(LINES[line]), number))


def test_on_a_clean_line_is_exactly_what_was_said_with_silence_around() -> None:
    heard = b"".join(frames(YES, "clean"))
    said = encode_mulaw(read_wav(YES.wav).pcm)
    assert heard.strip(b"\xff") == said.strip(b"\xff")
    assert heard.startswith(b"\xff" * 8000)
    assert len(heard) == 250 * 160


@pytest.mark.parametrize("line", sorted(LINES))
def test_a_line_does_the_same_to_the_same_answer(line: str) -> None:
    assert frames(YES, line) == frames(YES, line)


def test_lines_differ_in_what_they_do() -> None:
    said = (BIRTHDATE, NAME, YES)  # one alone may lose no packet, by chance
    heard = {line: b"".join(b"".join(frames(each, line)) for each in said) for line in LINES}
    assert len(set(heard.values())) == len(LINES)


def test_only_telephone_audio_is_said_on_a_line(tmp_path: Path) -> None:
    path = tmp_path / "wide.wav"
    write_wav(path, Audio(bytes(3200), 16_000))
    with pytest.raises(HearingError, match="16000 samples a second"):
        next(SpokenAnswer(path, "name", "ヤマダ タロウ", "v").on(LINES["clean"]))
