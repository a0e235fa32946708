"""The house rules of docs/architecture.md: floors, sizes, time, twins."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter import api  # noqa: F401  (sets import-linter up for use without its command)
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "ivr").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
WRITTEN = [
    path
    for pattern in ("ivr/**/*", "tests/**/*", "flows/**/*", "grammars/**/*", "docs/**/*", "*.md")
    for path in sorted(ROOT.glob(pattern))
    if path.suffix in {".py", ".yaml", ".md", ".mako", ".ini"}
]
#: Top-level tests that hold the whole project to something, not one module of ``ivr``.
WHOLE = {
    "test_app",
    "test_application",
    "test_application_troubles",
    "test_dependencies",
    "test_docs",
    "test_floors",
    "test_requirements",
}
LONGEST = 400
#: Reading or passing time; ``ivr/clock.py`` alone may (durations: ``time.perf_counter``).
TIME = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.sleep",
}


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_names(tree: ast.AST) -> dict[str, str]:
    """Local name -> what it stands for, as a dotted path."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                names[name] = alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return names


def uses_of_time(source: str) -> Iterator[tuple[int, str]]:
    """(line, dotted path) of every mention of one of TIME, called or passed on."""
    tree = ast.parse(source)
    names = imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            head, _, rest = ast.unparse(node).partition(".")
            path = f"{names.get(head, head)}.{rest}".rstrip(".")
            if head in names and path in TIME:
                yield node.lineno, path


def test_every_floor_imports_only_from_floors_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="pyproject.toml", cache_dir=None, no_logo=True)


def test_the_import_rules_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = tmp_path / "sample_house"
    house.mkdir()
    (house / "__init__.py").touch()
    (house / "upstairs.py").touch()
    (house / "cellar.py").write_text("import sample_house.upstairs\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_package = "sample_house"\n'
        '[[tool.importlinter.contracts]]\nname = "floors"\ntype = "layers"\n'
        'containers = ["sample_house"]\nlayers = ["upstairs", "cellar"]\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not lint_imports(config_filename="pyproject.toml", cache_dir=None, no_logo=True)


def test_no_module_is_too_long() -> None:
    lengths = {short(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_says_what_it_is() -> None:
    silent = [short(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_a_module_is_a_noun() -> None:
    shapeless = {"utils", "util", "helpers", "helper", "misc", "common"}
    assert [short(path) for path in MODULES if path.stem in shapeless] == []


def test_time_comes_only_from_the_clock() -> None:
    found = [
        f"{short(path)}:{line}: {what}"
        for path in MODULES
        if short(path) != "ivr/clock.py"
        for line, what in uses_of_time(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(1)",
        "import time as t\nt.time()",
        "from time import sleep as nap\nnap(1)",
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime\nfield(default_factory=datetime.utcnow)",
        "import datetime as dt\ndt.date.today()",
    ],
)
def test_the_search_for_time_finds_it(source: str) -> None:
    assert [line for line, _ in uses_of_time(source)] == [2]


@pytest.mark.parametrize(
    "source", ["clock.now()\nclock.sleep(1)", "import time\ntime.perf_counter()", "sleep = 3"]
)
def test_the_search_for_time_leaves_clocks_alone(source: str) -> None:
    assert list(uses_of_time(source)) == []


def test_the_clock_itself_reads_time() -> None:
    assert list(uses_of_time((ROOT / "ivr/clock.py").read_text()))


def test_tests_mirror_the_rooms() -> None:
    rooms = {path.parent.name for path in (ROOT / "ivr").glob("*/__init__.py")}
    furnished = {path.relative_to(ROOT / "ivr").parts[0] for path in MODULES if is_room_code(path)}
    tested = {path.relative_to(ROOT / "tests").parts[0] for path in TESTS if in_a_room(path)}
    # "security" attacks the whole house; "speech_model" stands beside it.
    beside = {"fakes", "support", "security", "speech_model"}
    assert tested - rooms - beside == set(), "tests of rooms that do not exist"
    assert furnished - tested == set(), "rooms without tests"


def is_room_code(path: Path) -> bool:
    return len(path.relative_to(ROOT / "ivr").parts) > 1 and path.name != "__init__.py"


def in_a_room(path: Path) -> bool:
    return len(path.relative_to(ROOT / "tests").parts) > 1


def test_top_level_tests_belong_to_top_level_modules() -> None:
    modules = {f"test_{path.stem}" for path in (ROOT / "ivr").glob("*.py")}
    assert {path.stem for path in (ROOT / "tests").glob("test_*.py")} - modules - WHOLE == set()


def test_test_files_have_names_of_their_own() -> None:
    names = Counter(path.name for path in TESTS if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
    left = [
        f"{short(path)}:{number}"
        for path in WRITTEN
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if later.search(line)
    ]
    assert left == []


def test_the_house_does_not_know_how_its_speech_model_is_made() -> None:
    knowing = [
        path
        for path in MODULES
        if re.search(r"^\s*(from|import) speech_model", path.read_text(), re.MULTILINE)
    ]
    assert knowing == []
