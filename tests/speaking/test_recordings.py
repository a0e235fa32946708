"""Recorded prompts: found by name, refused where callers would hear something wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.sound_files import write_wav
from fakes.voices import hum

from ivr.errors import FilesError
from ivr.hearing.telephone_audio import Audio
from ivr.speaking.prompt_texts import PromptText, prompt_texts
from ivr.speaking.recordings import Recording, read_recordings

WORDS = {"ja": {"company": "つばめ銀行"}}
PROMPTS = {
    "greeting": ("{company}です。",),
    "birthdate": ("生年月日をどうぞ。", "年、月、日をどうぞ。"),
    "confirm": ("{value}ですか。",),
}
SCRIPT = """\
language: ja
prompts:
  greeting: つばめ銀行です。
  birthdate: [生年月日をどうぞ。, "年、月、日を どうぞ。"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where recordings belong, with a script."""
    folder = tmp_path / "recordings/ja"
    folder.mkdir(parents=True)
    (folder / "script.yaml").write_text(SCRIPT, encoding="utf-8")
    return folder


@pytest.fixture
def texts() -> list[PromptText]:
    return prompt_texts(PROMPTS, "ja", WORDS["ja"])


def found(folder: Path, texts: list[PromptText]) -> dict[tuple[str, str], Recording]:
    return read_recordings(folder.parents[1], texts, WORDS)


def problem(folder: Path, texts: list[PromptText]) -> str:
    with pytest.raises(FilesError) as caught:
        found(folder, texts)
    (one,) = caught.value.problems
    return str(one)


def test_texts_have_names_and_words(texts: list[PromptText]) -> None:
    assert [(each.name, each.open) for each in texts] == [
        ("greeting", False),
        ("birthdate.1", False),
        ("birthdate.2", False),
        ("confirm", True),
    ]
    assert texts[0].text == "つばめ銀行です。"
    assert "{" not in texts[3].text


def test_every_text_may_have_its_recording(folder: Path, texts: list[PromptText]) -> None:
    for name in ("greeting", "greeting.slow", "birthdate.2"):
        write_wav(folder / f"{name}.wav", hum(1.0))
    assert found(folder, texts) == {
        ("ja", "つばめ銀行です。"): Recording(
            folder / "greeting.wav", folder / "greeting.slow.wav"
        ),
        ("ja", "年、月、日をどうぞ。"): Recording(folder / "birthdate.2.wav", None),
    }


def test_nobody_has_to_record_anything(tmp_path: Path, texts: list[PromptText]) -> None:
    assert read_recordings(tmp_path, texts, WORDS) == {}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("greting", "did you mean 'greeting'"),
        ("birthdate", "there is no prompt 'birthdate'"),
        ("birthdate.3", "there is no prompt"),
        ("confirm", "reads a value back"),
        ("greeting.slow", "greeting.wav, is missing"),
    ],
)
def test_names_that_belong_to_nothing(
    folder: Path, texts: list[PromptText], name: str, message: str
) -> None:
    write_wav(folder / f"{name}.wav", hum(1.0))
    assert message in problem(folder, texts)


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (Audio(hum(1.0).pcm, 16_000), "16000 samples a second, not 8000: sox"),
        (hum(12.5), "12.5 s; 12 s is the most"),
        (Audio(b"\xff\x7f" * 8000), "is clipped"),
        (Audio(bytes(16_000)), "holds no speech"),
        (hum(1.0, rms=100), "at -44 dBm0"),
    ],
)
def test_sound_that_would_be_bad_to_hear(
    folder: Path, texts: list[PromptText], audio: Audio, message: str
) -> None:
    write_wav(folder / "greeting.wav", audio)
    assert message in problem(folder, texts)


def test_a_file_that_is_no_sound(folder: Path, texts: list[PromptText]) -> None:
    (folder / "greeting.wav").write_bytes(b"RIFF")
    assert "greeting.wav: is no WAV file" in problem(folder, texts)


def test_words_that_changed_since_they_were_recorded(folder: Path, texts: list[PromptText]) -> None:
    write_wav(folder / "greeting.wav", hum(1.0))
    changed = prompt_texts({"greeting": ("{company}でございます。",)}, "ja", WORDS["ja"])
    assert "has changed since it was recorded" in problem(folder, changed)
    assert found(folder, texts)


def test_the_company_may_change_as_well(folder: Path) -> None:
    write_wav(folder / "greeting.wav", hum(1.0))
    renamed = prompt_texts(PROMPTS, "ja", {"company": "かもめ銀行"})
    assert "has changed since" in problem(folder, renamed)


def test_nobody_knows_what_was_recorded(folder: Path, texts: list[PromptText]) -> None:
    write_wav(folder / "greeting.wav", hum(1.0))
    (folder / "script.yaml").write_text("language: ja\nprompts: {birthdate: x}\n")
    assert "does not say what was recorded" in problem(folder, texts)
    (folder / "script.yaml").unlink()
    assert "script.yaml: is missing" in problem(folder, texts)


def test_a_broken_script_is_shown_with_its_line(folder: Path, texts: list[PromptText]) -> None:
    write_wav(folder / "greeting.wav", hum(1.0))
    (folder / "script.yaml").write_text("language: ja\nprompts: {greeting: 7}\n")
    assert "script.yaml:2:" in problem(folder, texts)


def test_all_problems_are_named_at_once(folder: Path, texts: list[PromptText]) -> None:
    write_wav(folder / "greeting.wav", hum(12.5))
    write_wav(folder / "goodbye.wav", hum(1.0))
    with pytest.raises(FilesError) as caught:
        found(folder, texts)
    assert len(caught.value.problems) == 2
