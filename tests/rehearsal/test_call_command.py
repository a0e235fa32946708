"""``ivr call`` and ``ivr rehearse``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from bot_server import GOODBYE, PUBLIC, TOKEN, BotServer, ask, small_flow
from click.testing import CliRunner, Result
from fakes.sound_files import write_wav
from fakes.voices import hum
from small_stage import SmallStage
from stream_bot import stream_bot
from test_call_recording import sides

from ivr.cli import cli
from ivr.clock import HurriedClock
from ivr.errors import FilesError, RehearsalError
from ivr.flow.duration import seconds
from ivr.hearing.telephone_audio import encode_mulaw
from ivr.rehearsal.report import LiveText
from ivr.rehearsal.world import PUBLIC_URL
from ivr.telephony.media.ears import Said
from ivr.understanding.value import Hypothesis

CALL = """\
call: a yes
flow: verify
caller: "+819012345678"
turns:
  - caller: {say: はい}
expect: {ended: end}
"""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStage:
    """A small bot in place of the application, and a folder with two calls."""
    stage = SmallStage()
    stage.bot.pages = {"/voice/incoming": ask("ご本人様ですか。"), "/next": GOODBYE}
    flows = tmp_path / "flows"
    monkeypatch.setenv("IVR_FLOWS_DIR", str(flows))
    monkeypatch.setenv("IVR_VAR_DIR", str(tmp_path / "var"))
    for module in ("call", "rehearse"):
        monkeypatch.setattr(f"ivr.commands.{module}.WiredStage", lambda *_: stage)
        monkeypatch.setattr(
            f"ivr.commands.{module}.load_flows", lambda settings: {"verify": small_flow()}
        )
    calls = flows / "verify" / "calls"
    calls.mkdir(parents=True)
    (calls / "yes.yaml").write_text(CALL, encoding="utf-8")
    (calls / "again.yaml").write_text(CALL.replace("a yes", "again"), encoding="utf-8")
    return stage


@pytest.fixture
def calls(stage: SmallStage, tmp_path: Path) -> Path:
    return tmp_path / "flows" / "verify" / "calls"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def spoil(path: Path, old: str = "ended: end", new: str = "ended: transfer") -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_call_as_text(calls: Path) -> None:
    result = run("call", calls / "yes.yaml", "--fast")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "a yes  (flow verify)"
    assert "  0:00  bot      ご本人様ですか。  [consent]" in lines
    assert any(line.endswith("caller   はい") for line in lines)
    assert lines[-1] == "as expected"
    assert "\x1b" not in result.output


def test_a_call_as_json(calls: Path) -> None:
    result = run("call", calls / "yes.yaml", "--fast", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["ended"], report["level"], report["turns"]) == ("end", "none", 1)
    assert report["seconds"] > seconds("ご本人様ですか。はい", "ja", 100)
    assert report["result"] is None
    assert result.stderr == ""


def test_json_and_text_do_not_mix(calls: Path) -> None:
    result = run("call", calls / "yes.yaml", "--fast", "--json", "--text")
    assert json.loads(result.stdout)["ok"] is True
    assert "ご本人様ですか。" in result.stderr


def test_a_call_that_goes_otherwise(calls: Path) -> None:
    spoil(calls / "yes.yaml")
    result = run("call", calls / "yes.yaml", "--fast")
    assert result.exit_code == 1
    assert "ended: expected transfer, got end" in result.output
    assert result.output.rstrip().endswith("not as expected (1 problems)")


def test_a_broken_file(calls: Path) -> None:
    spoil(calls / "yes.yaml", "flow: verify", "flow: verfy")
    result = run("call", calls / "yes.yaml", "--fast")
    assert isinstance(result.exception, FilesError)
    assert "yes.yaml:2:7: unknown flow 'verfy'" in str(result.exception)


# --- by voice ------------------------------------------------------------------------------------

STREAM = f"<Connect><Stream url='wss{PUBLIC_URL.removeprefix('https')}/media'/></Connect>"


@pytest.fixture
def voice(calls: Path, stage: SmallStage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Sound for one of the two calls, and a bot that streams; what was rendered ahead."""
    write_wav(calls / "hai.wav", hum(0.5))
    spoil(calls / "yes.yaml", "say: はい", "say: はい, audio: hai.wav")
    stage.bot.pages = {"/voice/incoming": STREAM + GOODBYE}
    stage.streams = [[("ask:1:consent:1", 0.5)]]
    rendered: list[str] = []
    for module in ("call", "rehearse"):
        monkeypatch.setattr(
            f"ivr.commands.{module}.render_ahead", lambda settings, name: rendered.append(name)
        )
    return rendered


def test_a_call_by_voice(calls: Path, voice: list[str], stage: SmallStage) -> None:
    result = run("call", calls / "yes.yaml", "--fast", "--voice", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["streamed"] == 1
    assert stage.settings[0].hearing[0] == "vosk"
    assert voice == ["verify"]


def test_a_recording_of_a_call(calls: Path, voice: list[str], tmp_path: Path) -> None:
    result = run("call", calls / "yes.yaml", "--fast", "--voice", "--record", tmp_path / "a.wav")
    assert result.exit_code == 0, result.output
    caller, bot = sides(tmp_path / "a.wav")
    assert bot.strip(b"\xff")
    assert caller.rstrip(b"\xff").endswith(encode_mulaw(hum(0.5).pcm)[-2000:].rstrip(b"\xff"))


def test_without_voice_nothing_can_be_recorded(calls: Path, voice: list[str]) -> None:
    result = run("call", calls / "yes.yaml", "--fast", "--record", calls / "a.wav")
    assert "nothing to record" in str(result.exception)


def test_a_call_without_sound_cannot_be_placed_by_voice(calls: Path, voice: list[str]) -> None:
    result = run("call", calls / "again.yaml", "--fast", "--voice")
    assert isinstance(result.exception, RehearsalError)
    assert "again.yaml:5: there is no sound" in str(result.exception)


def test_calls_without_sound_are_left_out_and_counted(calls: Path, voice: list[str]) -> None:
    result = run("rehearse", "--voice")
    assert result.exit_code == 0, result.output
    assert "1 call in" in result.output
    assert "1 calls left out" in result.output


def test_the_json_counts_them_too(calls: Path, voice: list[str]) -> None:
    report = json.loads(run("rehearse", "--voice", "--json").stdout)
    assert (len(report["calls"]), report["left_out"]) == (1, 1)


def test_no_call_with_sound_is_an_error(calls: Path, voice: list[str]) -> None:
    result = run("rehearse", "--voice", calls / "again.yaml")
    assert "no call has sound" in str(result.exception)


def test_a_running_media_server(
    calls: Path, bot: BotServer, voice: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"wss{PUBLIC.removeprefix('https')}/media"
    bot.pages = {"/voice/incoming": f"<Connect><Stream url='{url}'/></Connect>{GOODBYE}"}
    monkeypatch.setattr("ivr.commands.call.SystemClock", lambda: HurriedClock(20))
    with stream_bot([("ask:1:consent:1", 0.1)]) as (heard, address):
        more = ("--media-url", address, "--voice")
        result = run("call", calls / "yes.yaml", *elsewhere(bot, *more))
    assert result.exit_code == 0, result.output
    assert len(heard.starts) == 1


def test_what_was_heard_is_shown() -> None:
    lines: list[str] = []
    live = LiveText(lines.append, colours=False)
    live.overhears(Said((Hypothesis("昭和 六十 年", 0.984), Hypothesis("六十 年", 0.01))))
    live.overhears(Said((Hypothesis("はい", None),)))
    live.overhears(Said((Hypothesis("[unk]", 0.9),), foreign=True))
    live.overhears(Said(()))
    assert [line.split(maxsplit=1)[1] for line in lines] == [
        "昭和 六十 年  98%",
        "はい",
        "(nothing that is an answer)",
        "(nothing that is an answer)",
    ]


# --- a server elsewhere --------------------------------------------------------------------------


def elsewhere(bot: BotServer, *more: object) -> Sequence[object]:
    return (
        "--url", bot.address, "--public-url", PUBLIC, "--auth-token", TOKEN,
        "--outbox", bot.outbox, *more,
    )  # fmt: skip


def test_a_server_that_runs_already(
    calls: Path, bot: BotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.pages = {"/voice/incoming": "<Gather action='/next' timeout='0'/><Hangup/>"}
    monkeypatch.setattr("ivr.clock.SystemClock.sleep", lambda clock, seconds: None)
    spoil(calls / "yes.yaml", "say: はい", "silence: true")
    result = run("call", calls / "yes.yaml", *elsewhere(bot))
    assert result.exit_code == 0, result.output
    assert bot.fields("/voice/incoming")[0]["From"] == "+819012345678"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("customers: []", "customers"),
        ("now: 2026-11-22T10:00:00+09:00", "now"),
        ("world: {sender: down}", "world.sender"),
        ("world: {media: gone}", "world.media"),
        ("world: {database: gone 1 turn, settings: {code_minutes: 1}}", "world.settings"),
    ],
)
def test_the_inside_of_a_running_server_is_out_of_reach(
    calls: Path, bot: BotServer, more: str, named: str
) -> None:
    spoil(calls / "yes.yaml", "turns:", f"{more}\nturns:")
    result = run("call", calls / "yes.yaml", *elsewhere(bot))
    assert isinstance(result.exception, RehearsalError)
    assert named in str(result.exception)
    assert bot.posts == []


def test_a_running_servers_clock_does_not_run_ahead(calls: Path, bot: BotServer) -> None:
    result = run("call", calls / "yes.yaml", *elsewhere(bot, "--fast"))
    assert "--fast" in str(result.exception)


def test_only_this_machine(calls: Path) -> None:
    result = run("call", calls / "yes.yaml", "--url", "https://voice.example.co.jp")
    assert isinstance(result.exception, RehearsalError)


# --- many calls ----------------------------------------------------------------------------------


def test_all_calls_of_all_flows(calls: Path) -> None:
    result = run("rehearse")
    assert result.exit_code == 0, result.output
    heading, *rows, last = result.output.splitlines()
    assert heading.split() == ["level", "ended", "turns", "seconds", "call"]
    assert [row.split()[0] for row in rows] == ["ok", "ok"]
    assert [row.split(maxsplit=5)[-1] for row in rows] == ["again", "a yes"]
    assert last.startswith("2 calls in ")
    assert last.endswith(": all as expected")


@pytest.mark.parametrize("given", [["yes.yaml"], ["."], ["../.."]])
def test_files_and_folders(calls: Path, given: list[str]) -> None:
    result = run("rehearse", *(calls / name for name in given), "--json")
    report = json.loads(result.stdout)
    assert len(report["calls"]) == (1 if given == ["yes.yaml"] else 2)


def test_a_failure_fails_the_rehearsal(calls: Path) -> None:
    spoil(calls / "again.yaml")
    result = run("rehearse", "--jobs", "1")
    assert result.exit_code == 1
    assert "FAILED  none       end" in result.output
    assert "         ended: expected transfer, got end" in result.output
    assert result.output.rstrip().endswith(": 1 failed")


def test_the_json_of_a_rehearsal(calls: Path) -> None:
    spoil(calls / "again.yaml")
    result = run("rehearse", "--json")
    report: dict[str, Any] = json.loads(result.stdout)
    assert (report["ok"], report["failed"], result.exit_code) == (False, 1, 1)
    assert [call["ok"] for call in report["calls"]] == [False, True]


def test_broken_files_are_told_before_any_call(calls: Path, stage: SmallStage) -> None:
    spoil(calls / "yes.yaml", "ended: end", "ended: ende")
    spoil(calls / "again.yaml", "ended: end", "ended: ende")
    result = run("rehearse")
    assert isinstance(result.exception, FilesError)
    assert len(result.exception.problems) == 2
    assert stage.settings == []


def test_a_folder_without_calls(calls: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no call files" in str(run("rehearse", empty).exception)


def test_a_project_without_calls(calls: Path) -> None:
    for file in calls.glob("*.yaml"):
        file.unlink()
    assert "holds no call files" in str(run("rehearse").exception)
