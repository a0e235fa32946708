"""docs/asvs.md holds every requirement of ASVS 5.0.0 once, and what it says is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from citations import CITATION, ROOT, absent, rows

PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
#: Numbers and levels of the standard, read off its release v5.0.0.
LEVELS = dict(
    line.split("\t")
    for line in (Path(__file__).parent / "asvs_5_0_0.tsv").read_text(encoding="utf-8").splitlines()
)
ROWS = rows(PAGE, r"V\d+\.\d+\.\d+ \| \d")
ELSEWHERE = [row for row in rows(PAGE, r"V[\d.]+") if len(row) == 2]
STATES = {"met", "partly", "not met", "yours"}
LINK = re.compile(r"\]\(\w+\.md")


def test_every_requirement_is_there_once_with_its_level() -> None:
    applies = [number for number, *_ in ROWS]
    others = [
        number
        for given, _ in ELSEWHERE
        for number in LEVELS
        if number == given or number.startswith(f"{given}.")
    ]
    assert len(applies) + len(others) == len({*applies, *others}) == len(LEVELS) == 345
    assert {number: level for number, level, *_ in ROWS}.items() <= LEVELS.items()
    assert all(why for _, why in ELSEWHERE)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_requirement_says_where_it_stands(row: list[str]) -> None:
    _, _, what, state, how, shown_by = row
    assert what
    assert state in STATES
    assert how
    # What is done is shown by a test; what is not has none to show.
    assert bool(shown_by) == (state in {"met", "partly"})
    assert {cell for cell in shown_by.split(", ") if cell and not CITATION.fullmatch(cell)} == set()
    assert absent(shown_by) == []
    if "documented" in what:
        assert LINK.search(how)


def test_the_sums_are_those_of_the_rows() -> None:
    told = dict(re.findall(r"^\| level (\d) \| (\d+ \| \d+ \| \d+ \| \d+) \|", PAGE, re.MULTILINE))
    counted = {
        level: " | ".join(
            str(sum(row[1] == level and row[3] == state for row in ROWS))
            for state in ("met", "partly", "not met", "yours")
        )
        for level in "123"
    }
    assert told == counted
    assert f"of the {len(ROWS)} requirements that apply" in PAGE


#: Libraries of cryptography; ``hashlib`` alone also makes the digests of files.
CRYPTOGRAPHY = {"cryptography", "joserfc", "hmac", "ssl"}


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    found |= {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    return {name.partition(".")[0] for name in found}


def test_the_inventory_of_cryptography_is_whole() -> None:
    section = PAGE.partition("## Where cryptography is used")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`(ivr/[\w/]+\.py)`", section))
    using = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ivr").rglob("*.py")
        if _imports(path) & CRYPTOGRAPHY
    }
    assert using == listed, "docs/asvs.md, Where cryptography is used"


def _runs_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        shell = any(
            k.arg == "shell" and isinstance(k.value, ast.Constant) and k.value.value
            for k in node.keywords
        )
        return shell or name in {"eval", "exec", "compile", "os.system", "os.popen"}
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
        return bool(names & {"pickle", "marshal", "shelve", "dill"})
    return False


@pytest.mark.parametrize(
    "text",
    ["eval('1')", "import pickle", "from marshal import loads", "run('ls', shell=True)",
     "os.system('ls')"],
)  # fmt: skip
def test_running_text_is_found(text: str) -> None:
    assert any(map(_runs_text, ast.walk(ast.parse(text))))


def test_the_program_runs_no_text_as_code() -> None:
    files = [ROOT / "app.py", *(ROOT / "ivr").rglob("*.py")]
    found = {
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _runs_text(node)
    }
    assert found == set()
