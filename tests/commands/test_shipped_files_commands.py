"""``ivr lint``, ``ivr diagram``, ``ivr call`` and ``ivr rehearse`` on what is shipped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from command_line import ROOT, Ivr

FIRST_CALL = ROOT / "flows/verify/calls/verified-by-sms.yaml"


@pytest.fixture
def shelf(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped files that may be spoilt, with few calls."""
    shutil.copytree(ROOT / "grammars", home / "grammars")
    shutil.copytree(ROOT / "flows", home / "flows", ignore=shutil.ignore_patterns("calls"))
    calls = home / "flows/verify/calls"
    calls.mkdir()
    shutil.copy(FIRST_CALL, calls)
    shutil.copytree(FIRST_CALL.parent / "audio", calls / "audio")
    monkeypatch.setenv("IVR_FLOWS_DIR", "flows")
    monkeypatch.setenv("IVR_GRAMMARS_DIR", "grammars")
    monkeypatch.chdir(home)
    return home


def spoil(path: Path, old: str, new: str) -> str:
    """Replace ``old``, which is there once; its line, counted from 1."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return f"{text[: text.index(old)].count(chr(10)) + 1}"


def test_what_is_shipped_has_no_problems(ivr: Ivr) -> None:
    ran = ivr("lint")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("no problems in ")


def test_every_mistake_is_told_with_its_line_in_one_run(ivr: Ivr, shelf: Path) -> None:
    flow, calls = shelf / "flows/verify/flow.yaml", shelf / "flows/verify/calls"
    lines = {
        "flow": spoil(flow, "    next: consent\n", "    next: consnt\n"),
        "call": spoil(calls / FIRST_CALL.name, "ended: transfer", "ended: transferred"),
        "grammar": spoil(
            shelf / "grammars/ja/yes_no.yaml", "meanings:", "meanings:\n  maybe: {phrases: 1}"
        ),
    }
    ran = ivr("lint")
    assert ran.code == 1
    assert f"flows/verify/flow.yaml:{lines['flow']}:11: unknown state 'consnt'" in ran.out
    assert "(did you mean 'consent'?)" in ran.out
    assert "grammars/ja/yes_no.yaml:" in ran.out
    found = ran.out.splitlines()
    assert ran.err == f"{len(found)} problems\n"
    assert "Traceback" not in ran.out


def test_one_file_can_be_checked_alone(ivr: Ivr, shelf: Path) -> None:
    call = shelf / "flows/verify/calls" / FIRST_CALL.name
    line = spoil(call, "ended: transfer", "ended: transferred")
    ran = ivr("lint", "flows/verify/calls/verified-by-sms.yaml")
    assert ran.code == 1
    assert ran.out.startswith(f"flows/verify/calls/verified-by-sms.yaml:{line}:")
    assert ran.err == "1 problem\n"
    assert ivr("lint", "grammars").code == 0


def test_the_picture_shows_every_state(ivr: Ivr) -> None:
    ran = ivr("diagram")
    flow = yaml.safe_load((ROOT / "flows/verify/flow.yaml").read_text(encoding="utf-8"))
    assert ran.code == 0
    assert ran.out.startswith("stateDiagram-v2\n")
    assert len(flow["states"]) > 20
    assert [name for name in flow["states"] if f"as s_{name}\n" not in ran.out] == []
    assert ivr("diagram", "verify").out == ran.out


def test_a_picture_of_no_flow(ivr: Ivr) -> None:
    ran = ivr("diagram", "verfy")
    assert (ran.code, ran.out) == (1, "")
    assert "verfy/flow.yaml: no such flow (did you mean 'verify'?)" in ran.err


def test_a_whole_call_verifies(ivr: Ivr) -> None:
    ran = ivr("call", FIRST_CALL, "--fast", "--json")
    assert ran.code == 0
    told = json.loads(ran.out)
    assert (told["level"], told["ended"], told["destination"]) == ("verified", "transfer", "agents")
    assert told["result"]["amr"] == ["kba", "otp", "sms"]
    assert told["problems"] == []


def test_a_call_is_shown_turn_by_turn(ivr: Ivr) -> None:
    ran = ivr("call", FIRST_CALL, "--fast", "--text")
    assert ran.code == 0
    asked, said = "ご本人様で、よろしければ「はい」", "山田太郎です"
    assert 0 < ran.out.index(asked) < ran.out.index(said) < ran.out.index("【つばめ銀行】")


def test_a_call_that_goes_otherwise_fails(ivr: Ivr, shelf: Path) -> None:
    call = shelf / "flows/verify/calls" / FIRST_CALL.name
    spoil(call, "level: verified", "level: matched")
    ran = ivr("call", call, "--fast")
    assert ran.code == 1
    assert "level: expected matched, got verified" in ran.out


def test_all_calls_of_a_folder(ivr: Ivr, shelf: Path) -> None:
    calls = shelf / "flows/verify/calls"
    shutil.copy(ROOT / "flows/verify/calls/lost-card.yaml", calls)
    assert (ran := ivr("rehearse")).code == 0
    assert ran.out.count("\nok ") == 2
    spoil(calls / FIRST_CALL.name, "level: verified", "level: matched")
    ran = ivr("rehearse", "--json", "--jobs", "2", "flows/verify/calls")
    assert ran.code == 1
    told = json.loads(ran.out)
    assert (told["failed"], len(told["calls"])) == (1, 2)


def test_calls_that_cannot_be_read_are_all_told(ivr: Ivr, shelf: Path) -> None:
    calls = shelf / "flows/verify/calls"
    (calls / "second.yaml").write_text("call: [", encoding="utf-8")
    line = spoil(calls / FIRST_CALL.name, 'caller: "+819012345678"', "caller: 090")
    ran = ivr("rehearse")
    assert (ran.code, ran.out) == (1, "")
    assert f"verified-by-sms.yaml:{line}:" in ran.err
    assert "second.yaml:" in ran.err
    assert ivr("call", shelf / "none.yaml").code == 1
