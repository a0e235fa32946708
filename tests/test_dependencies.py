"""What is installed: declared, locked with hashes, documented, under licences we can keep."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from audit_tool import audit
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
#: Extras that no lock holds: PyTorch's would bind it to one kind of accelerator.
UNLOCKED_EXTRAS = {"model"}
#: The only locked packages with LGPL licences; all belong to the extra ``postgres``.
LGPL = {"psycopg", "psycopg-binary"}
#: Distributions of the unlocked extras whose modules have another name.
PROVIDED_BY = {"pyopenjtalk": "pyopenjtalk-plus"}
#: Between the last release of a package and the newest of any.
SILENCE = timedelta(days=3 * 365)

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
OWN_NAME = PROJECT["project"]["name"]


def required(lines: list[str]) -> dict[str, Requirement]:
    found: dict[str, Requirement] = {canonicalize_name(r.name): r for r in map(Requirement, lines)}
    found.pop(OWN_NAME, None)
    return found


RUNTIME = required(PROJECT["project"]["dependencies"])
EXTRAS = {
    extra: required(lines) for extra, lines in PROJECT["project"]["optional-dependencies"].items()
}
BUILD = required(PROJECT["dependency-groups"]["build"])
EVERYTHING = {**RUNTIME, **BUILD, **{n: r for extra in EXTRAS.values() for n, r in extra.items()}}


def locked(lock: str) -> dict[str, str]:
    """Package -> version."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def hashes(lock: str) -> dict[str, set[str]]:
    """Release, as ``package==version`` -> SHA-256 of its files."""
    packages = re.split(r"^(?=[a-z0-9-]+==)", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    found: dict[str, set[str]] = {package.split()[0]: set() for package in packages}
    for package in packages:
        found[package.split()[0]] |= set(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", package))
    return found


def documented() -> dict[str, list[str]]:
    """Package -> the other cells of its row in docs/dependencies.md."""
    rows: dict[str, list[str]] = {}
    for line in (ROOT / "docs/dependencies.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 7 and re.match(r"[a-z]", cells[0]):
            assert cells[0] not in rows, f"{cells[0]} is documented twice"
            rows[cells[0]] = cells[1:]
    return rows


def imported(folder: str) -> Iterator[tuple[str, str]]:
    """(file, top-level module) of every import that is neither Python's own nor ours."""
    ours = {"ivr", "app", "speech_model"} | {path.stem for path in (ROOT / "tests").rglob("*.py")}
    ours |= {path.parent.name for path in (ROOT / "tests").rglob("*.py")}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for module in {name.partition(".")[0] for name in names}:
                if module not in ours | sys.stdlib_module_names | {"_typeshed"}:
                    yield path.relative_to(ROOT).as_posix(), module


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("ivr", RUNTIME | EXTRAS["postgres"] | EXTRAS["voice"]),
        ("speech_model", RUNTIME | EXTRAS["model"]),
        ("tests", EVERYTHING),
        ("docs", RUNTIME),
    ],
)
def test_whatever_is_imported_is_declared(folder: str, allowed: dict[str, Requirement]) -> None:
    providers = importlib.metadata.packages_distributions()
    undeclared = {
        (path, module)
        for path, module in imported(folder)
        if not {
            canonicalize_name(name)
            for name in providers.get(module, [PROVIDED_BY.get(module, module)])
        }
        & set(allowed)
    }
    assert undeclared == set()


def test_what_builds_the_project_is_locked_with_it() -> None:
    build_system = required(PROJECT["build-system"]["requires"])
    assert {n: str(r) for n, r in build_system.items()} == {n: str(r) for n, r in BUILD.items()}
    first = locked("requirements-build.lock")
    assert set(first) == set(BUILD)
    assert first.items() <= locked("requirements-dev.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_answers_every_declared_dependency(lock: str) -> None:
    wanted = RUNTIME | BUILD | EXTRAS["postgres"]
    if lock == "requirements-dev.lock":
        for extra in EXTRAS.keys() - UNLOCKED_EXTRAS:
            wanted |= EXTRAS[extra]
    versions = locked(lock)
    unmet = [
        str(requirement)
        for name, requirement in wanted.items()
        if name not in versions or not requirement.specifier.contains(versions[name])
    ]
    assert unmet == [], "run 'make lock'"


def test_both_locks_agree() -> None:
    production, development = (locked(lock) for lock in LOCKS)
    assert production.items() <= development.items(), "run 'make lock'"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock"])
def test_a_release_has_the_same_hashes_in_every_lock(lock: str) -> None:
    """How many files a release has, no lock says: a hash that was taken out shows in the other."""
    fewer, more = hashes(lock), hashes("requirements-dev.lock")
    assert {release: more.get(release) for release in fewer} == fewer, "run 'make lock'"


@pytest.mark.parametrize("lock", [*LOCKS, "requirements-build.lock"])
def test_every_locked_package_has_hashes_and_no_lock_names_a_place(lock: str) -> None:
    text, releases = (ROOT / lock).read_text(), hashes(lock)
    # One package may be locked in two versions, for an older and a newer Python.
    assert {release.partition("==")[0] for release in releases} == set(locked(lock)) != set()
    assert [release for release, files in releases.items() if not files] == []
    assert re.search(r"https?://|file:|--(extra-)?index-url|--find-links", text) is None


def test_exactly_the_dependencies_are_documented() -> None:
    assert set(documented()) == set(EVERYTHING)


@pytest.mark.parametrize("name", sorted(set(locked("requirements-dev.lock")) & set(EVERYTHING)))
def test_a_dependency_is_documented_as_it_is(name: str) -> None:
    purpose, version, released, licence, size, why = documented()[name]
    assert purpose
    assert why.endswith(".")
    assert version == locked("requirements-dev.lock")[name]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", released)
    assert re.fullmatch(r"\d+(\.\d)? MB", size)
    installed = audit.stated_licence(name)
    assert licence in installed or installed in SAME_LICENCE.get(licence, set())


def test_what_is_released_no_more_is_said() -> None:
    """Of Vosk, by its author's silence; a second such package would have to be written down."""
    released = {name: date.fromisoformat(row[2]) for name, row in documented().items()}
    silent = {name for name, day in released.items() if max(released.values()) - day > SILENCE}
    assert silent == {"vosk"}
    assert "has released nothing since" in documented()["vosk"][-1]


#: How packages without a licence expression state the same licence.
SAME_LICENCE = {
    "Apache-2.0": {"OSI Approved :: Apache Software License"},
    "BSD-2-Clause": {"BSD 2-Clause License"},
    "MIT": {"OSI Approved :: MIT License"},
}


def test_no_locked_package_is_under_a_licence_we_cannot_keep() -> None:
    installed = {canonicalize_name(d.name): d for d in importlib.metadata.distributions()}
    names = set(locked("requirements-dev.lock")) & set(installed)
    assert len(names) > 60, "too few of the locked packages are installed here to judge"
    stated = {name: audit.stated_licence(name) for name in names}
    assert {name for name, licence in stated.items() if not licence} == set()
    gpl = {name for name, licence in stated.items() if re.search("GPL|General Public", licence)}
    assert gpl == LGPL
    assert LGPL.isdisjoint(RUNTIME), "psycopg is an extra"
