"""Schema errors in plain words at the right place."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from ivr.flow.model import FlowFile, Name, PromptsFile, State, Strict
from ivr.flow.source import read_yaml
from ivr.flow.validation import validate


class Shape(Strict):
    side: int = Field(default=1, ge=1, le=9)
    names: tuple[str, ...] = Field(default=(), max_length=2)
    label: str = Field(default="x", min_length=1, max_length=3)
    day: date | None = None
    colour: Literal["red", "green"] | None = None
    share: float = Field(default=0.5, gt=0, lt=1)
    round: bool = False
    number: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")] | None = None
    either: int | tuple[str, ...] | None = None
    inner: Shape | None = None


class States(Strict):
    states: dict[Name, State]


def complaints(model: type[Strict], text: str) -> list[str]:
    document = read_yaml(Path("f.yaml"), text=text)
    assert validate(document, model) is None
    return [str(problem) for problem in sorted(document.problems)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("side: '3'", "1:7: must be a whole number, not text"),
        ("side: 2.5", "1:7: must be a whole number, not a number with decimals"),
        ("side: 0", "1:7: must be at least 1, not 0"),
        ("side: 10", "1:7: must be at most 9, not 10"),
        ("side: true", "1:7: must be a whole number, not true"),
        ("side: null", "1:7: must be a whole number, not empty"),
        ("share: 0", "1:8: must be more than 0, not 0"),
        ("share: 1", "1:8: must be less than 1, not 1"),
        ("round: yes", "1:8: must be true or false, not text"),
        ("names: x", "1:8: must be a list, not text"),
        ("names: [a, 1]", "1:12: must be text, not a number (put it in quotes)"),
        ("names: [a, true]", "1:12: must be text, not true (put it in quotes)"),
        ("names: [a, b, c]", "1:8: must have at most 2 entries"),
        ("label: ''", "1:8: must not be empty"),
        ("label: abcd", "1:8: must have at most 3 characters"),
        ("label: [a]", "1:8: must be text, not a list"),
        ("day: someday", "1:6: must be a date such as 2026-11-22, not text"),
        ("day: 2026", "1:6: must be a date such as 2026-11-22, not a number"),
        ("colour: gren", "1:9: unknown value 'gren' (did you mean 'green'?)"),
        ("colour: 黒", "1:9: unknown value '黒' (one of red, green)"),
        ("colour: 1", "1:9: must be one of red, green, not a number"),
        (
            "number: 090-1",
            "1:9: '090-1' is not a phone number in international form (+819012345678)",
        ),
        ("either: x", "1:9: must be a whole number or a list, not text"),
        ("either: [1]", "1:10: must be text, not a number (put it in quotes)"),
        ("inner: {side: x}", "1:15: must be a whole number, not text"),
        ("inner:\n  sied: 1", "2:3: unknown key 'sied' (did you mean 'side'?)"),
        ("inner: 3", "1:8: must be a mapping (key: value), not a number"),
        ("- side", "1:1: must be a mapping (key: value), not a list"),
        (
            "zzzzzzzz: 1",
            "1:1: unknown key 'zzzzzzzz' (known here: side, names, label, day, colour, share,"
            " round, number, either, inner)",
        ),
        (
            "a\\nb: 1",
            "1:1: unknown key 'a\\nb' (known here: side, names, label, day, colour, share,"
            " round, number, either, inner)",
        ),
    ],
)
def test_values_that_do_not_fit(text: str, expected: str) -> None:
    assert complaints(Shape, text) == [f"f.yaml:{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {prompt: x}", ["1:10: 'kind' is missing"]),
        ("a: {kind: chose}", ["1:20: unknown kind 'chose' (did you mean 'choose'?)"]),
        (
            "a: {kind: [say]}",
            ["1:20: must be one of say, choose, collect, check, transfer, end, not a list"],
        ),
        ("a: {kind: say, prompt: p}", ["1:10: 'next' is missing"]),
        (
            "a: {kind: say, next: b, promt: p}",
            ["1:10: 'prompt' is missing", "1:34: unknown key 'promt' (did you mean 'prompt'?)"],
        ),
        (
            "a: {kind: say, say: 1, next: b, prompt: p}",
            ["1:25: unknown key 'say' (known here: kind, prompt, next)"],
        ),
        (
            "A: {kind: end, prompt: p}",
            ["1:10: 'A' is not a name (small letters, digits and _, beginning with a letter)"],
        ),
        (
            "a: {kind: choose, prompt: p, choices: {x: 1, y: {goo: b}, Z: b, z: NO}}",
            [
                "1:52: must be text or a mapping (key: value), not a number",
                "1:55: 'go' is missing",
                "1:59: unknown key 'goo' (did you mean 'go'?)",
                "1:68: 'Z' is not a name (small letters, digits and _, beginning with a letter)",
                "1:77: 'NO' is not a name (small letters, digits and _, beginning with a letter)",
            ],
        ),
        (
            "a: {kind: choose, prompt: p, choices: {x: {go: b, language: fr}}}",
            ["1:70: unknown value 'fr' (one of ja, en)"],
        ),
        (
            "a: {kind: check, check: identfy, on: {}}",
            ["1:34: unknown value 'identfy' (did you mean 'identify'?)"],
        ),
    ],
)
def test_states_that_do_not_fit(text: str, expected: list[str]) -> None:
    assert complaints(States, f"states: {{{text}}}") == [f"f.yaml:{line}" for line in expected]


def test_a_key_that_cannot_be_pressed() -> None:
    document = read_yaml(Path("f.yaml"), text="keys: {12: a, 1: 5}")
    validate(document, FlowFile)
    found = {str(problem) for problem in document.problems}
    assert "f.yaml:1:8: unknown key '12' (one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, *, #)" in found
    assert "f.yaml:1:18: must be text, not a number (put it in quotes)" in found


def test_prompts_are_a_text_or_a_list() -> None:
    text = "language: ja\nprompts: {a: 1, b: {x: 1}, c: [x, 1]}"
    assert complaints(PromptsFile, text) == [
        "f.yaml:2:14: must be text or a list, not a number",
        "f.yaml:2:20: must be text or a list, not a mapping",
        "f.yaml:2:35: must be text, not a number (put it in quotes)",
    ]


def test_a_missing_value_is_said_once() -> None:
    assert complaints(Shape, "side:\nlabel: x") == ["f.yaml:1:1: 'side' has no value"]


def test_lists_fill_tuples_and_text_fills_dates() -> None:
    document = read_yaml(Path("f.yaml"), text="names: [a, b]\nday: 2026-11-22\neither: [c]")
    assert validate(document, Shape) == Shape(
        names=("a", "b"), day=date(2026, 11, 22), either=("c",)
    )


def test_a_model_s_own_rule_is_said_in_its_own_words() -> None:
    text = "commands: {a: {do: repeat, go: b}}"
    document = read_yaml(Path("f.yaml"), text=text)
    validate(document, FlowFile)
    found = [str(p) for p in document.problems if "exactly" in p.message]
    assert found == ["f.yaml:1:15: a command needs exactly one of 'do' and 'go'"]


def test_an_unreadable_document_gives_nothing_more() -> None:
    document = read_yaml(Path("f.yaml"), text="[")
    assert validate(document, FlowFile) is None
    assert len(document.problems) == 1
