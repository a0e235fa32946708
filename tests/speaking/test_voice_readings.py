"""Readings: what a voice says instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import FilesError
from ivr.speaking.readings import NO_READINGS, read_readings


def write(folder: Path, text: str) -> Path:
    path = folder / "readings.ja.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_longest_entry_that_fits_is_said(tmp_path: Path) -> None:
    readings = read_readings(write(tmp_path, "# 方\n方\tカタ\t2\n方法\tほうほう\n\n"))
    assert readings.apply("ほかの方は、別の方法で") == "ほかのカタは、別のほうほうで"
    assert readings.accents == {"カタ": 2}


def test_what_is_said_is_not_read_again(tmp_path: Path) -> None:
    readings = read_readings(write(tmp_path, "一\t二\n二\t三\n"))
    assert readings.apply("一二") == "二三"


def test_marks_in_what_is_written_mean_nothing_else(tmp_path: Path) -> None:
    readings = read_readings(write(tmp_path, "For English, press nine.\tナイン。\n.\tテン\n"))
    assert readings.apply("For English, press nine.a.") == "ナイン。aテン"


def test_without_a_file_everything_is_said_as_written(tmp_path: Path) -> None:
    assert read_readings(tmp_path / "readings.ja.tsv") == NO_READINGS
    assert NO_READINGS.apply("本人") == "本人"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("米印", "tab"),
        ("米印\t", "kana or kanji"),
        ("SMS\tshort", "kana or kanji"),
        ("20\t2 0", "kana or kanji"),
        ("\tコメ", "must be"),
        ("米印\tコメジルシ\tx", "accent"),
        ("米印\tコメジルシ\t3\t4", "must be"),
        ("一\tイチ\n一\tヒト", "already"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path, f"# a comment\n{line}\n")
    with pytest.raises(FilesError) as caught:
        read_readings(path)
    (problem,) = caught.value.problems
    assert problem.line == 2 + line.count("\n")
    assert message in problem.message


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "readings.ja.tsv"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FilesError, match="UTF-8"):
        read_readings(path)
