"""docs/flows.md describes exactly the schema: every key with its default, every kind, check and
outcome."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic.fields import FieldInfo

from ivr.flow import destinations, grammars, model, opening_hours
from ivr.flow.nodes import MAX_DEPTH
from ivr.flow.rules.texts import LONGEST_S
from ivr.flow.source import MAX_BYTES
from ivr.understanding.slot_types import SLOT_TYPES

PAGE = (Path(__file__).parents[2] / "docs/flows.md").read_text(encoding="utf-8")

ASKING = set(model.Asking.model_fields)
#: Heading -> the tables of keys below it: a model, and keys described elsewhere.
TABLES: dict[str, list[tuple[type[model.Strict], set[str]]]] = {
    "The file": [(model.FlowFile, set())],
    "Limits": [(model.Limits, set())],
    "Exits": [(model.FlowExits, set())],
    "Asking again": [(model.Retry, set())],
    "Slots": [(model.Slot, set())],
    "Commands": [(model.Command, set())],
    "say": [(model.SayState, set())],
    "Every state that listens": [(model.Asking, set())],
    "Listening": [(model.Listen, set())],
    "choose": [(model.ChooseState, ASKING), (model.Choice, set())],
    "collect": [(model.CollectState, ASKING)],
    "missing": [(model.Missing, set())],
    "check": [(model.CheckState, set())],
    "transfer": [(model.TransferState, set())],
    "routes": [(model.Route, set())],
    "end": [(model.EndState, set())],
    "Destinations": [
        (destinations.DestinationsFile, set()),
        (destinations.Destination, set()),
        (destinations.Overflow, set()),
    ],
    "Priority": [(destinations.Priority, set())],
    "Hours": [(opening_hours.OpeningHours, set())],
    "Prompts": [(model.PromptsFile, set())],
    "Grammars": [
        (grammars.GrammarFile, set()),
        (grammars.SamplesFile, set()),
        (grammars.Sample, set()),
        (grammars.NameValue, set()),
    ],
}
#: Models whose keys stand in another model's table: a state's own limits and exits.
SUBSETS: dict[type[model.Strict], type[model.Strict]] = {
    model.StateLimits: model.Limits,
    model.Exits: model.FlowExits,
}


def section(heading: str) -> str:
    """The text below a heading, up to the next."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/flows.md has no heading '{heading}'"
    return re.sub(r"```.*?```", "", found[1], flags=re.DOTALL)


def tables(heading: str) -> list[dict[str, str]]:
    """Key -> default, for each table of keys below a heading."""
    found = []
    for table in re.split(r"\| key \| default \| meaning \|\n\|[-|]+\|\n", section(heading))[1:]:
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", table.partition("\n\n")[0], re.MULTILINE)
        found.append(dict(rows))
    return found


def written(field: FieldInfo) -> set[str]:
    """How the default of a field may be written."""
    if field.is_required():
        return {"required"}
    if field.default is None:
        return {"–"}
    if isinstance(field.default, model.Strict):
        chapters = ("Limits", "Listening", "Priority")
        return {"the flow's"} | {f"see [{h}](#{h.lower()})" for h in chapters}
    if field.default in ({}, ()):
        return {"none"}
    text = str(field.default)
    return {f"`{text.lower() if isinstance(field.default, bool) else text}`"}


@pytest.mark.parametrize(
    ("heading", "index"), [(h, i) for h, models in TABLES.items() for i in range(len(models))]
)
def test_every_key_stands_in_its_table_with_its_default(heading: str, index: int) -> None:
    kind, elsewhere = TABLES[heading][index]
    fields = {k: f for k, f in kind.model_fields.items() if k not in elsewhere}
    documented = tables(heading)[index]
    assert set(documented) == set(fields)
    wrong = {key for key, default in documented.items() if default not in written(fields[key])}
    assert wrong == set()


def test_every_model_is_described() -> None:
    described = {kind for models in TABLES.values() for kind, _ in models} | set(SUBSETS)
    known = {
        kind
        for module in (model, grammars, destinations, opening_hours)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, model.Strict) and kind is not model.Strict
    }
    assert described == known
    for part, whole in SUBSETS.items():
        assert set(part.model_fields) < set(whole.model_fields)


def test_every_kind_has_its_chapter() -> None:
    kinds = {
        name
        for state in get_args(get_args(model.State)[0])
        for name in get_args(state.model_fields["kind"].annotation)
    }
    assert set(re.findall(r"^\| `(\w+)` \| ", section("States"), re.MULTILINE)) == kinds
    assert kinds <= set(TABLES)


def test_every_check_and_its_outcomes() -> None:
    table = section("check").partition("| check | does | outcomes |")[2]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (`[^|]+`) \|$", table, re.MULTILINE)
    documented = {check: tuple(re.findall(r"`(\w+)`", outcomes)) for check, outcomes in rows}
    assert documented == model.CHECK_OUTCOMES


def test_every_outcome_of_a_transfer() -> None:
    table = section("transfer").partition("| outcome | when |")[2]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == model.TRANSFER_OUTCOMES


def test_the_values_a_key_may_have() -> None:
    for value in (*SLOT_TYPES, "never", "unsure", "always"):
        assert f"`{value}`" in section("Slots")
    for value in ("repeat", "slower", "explain"):
        assert f"`{value}`" in section("Commands")
    for placeholder in model.PLACEHOLDERS:
        assert f"`{{{placeholder}}}`" in section("Prompts")


def test_bounds_are_those_of_the_schema() -> None:
    for heading, kind in (
        ("Limits", model.Limits),
        ("Listening", model.Listen),
        ("Slots", model.Slot),
    ):
        for key, field in kind.model_fields.items():
            bounds = {type(m).__name__: m for m in field.metadata}
            if "Ge" in bounds and "Le" in bounds:
                row = re.search(rf"^\| `{key}` .*$", section(heading), re.MULTILINE)
                assert row
                assert f"{bounds['Ge'].ge}–{bounds['Le'].le}" in row[0]
    assert f"more than {MAX_BYTES // 1_000_000} MB" in PAGE
    assert f"more than {MAX_DEPTH} levels" in PAGE.replace("\n", " ")
    assert f"at most {LONGEST_S:g} seconds" in PAGE
