"""``ivr evaluate --voice`` as somebody types it: a few recordings, the shipped model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, Ivr

from ivr.wiring.listening import SHIPPED

RECORDINGS = ROOT / "flows" / "verify" / "calls" / "audio"
NOW = ("--now", "2026-11-22")


def spoken(folder: Path, *rows: dict[str, Any]) -> Path:
    """A folder of spoken answers with these lines in its index."""
    folder.mkdir()
    lines = [json.dumps({"voice": "m001", **row}, ensure_ascii=False) + "\n" for row in rows]
    (folder / "index.jsonl").write_text("".join(lines), encoding="utf-8")
    for row in rows:
        name = Path(row["wav"]).name
        found = next(RECORDINGS.rglob(name), None)
        if found is not None:
            (folder / name).write_bytes(found.read_bytes())
    return folder


DATE = {"wav": "showa-33-7-12.wav", "slot": "birthdate", "expected": "1958-07-12"}
CARD = {"wav": "card.wav", "slot": "command", "expected": "lost_card"}
NAME = {
    "wav": "goto-ichiro.wav",
    "slot": "name",
    "expected": "ゴトウ イチロウ",
    "look_alikes": ["コトウ イチロウ", "ゴトウ シチロウ"],
}


def test_answers_are_counted_by_slot_and_names_by_who_is_registered(
    ivr: Ivr, tmp_path: Path
) -> None:
    folder = spoken(tmp_path / "said", DATE, CARD, NAME)
    ran = ivr("evaluate", "--voice", folder, "--line", "clean", *NOW, "--json")
    assert ran.code == 0
    told = json.loads(ran.out)
    assert told["speakers"] == "synthetic"
    assert list(told["lines"]) == ["clean"]
    slots = told["lines"]["clean"]["slots"]
    assert {slot: each["answers"] for slot, each in slots.items()} == {
        "birthdate": 1,
        "command": 1,
        "name": 1,
    }
    assert slots["birthdate"]["right"] == slots["command"]["right"] == 1
    names = told["lines"]["clean"]["names"]
    assert (sum(names["own"].values()), sum(names["look_alikes"].values())) == (1, 2)
    assert names["look_alikes"]["found"] == 0


def test_a_report_says_who_speaks_and_what_was_heard_instead(ivr: Ivr, tmp_path: Path) -> None:
    meant = {**DATE, "expected": "1958-07-13"}
    folder = spoken(tmp_path / "said", meant, CARD)
    ran = ivr("evaluate", "--voice", folder, "--line", "clean", "--line", "noise-10", *NOW)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("synthetic speakers")
    assert {"clean", "noise-10"} <= set(lines)
    assert any(line.startswith("birthdate  ") and " 0.0% " in line for line in lines)
    assert any(
        line.startswith("clean: showa-33-7-12.wav: wrong: 1958-07-13 was heard as 昭和 三十 三 年")
        for line in lines
    )


def test_two_processes_find_what_one_finds(ivr: Ivr, tmp_path: Path) -> None:
    folder = spoken(tmp_path / "said", DATE, CARD)

    def counted(*arguments: object) -> Any:
        ran = ivr("evaluate", "--voice", folder, "--line", "clean", *NOW, "--json", *arguments)
        told = json.loads(ran.out)
        for slot in told["lines"]["clean"]["slots"].values():
            del slot["cpu_s"]
        return told

    assert counted() == counted("--processes", 2)


def test_a_folder_without_answers_is_told(ivr: Ivr, tmp_path: Path) -> None:
    ran = ivr("evaluate", "--voice", tmp_path / "nowhere")
    assert (ran.code, ran.out) == (1, "")
    assert f"there are no spoken answers in {tmp_path / 'nowhere'}" in ran.err
    assert "python -m speech_model.unseen_callers" in ran.err


def test_a_missing_recording_is_told_with_its_place(ivr: Ivr, tmp_path: Path) -> None:
    folder = spoken(tmp_path / "said", CARD, {**DATE, "wav": "gone.wav"})
    ran = ivr("evaluate", "--voice", folder)
    assert (ran.code, ran.out) == (1, "")
    assert f"{folder / 'index.jsonl'}:2:1: gone.wav is missing" in ran.err


def test_a_folder_that_is_no_model_is_told(ivr: Ivr, tmp_path: Path) -> None:
    folder = spoken(tmp_path / "said", CARD)
    ran = ivr("evaluate", "--voice", folder, "--model", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert str(tmp_path) in ran.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "give either PATHs, or --voice"),
        (("--voice", ".", SHIPPED), "give either PATHs, or --voice"),
        (("--model", ".", SHIPPED), "belong to --voice"),
        (("--line", "clean", SHIPPED), "belong to --voice"),
        (("--voice", ".", "--line", "mud"), "'mud' is not one of"),
    ],
)
def test_what_does_not_go_together_is_refused(
    ivr: Ivr, arguments: tuple[object, ...], problem: str
) -> None:
    ran = ivr("evaluate", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert problem in ran.err
