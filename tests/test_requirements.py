"""docs/requirements.md is complete, and what it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/requirements.md").read_text()
EXPECTED = [
    f"{letter}{number}"
    for letter, last in {"V": 14, "L": 5, "O": 8, "A": 8, "P": 5, "D": 7}.items()
    for number in range(1, last + 1)
]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| [A-Z]\d+ \|", line)
]
STATES = {"met", "partly", "not yet"}
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def test_every_requirement_is_there_once_in_order() -> None:
    assert [row[0] for row in ROWS] == EXPECTED


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_is_whole_and_honest(row: list[str]) -> None:
    _, requirement, state, where, shown_by, missing = row
    assert requirement
    assert state in STATES
    # What works says where and is shown by tests; what does not says what is missing.
    assert bool(where) == (state != "not yet")
    assert bool(TEST.search(shown_by)) == (state != "not yet")
    assert bool(missing) == (state != "met")


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_a_row_names_exists(row: list[str]) -> None:
    absent = []
    for path, function in TEST.findall(row[4]):
        if not (ROOT / path).is_file():
            absent.append(path)
        elif function and (not function.startswith("test_") or function not in functions_of(path)):
            absent.append(f"{path}::{function}")
    absent += [
        path
        for path in re.findall(r"`((?:ivr|flows|grammars|docs)/[\w./-]+)`", row[3])
        if not (ROOT / path).exists()
    ]
    assert absent == []


def test_nothing_is_called_a_test_in_another_spelling() -> None:
    cited = {cell for row in ROWS for cell in row[4].split(", ") if cell}
    assert {cell for cell in cited if not TEST.fullmatch(cell)} == set()
