"""Tests that pages of the docs cite as ``tests/…py`` or ``tests/…py::name``, and whether they
exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: One citation: path, and the name of a test or nothing.
CITATION = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


@cache
def functions_of(path: str) -> frozenset[str]:
    """The names of a file's functions; ``path`` from the root."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def absent(text: str) -> list[str]:
    """What ``text`` cites and is not there, or is no test."""
    missing = []
    for path, name in CITATION.findall(text):
        if not (ROOT / path).is_file():
            missing.append(path)
        elif name and (not name.startswith("test_") or name not in functions_of(path)):
            missing.append(f"{path}::{name}")
    return missing


def rows(page: str, first: str) -> list[list[str]]:
    """The cells of the table rows whose first cell fits the pattern ``first``."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if re.match(rf"\| {first} \|", line)
    ]
