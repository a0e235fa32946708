"""docs/threats.md looks at every boundary from every side, and its tests exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from citations import CITATION, ROOT, absent, rows

PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
#: Heading -> its rows.
BOUNDARIES = {
    section.partition("\n")[0]: rows(section, r"\*\*[STRIDE]\*\* ?[^|]*")
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
}
ROWS = [(name, row) for name, found in BOUNDARIES.items() for row in found]
OPEN = "*Open*: "


def test_there_are_boundaries_by_number() -> None:
    assert [name.partition(".")[0] for name in BOUNDARIES] == [str(n) for n in range(1, 9)]


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_every_boundary_is_looked_at_from_all_six_sides(boundary: str) -> None:
    assert {row[0][2] for row in BOUNDARIES[boundary]} == set("STRIDE")


@pytest.mark.parametrize(("boundary", "row"), ROWS, ids=lambda value: str(value)[:60])
def test_a_threat_has_a_defence_with_a_test_or_says_that_it_has_none(
    boundary: str, row: list[str]
) -> None:
    threat, defence, shown_by = row
    assert defence
    is_open = OPEN in f"{threat} {defence}"
    assert bool(CITATION.search(shown_by)) != is_open
    assert len(threat) > len("**S** ") or is_open
    assert absent(shown_by) == []


def test_every_test_of_this_room_is_on_a_page() -> None:
    pages = "".join(
        (ROOT / "docs" / name).read_text(encoding="utf-8")
        for name in ("security.md", "threats.md", "asvs.md")
    )
    here = Path(__file__).parent
    own = {f"tests/security/{path.name}" for path in here.glob("test_*.py")}
    own -= {f"tests/security/{path.name}" for path in here.glob("test_*_page.py")}
    assert own - {path for path, _ in CITATION.findall(pages)} == set()
