"""The docs say what the program does: settings, commands, links, and both READMEs the same."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import click
import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from ivr.cli import cli
from ivr.settings import Settings, load_settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("benchmarks/**/*.md")])
#: A file of the project named in a code span.
PATH = re.compile(r"`((?:ivr|docs|tests|flows|grammars)/[\w./-]+\.\w+)(?::\d+)?`")
READMES = ("README.md", "README.ja.md")
#: Variables that the program reads beside the settings.
OTHER_VARIABLES = {"IVR_ENV_FILE"}


# --- settings -----------------------------------------------------------------------------


def settings_table() -> dict[str, list[str]]:
    """Setting -> the other cells of its row in docs/settings.md."""
    rows: dict[str, list[str]] = {}
    for line in (DOCS / "settings.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `IVR_") and len(cells) == 6:
            name = cells[0].strip("`")
            assert name not in rows, f"{name} is documented twice"
            rows[name] = cells[1:]
    return rows


def is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))


def kind(field: FieldInfo) -> str:
    """How the page names a type."""
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    if get_origin(field.annotation) is dict:
        return "JSON object"
    if get_origin(field.annotation) is tuple:
        choices, _ = get_args(field.annotation)
        return f"list of {', '.join(f'`{choice}`' for choice in get_args(choices))}"
    words: dict[Any, str] = {bool: "true or false", int: "integer", float: "number", Path: "path"}
    word = words.get(field.annotation, "text")
    bounds = {type(m).__name__: getattr(m, type(m).__name__.lower(), None) for m in field.metadata}
    return f"{word} {bounds['Ge']}–{bounds['Le']}" if "Ge" in bounds else word


def default(field: FieldInfo) -> str:
    """How the page writes a default."""
    value: Any = field.default
    if isinstance(value, tuple):
        value = ",".join(value)
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return f"`{text.lower() if isinstance(value, bool) else text}`" if text else "empty"


def fields() -> list[tuple[str, FieldInfo]]:
    return [(f"IVR_{name.upper()}", field) for name, field in Settings.model_fields.items()]


def test_exactly_the_settings_are_documented_in_their_order() -> None:
    assert list(settings_table()) == [name for name, _ in fields()]


@pytest.mark.parametrize(("name", "field"), fields(), ids=[name for name, _ in fields()])
def test_a_setting_is_described_as_it_is(name: str, field: FieldInfo) -> None:
    documented = settings_table()[name]
    assert documented[:3] == [kind(field), default(field), "yes" if is_secret(field) else "no"]
    assert documented[4].endswith((".", "`."))


def test_what_production_requires_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, _ in fields():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("IVR_ENV_FILE", raising=False)
    problems = load_settings(mode="production", check_signatures=False).production_problems()
    missing = {found[1] for p in problems if (found := re.match(r"(IVR_\w+) is missing$", p))}
    refused = {found[0] for p in problems if (found := re.match(r"IVR_[A-Z_]+", p))} - missing
    table = settings_table()
    assert {name for name, cells in table.items() if cells[3] == "required"} == missing
    assert {n for n, c in table.items() if c[3] not in {"", "required", "with `smtp`"}} == refused


def test_no_page_names_a_variable_that_does_not_exist() -> None:
    known = {name for name, _ in fields()} | OTHER_VARIABLES
    wrong = {
        (page.name, name)
        for page in [*PAGES, ROOT / "Makefile"]
        for name in re.findall(r"\bIVR_[A-Z][A-Z_]*[A-Z]\b", page.read_text())
        if name not in known
    }
    assert wrong == set()


def test_the_example_env_file_is_a_production_that_would_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, _ in fields():
        monkeypatch.delenv(name, raising=False)
    block = re.search(r"```ini\n(.*?)```", (DOCS / "settings.md").read_text(), re.DOTALL)
    assert block
    example = tmp_path / "honnin.env"
    monkeypatch.setenv("IVR_ENV_FILE", str(example))
    example.write_text(block[1])
    left = [line.partition("=")[0] for line in block[1].splitlines() if "replace-me" in line]
    assert load_settings().production_problems() == [
        f"{name} is still the example's: put your own in" for name, _ in fields() if name in left
    ]
    example.write_text(block[1].replace("replace-me", "mine"))
    settings = load_settings()
    assert settings.mode == "production"
    assert settings.production_problems() == []


# --- commands -----------------------------------------------------------------------------


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "generate_commands", DOCS / "generate_commands.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def contexts() -> list[click.Context]:
    return list(generator().walk(cli, None, "ivr"))


def test_the_commands_page_is_what_the_commands_say() -> None:
    page = (DOCS / "commands.md").read_text()
    assert page == generator().render(cli), "run 'make docs'"


def test_every_command_and_option_explains_itself() -> None:
    silent = [context.command_path for context in contexts() if not context.command.help]
    silent += [
        f"{context.command_path} {option.opts[0]}"
        for context in contexts()
        for option in context.command.params
        if isinstance(option, click.Option) and not (option.help or option.hidden)
    ]
    assert silent == []


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def named_commands(text: str) -> set[str]:
    """Every `make …` and `ivr …` in code spans and code blocks, without arguments."""
    code = "\n".join(spans(text))
    paths = {context.command_path for context in contexts()}
    found = {f"make {target}" for target in re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)\b", code)}
    for line in re.findall(r"(?:^|[\s/])ivr((?: [a-z]+(?:-[a-z]+)*)+)", code, re.MULTILINE):
        words = ["ivr", *line.split()]
        while len(words) > 2 and " ".join(words) not in paths:
            words.pop()
        found.add(" ".join(words))
    return found


def spans(text: str) -> list[str]:
    """The content of code blocks and of code spans outside them."""
    blocks = re.findall(r"```[^\n]*\n(.*?)```", text, re.DOTALL)
    return blocks + re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_a_page_names_exists(page: Path) -> None:
    known = {context.command_path for context in contexts()}
    known |= {f"make {target}" for target in make_targets()}
    assert named_commands(page.read_text()) - known == set()


def test_both_readmes_name_the_same_commands() -> None:
    english, japanese = (named_commands((ROOT / name).read_text()) for name in READMES)
    assert english == japanese
    assert {"make demo", "make test"} <= english


def test_ci_runs_only_what_the_readme_names() -> None:
    run = re.findall(r"^run (.+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert "make test" in run
    assert set(run) - named_commands((ROOT / "README.md").read_text()) == set()


# --- links --------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors that headings get where this is hosted: words in small letters, joined by -."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_internal_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_of_the_docs_can_be_found() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve()
        for page in PAGES
        for link in re.findall(r"\]\(([^)\s:]+)\)", page.read_text())
    }
    lost = [p.relative_to(ROOT).as_posix() for p in DOCS.rglob("*.md") if p.resolve() not in linked]
    assert lost == []


# --- the house ----------------------------------------------------------------------------


def test_the_architecture_page_shows_every_room() -> None:
    page = (DOCS / "architecture.md").read_text()
    rooms = {path.parent.name for path in (ROOT / "ivr").glob("*/__init__.py")}
    modules = {path.name for path in (ROOT / "ivr").glob("*.py")} - {"__init__.py"}
    assert {name for name in rooms | modules if f"`ivr/{name}" not in page} == set()


def test_paths_that_pages_name_exist() -> None:
    wrong = {
        (page.name, path)
        for page in PAGES
        for path in re.findall(
            r"`((?:ivr|docs|tests|flows|grammars)/[\w./-]+\.\w+)`", page.read_text()
        )
        if not (ROOT / path).exists()
    }
    assert wrong == set()


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((DOCS / "decisions").glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in (DOCS / "decisions").glob("[0-9]*.md"):
        assert re.match(
            rf"# {path.name[:4]}: .+\n\nStatus: (accepted|replaced by)", path.read_text()
        )
