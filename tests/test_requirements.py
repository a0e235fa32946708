"""docs/requirements.md is complete, and what it names exists."""

from __future__ import annotations

import re

import pytest
from citations import CITATION, ROOT, absent, rows

PAGE = (ROOT / "docs/requirements.md").read_text()
EXPECTED = [
    f"{letter}{number}"
    for letter, last in {"V": 14, "L": 5, "O": 8, "A": 8, "P": 5, "D": 7}.items()
    for number in range(1, last + 1)
]
ROWS = rows(PAGE, r"[A-Z]\d+")
STATES = {"met", "partly", "not yet"}


def test_every_requirement_is_there_once_in_order() -> None:
    assert [row[0] for row in ROWS] == EXPECTED


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_is_whole_and_honest(row: list[str]) -> None:
    _, requirement, state, where, shown_by, missing = row
    assert requirement
    assert state in STATES
    # What works says where and is shown by tests; what does not says what is missing.
    assert bool(where) == (state != "not yet")
    assert bool(CITATION.search(shown_by)) == (state != "not yet")
    assert bool(missing) == (state != "met")


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_what_a_row_names_exists(row: list[str]) -> None:
    missing = absent(row[4])
    missing += [
        path
        for path in re.findall(r"`((?:ivr|flows|grammars|docs)/[\w./-]+)`", row[3])
        if not (ROOT / path).exists()
    ]
    assert missing == []


def test_nothing_is_called_a_test_in_another_spelling() -> None:
    cited = {cell for row in ROWS for cell in row[4].split(", ") if cell}
    assert {cell for cell in cited if not CITATION.fullmatch(cell)} == set()
