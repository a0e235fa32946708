"""Grammar files and their twins."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ivr.flow.grammars import NameValue, Sample, read_grammar, read_grammars
from ivr.understanding.grammar import Grammar

HEAD = "grammar: ready\nlanguage: ja\n"
GOOD = HEAD + (
    "fillers: [えっと]\n"
    "meanings:\n  yes:\n    - (はい|ええ)\n  wait: [待って]\n"
    "contains: {wait: [ちょっと]}\n"
    "hints: [準備]\n"
    "lists: {digit: [一/いち, 二/に]}\n"
    "patterns: ['<digit> [番/ばん]']\n"
)
SAMPLES = HEAD + "samples:\n  - {say: はい, means: yes}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ja").mkdir()
    return Path("ja")


def put(folder: Path, grammar: str | None, samples: str | None = SAMPLES) -> None:
    if grammar is not None:
        (folder / "ready.yaml").write_text(grammar, encoding="utf-8")
    if samples is not None:
        (folder / "ready.samples.yaml").write_text(samples, encoding="utf-8")


def complaints(folder: Path) -> list[str]:
    readings = read_grammars(folder)
    return [str(problem) for reading in readings for problem in sorted(reading.problems)]


def test_a_grammar_and_its_samples(folder: Path) -> None:
    more = (
        "  - {say: 五月三日, value: 1985-05-03, today: 2026-11-22}\n"
        "  - {say: 山田太郎, value: {surname: ヤマダ, given: タロウ}}\n"
        "  - {say: どうでしょう, means: none}\n"
        "today: 2026-11-23\n"
    )
    put(folder, GOOD, SAMPLES + more)
    [reading] = read_grammars(folder)
    assert reading.problems == ()
    assert reading.grammar == Grammar(
        name="ready",
        language="ja",
        meanings={"yes": ("はい", "ええ"), "wait": ("待って",)},
        contains={"wait": ("ちょっと",)},
        hints=("準備",),
        fillers=("えっと",),
        spoken=("一/いち 番/ばん", "二/に 番/ばん", "一/いち", "二/に"),
    )
    day = date(2026, 11, 23)
    assert reading.samples == (
        Sample(say="はい", means="yes", today=day),
        Sample(say="五月三日", value="1985-05-03", today=date(2026, 11, 22)),
        Sample(say="山田太郎", value=NameValue(surname="ヤマダ", given="タロウ"), today=day),
        Sample(say="どうでしょう", means="none", today=day),
    )


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("meanings: {yes: [はい, (はい]}", "3:22: '(' at character 1 is never closed"),
        ("meanings: {yes: ['[はい]']}", "3:18: the template may be empty: it would match silence"),
        ("meanings: {yes: ['" + "(" * 499 + "']}", "3:18: too many brackets in brackets"),
        ("meanings: {yes: [はい], no: [いや, (いいえ|はい)]}", "3:32: 'はい' means 'yes' already"),
        ("meanings: {yes: []}", "3:17: 'yes' has no phrases"),
        ("meanings: {none: [x]}", "3:12: 'none' is what samples call no meaning at all"),
        ("contains: {yes: []}", "3:17: 'yes' has no phrases"),
        ("meanings: {yes: ['']}", "3:18: must not be empty"),
        ("meanings: {yes: はい}", "3:17: must be a list, not text"),
        (
            "meanings: {はい: [はい]}",
            "3:12: 'はい' is not a name (small letters, digits and _, beginning with a letter)",
        ),
        ("lists: {a: []}", "3:12: the list 'a' has no entries"),
        ("lists: {a: [<b>]}", "3:13: there is no list 'b'"),
        ("lists: {a: [<a>]}", "3:13: the list 'a' contains itself"),
        ("lists: {a: [x, 一/]}", "3:16: '一/' is no word: write it as 'written/reading'"),
        ("patterns: ['[x]']", "3:12: the pattern may be empty: it would match silence"),
        ("patterns: [<x>]", "3:12: there is no list 'x'"),
        ("patterns: ['" + "(" * 499 + "']", "3:12: too many brackets in brackets"),
        ("menaings: {}", "3:1: unknown key 'menaings' (did you mean 'meanings'?)"),
    ],
)
def test_broken_grammars(folder: Path, rest: str, expected: str) -> None:
    put(folder, HEAD + rest + "\n", HEAD + "samples: [{say: はい, value: x}]\n")
    assert complaints(folder) == [f"ja/ready.yaml:{expected}"]
    assert read_grammars(folder)[0].grammar is None


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ("- {say: はい, means: yse}", "4:20: unknown meaning 'yse' (did you mean 'yes'?)"),
        ("- {say: はい, means: agent}", "4:20: unknown meaning 'agent'"),
        ("- {say: はい}", "4:3: a sample needs exactly one of 'means' and 'value'"),
        (
            "- {say: はい, means: yes, value: x}",
            "4:3: a sample needs exactly one of 'means' and 'value'",
        ),
        (
            "- {say: はい, value: x, today: 本日}",
            "4:30: must be a date such as 2026-11-22, not text",
        ),
        ("- {means: yes}", "4:3: 'say' is missing"),
        ("  []", "4:3: must have at least 1 entry"),
    ],
)
def test_broken_samples(folder: Path, samples: str, expected: str) -> None:
    put(folder, GOOD, HEAD + "samples:\n" + samples + "\n")
    assert complaints(folder) == [f"ja/ready.samples.yaml:{expected}"]


def test_twins_miss_each_other(folder: Path) -> None:
    put(folder, GOOD, None)
    assert complaints(folder) == [
        "ja/ready.samples.yaml: is missing: every grammar needs sample utterances beside it"
    ]
    (folder / "ready.yaml").unlink()
    put(folder, None)
    assert complaints(folder) == ["ja/ready.samples.yaml: there is no grammar ready.yaml beside it"]


def test_names_agree_with_file_and_folder(folder: Path) -> None:
    put(folder, GOOD.replace("ready", "raedy").replace("ja", "en"))
    assert complaints(folder) == [
        "ja/ready.yaml:1:10: must be 'ready', as the file is called, not 'raedy'",
        "ja/ready.yaml:2:11: must be 'ja', as the folder is called, not 'en'",
    ]


def test_no_grammar_at_all(folder: Path) -> None:
    assert read_grammars(folder) == []
    assert read_grammars(folder / "none") == []
    assert [str(p) for p in read_grammar(folder / "x.yaml").problems] == ["ja/x.yaml: no such file"]
