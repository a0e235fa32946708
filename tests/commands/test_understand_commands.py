"""``ivr understand``, ``ivr compare-names`` and ``ivr evaluate`` as somebody pipes into them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from command_line import ROOT

from ivr.cli import cli

NOW = ("--now", "2026-11-22")


def run(home: Path, given: str | bytes, *arguments: object) -> Result:
    assert home.exists()
    return CliRunner().invoke(cli, [str(each) for each in arguments], input=given)


def answers(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("kind", "language", "text", "status", "value"),
    [
        ("birthdate", "ja", "昭和六十年三月五日", "ok", "1985-03-05"),
        ("birthdate", "en", "March fifth nineteen eighty five", "ok", "1985-03-05"),
        ("birthdate", "ja", "六十年三月五日", "unclear", None),
        ("birthdate", "ja", "2030年1月1日", "invalid", "2030-01-01"),
        ("digits", "ja", "いち に さん", "ok", "123"),
        ("digits", "en", "oh double two", "ok", "022"),
        ("number", "ja", "三万四千人", "ok", "34000"),
        ("phone", "ja", "ぜろきゅうぜろ 1234 5678", "ok", "+819012345678"),
        ("yes-no", "ja", "はい、そうです", "ok", "yes"),
        ("yes-no", "ja", "大丈夫です", "unclear", None),
        ("yes-no", "en", "yes, that is not correct", "unclear", None),
        ("yes-no", "en", "nope", "ok", "no"),
        ("command", "ja", "もう一度お願いします", "ok", "repeat"),
        ("command", "en", "agent", "ok", "agent"),
        ("name", "en", "my name is John Smith", "ok", {"surname": ["Smith"], "given": ["John"]}),
    ],
)
def test_one_utterance(
    home: Path, kind: str, language: str, text: str, status: str, value: object
) -> None:
    result = run(home, f"{text}\n", "understand", kind, "--language", language, *NOW)
    (answer,) = answers(result)
    assert list(answer) == ["text", "status", "value", "confidence", "reason"]
    assert (answer["text"], answer["status"], answer["value"]) == (text, status, value)
    assert bool(answer["reason"]) == (status != "ok")
    assert 0 <= answer["confidence"] <= 0.8


def test_a_japanese_name_is_its_readings(home: Path) -> None:
    (answer,) = answers(run(home, "佐藤太郎です\n", "understand", "name"))
    assert "サトウ" in answer["value"]["surname"]
    assert "タロウ" in answer["value"]["given"]


def test_whatever_is_piped_in_every_line_gets_its_answer(home: Path) -> None:
    given = (
        "\ufeff昭和六十年三月五日\r\n\n".encode()
        + b"\xff\xfe\x00\n"
        + "あ".encode() * 100_000
        + b"\n"
        + "平成二年一月一日".encode()
    )
    found = answers(run(home, given, "understand", "birthdate", *NOW))
    assert [each["status"] for each in found] == ["ok", "none", "none", "none", "ok"]
    assert found[0]["text"] == "昭和六十年三月五日"
    assert found[3]["reason"] == "too_long"
    assert len(found[3]["text"].encode()) <= 65_600


def test_an_answer_comes_before_the_next_line_is_there(home: Path) -> None:
    command = [sys.executable, "-m", "ivr.cli", "understand", "digits"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        for text, value in ((b"one two", "12"), (b"three", "3")):
            process.stdin.write(text + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["value"] == value
        process.stdin.close()
    assert process.returncode == 0


def test_numbers_are_japanese_only(home: Path) -> None:
    result = run(home, "three\n", "understand", "number", "--language", "en")
    assert "Japanese only" in str(result.exception)


@pytest.mark.parametrize(
    ("heard", "registered", "decision"),
    [
        ("佐藤 太郎", "サトウ タロウ", "pass"),
        ("さとうたろう", "サトウ タロウ", "pass"),
        ("サトー", "サトウ", "pass"),
        ("デルタ", "デルタ", "pass"),
        ("デルタ", "ベルタ", "fail"),
        ("サトウ", "サイトウ", "fail"),
        ("加藤", "サトウ", "fail"),
        ("わかりません", "サトウ タロウ", "fail"),
    ],
)
def test_names_are_compared(home: Path, heard: str, registered: str, decision: str) -> None:
    row = {"heard": heard, "registered": registered, "id": 7}
    result = run(home, json.dumps(row) + "\n\n", "compare-names")
    (answer,) = answers(result)
    assert answer == {**row, "decision": decision, "score": answer["score"]}
    assert 0 <= answer["score"] <= 1
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("x", "is no JSON"),
        ("[" * 60_000, "is no JSON"),
        ("[1]", "is no JSON object"),
        ('{"heard": "a"}', "needs the texts"),
        ('{"heard": "サトウ", "registered": ""}', "furigana is"),
        ('{"heard": "サトウ", "registered": "ア イ ウ"}', "furigana is"),
        ("9" * 70_000, "longer than"),
    ],
)
def test_a_line_that_cannot_be_compared_says_why(home: Path, line: str, error: str) -> None:
    good = '{"heard": "サトウ", "registered": "サトウ"}'
    result = run(home, f"{line}\n{good}\n", "compare-names")
    first, second = answers(result)
    assert error in first["error"]
    assert second["decision"] == "pass"
    assert result.exit_code == 1


ROWS = (
    {"text": "昭和六十年三月五日", "iso": "1985-03-05", "kind": "kanji"},
    {"text": "1985年3月5日", "iso": "1985-03-06", "kind": "kanji"},
    {"text": "昭和64年5月1日", "iso": "1989-05-01", "kind": "kanji"},
    {"text": "2030年1月1日", "iso": "2030-01-01", "kind": "kanji"},
    {"text": "六十年", "iso": "1985-03-05", "kind": "kanji"},
    {"text": "5-3-85", "iso": "1985-03-05", "why": "order"},
    {"text": "1985/3/5", "iso": "1985-03-05", "why": "order", "utterance": "1985/3/5に行きます"},
    {"lang": "en", "text": "feb 30 2019", "why": "impossible"},
    {"lang": "en", "text": "feb 3 2019", "why": "impossible"},
    {"text": "一二三", "digits": "123"},
    {"text": "十二", "value": "12"},
    {"lang": "en", "text": "yes", "value": True},
    {"lang": "en", "text": "yes", "value": False},
    {"kanji": "佐藤", "kana": "サトウ", "role": "surname"},
    {"a": "サトウ", "b": "サイトウ"},
    {"a": "サトウ", "b": "サトー"},
    {"nothing": "known"},
)
EXPECTED = {
    "kanji": {"right": 3, "unclear": 1, "wrong": 1},
    "ambiguous": {"right": 2, "unclear": 0, "wrong": 0},
    "in a sentence": {"right": 1, "unclear": 0, "wrong": 0},
    "impossible": {"right": 1, "unclear": 0, "wrong": 1},
    "digits": {"right": 1, "unclear": 0, "wrong": 0},
    "number": {"right": 1, "unclear": 0, "wrong": 0},
    "yes-no": {"right": 1, "unclear": 0, "wrong": 1},
}


@pytest.fixture
def labelled(home: Path) -> Path:
    path = home / "labelled.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS))
    return path


def test_labelled_utterances_are_scored(home: Path, labelled: Path) -> None:
    result = run(home, "", "evaluate", labelled.parent, "--json", *NOW)
    (found,) = json.loads(result.stdout)
    assert found["kinds"] == EXPECTED
    assert found["total"] == {"right": 10, "unclear": 1, "wrong": 3}
    assert found["unknown_lines"] == 1
    assert found["names"]["look-alike, heard as kana"] == {
        **{"same": False, "pass": 2, "confirm": 0, "fail": 2}
    }
    assert found["names"]["surname, heard as kanji"]["pass"] == 1
    texts = [each.get("text") for each in found["failures"]]
    assert texts[:2] == ["1985年3月5日", "六十年"]


def test_failures_are_shown_so_many(home: Path, labelled: Path) -> None:
    few = run(home, "", "evaluate", labelled, "--failures", "1", *NOW).stdout
    assert "wrong: '1985年3月5日' is 1985-03-06: ok 1985-03-05" in few
    assert "'六十年'" not in few
    assert "false accept: 50.000% at pass" in few
    assert "more (--failures)" in few
    assert "'六十年'" in run(home, "", "evaluate", labelled, *NOW).stdout


def test_a_broken_file_is_named(home: Path) -> None:
    path = home / "broken.jsonl"
    path.write_text('{"text": "a"}\n[]\n')
    result = run(home, "", "evaluate", path)
    assert f"{path}:2:1: is no JSON object" in str(result.exception)
    (home / "empty").mkdir()
    assert "holds no .jsonl" in str(run(home, "", "evaluate", home / "empty").exception)
