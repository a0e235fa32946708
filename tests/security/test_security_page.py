"""docs/security.md names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
CITED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))
THREATS = [line for line in PAGE.splitlines() if re.match(r"\| \*\*[STRIDE]\*\* ", line)]


@pytest.mark.parametrize(("path", "name"), CITED)
def test_what_the_page_cites_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert not name or (name.startswith("test_") and name in functions)


def test_every_threat_has_a_defence_and_a_test() -> None:
    assert {line[4] for line in THREATS} == set("STRIDE")
    for line in THREATS:
        _, defence, shown_by = [cell.strip() for cell in line.strip("|").split("|")]
        assert defence
        assert "`tests/" in shown_by


def test_every_test_of_this_room_is_on_the_page() -> None:
    own = {f"tests/security/{path.name}" for path in Path(__file__).parent.glob("test_*.py")}
    own.discard("tests/security/test_security_page.py")
    assert own == {path for path, _ in CITED if path.startswith("tests/security/")}
