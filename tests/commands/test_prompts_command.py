"""``ivr prompts`` as somebody types it; the voice only hums."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import Ivr
from fakes.sound_files import write_wav
from fakes.voices import HummingVoice, hum

from ivr.commands import prompts
from ivr.settings import load_settings
from ivr.speaking import prompt_sounds

FLOW = """\
flow: hello
languages: [ja]
start: greeting
destinations: []
on: {no_input: bye, no_match: bye, invalid: bye, mismatch: bye, limit: bye, failed: bye, last: bye}
retry: {no_input: again, no_match: again, invalid: again, mismatch: again}
slots: {birthdate: {type: birthdate, pii: true, confirm: unsure}}
commands: {}
states:
  greeting: {kind: say, prompt: greeting, next: birthdate}
  birthdate: {kind: collect, slot: birthdate, prompt: birthdate, confirm: confirm, next: bye}
  bye: {kind: end, prompt: bye}
"""
PROMPTS = """\
language: ja
prompts:
  greeting: "{company}です。"
  birthdate: [生年月日をどうぞ。, 年、月、日をどうぞ。]
  confirm: "{value}ですか。"
  again: もう一度どうぞ。
  bye: 失礼いたします。
"""


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> HummingVoice:
    voice = HummingVoice()
    for module in (prompts, prompt_sounds):
        monkeypatch.setattr(module, "open_voice", lambda settings, folder: voice)
    return voice


@pytest.fixture
def flow(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = home / "flows/hello"
    folder.mkdir(parents=True)
    (folder / "flow.yaml").write_text(FLOW)
    (folder / "prompts.ja.yaml").write_text(PROMPTS)
    monkeypatch.setenv("IVR_FLOWS_DIR", str(home / "flows"))
    monkeypatch.setenv("IVR_FLOW", "hello")
    return folder


def row(out: str, name: str) -> list[str]:
    (line,) = [line for line in out.splitlines() if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_rendering_turns_estimates_into_seconds(ivr: Ivr, flow: Path, voice: HummingVoice) -> None:
    before = ivr("prompts", "list")
    assert before.code == 0, before.err
    assert row(before.out, "greeting")[2:] == ["~1.1", "~1.5", "to be rendered"]
    assert row(before.out, "confirm")[4] == "rendered in the call"
    rendered = ivr("prompts", "render")
    assert rendered.code == 0, rendered.err
    # Five texts at two speeds, and the one with a value, which is only measured.
    assert "10 rendered, 0 were there" in rendered.out
    assert row(ivr("prompts", "list").out, "birthdate.1")[1:] == ["ja", "0.9", "1.2", "rendered"]
    spoken = len(voice.spoken)
    assert spoken == 12
    assert "0 rendered, 10 were there" in ivr("prompts", "render").out
    assert len(voice.spoken) == spoken + 2
    kept = [path.name for path in (flow.parents[1] / "var/prompts").rglob("*.wav")]
    assert len(kept) == 10
    assert not any(name.startswith("confirm") for name in kept)


def test_how_each_text_is_read(ivr: Ivr, flow: Path, voice: HummingVoice) -> None:
    out = ivr("prompts", "list", "--readings").out
    assert row(out, "bye")[5] == "<失礼いたします。>"


def test_a_prompt_that_takes_too_long(ivr: Ivr, flow: Path, voice: HummingVoice) -> None:
    # The humming voice takes 0.1 s for a character; the estimate counts a small kana as nothing.
    path = flow / "prompts.ja.yaml"
    path.write_text(path.read_text().replace("失礼いたします。", "ゃ" * 95))
    assert ivr("prompts", "list").code == 0
    rendered = ivr("prompts", "render")
    assert rendered.code == 1
    assert "- bye (ja): 12.7 s" in rendered.err
    listed = ivr("prompts", "list")
    assert listed.code == 1
    assert "- bye (ja): 12.7 s" in listed.err


def test_recordings_are_listed_and_checked(ivr: Ivr, flow: Path, voice: HummingVoice) -> None:
    folder = flow / "recordings/ja"
    folder.mkdir(parents=True)
    (folder / "script.yaml").write_text(PROMPTS)
    write_wav(folder / "bye.wav", hum(1.5))
    assert row(ivr("prompts", "list").out, "bye") == ["bye", "ja", "1.5", "2.0", "recorded"]
    write_wav(folder / "bye.wav", hum(13))
    listed = ivr("prompts", "list")
    assert listed.code == 1
    assert "bye.wav: takes 13.0 s" in listed.err


def test_without_a_voice(ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_RENDERED_VOICE", "off")
    listed = ivr("prompts", "list", "--language", "en")
    assert listed.code == 0, listed.err
    assert {line.split("|")[5].strip() for line in listed.out.splitlines()[2:]} == {"said"}
    assert "0 rendered" in ivr("prompts", "render").out


def test_rendering_without_the_extra_says_what_to_install(
    ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyopenjtalk", None)
    listed = ivr("prompts", "list", "--language", "ja")
    assert listed.code == 0, listed.err
    assert "rendered" not in listed.out
    rendered = ivr("prompts", "render")
    assert rendered.code == 1
    assert "pip install 'honnin-ivr[voice]'" in rendered.err


def test_what_a_call_says_is_rendered_ahead_once(flow: Path, voice: HummingVoice) -> None:
    assert prompts.render_ahead(load_settings(), "hello")
    spoken = {text for text, rate in voice.spoken}
    assert {"生年月日をどうぞ。", "年、月、日をどうぞ。", "もう一度どうぞ。"} < spoken
    assert {rate for _, rate in voice.spoken} == {100}
    voice.spoken.clear()
    assert prompts.render_ahead(load_settings(), "hello")
    assert voice.spoken == []


def test_without_a_voice_nothing_is_rendered_ahead(
    flow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_RENDERED_VOICE", "off")
    assert not prompts.render_ahead(load_settings(), "hello")
