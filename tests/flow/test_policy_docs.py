"""docs/policy.md describes exactly the schema, the factors, the signals and the flags."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from ivr.flow import policy
from ivr.flow.model import Strict
from ivr.flow.signals import FLAGS, OF_THE_CLAIM, OF_THE_NUMBER
from ivr.identity.risk.sources import MOST_AT_ONCE

PAGE = (Path(__file__).parents[2] / "docs/policy.md").read_text(encoding="utf-8")
#: Each table of keys, in the order of the page.
MODELS: list[type[Strict]] = [
    policy.PolicyFile,
    policy.Levels,
    policy.Action,
    policy.Withhold,
    policy.KnownCaller,
    policy.Risk,
    policy.Rule,
    policy.Band,
]


def tables(head: str) -> list[dict[str, str]]:
    """First cell -> second cell, of each table with this head."""
    found = []
    for part in PAGE.split(f"| {head} |\n")[1:]:
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", part.partition("\n\n")[0], re.MULTILINE)
        found.append(dict(rows))
    return found


@pytest.mark.parametrize("index", range(len(MODELS)))
def test_every_key_stands_in_its_table_with_its_default(index: int) -> None:
    documented = tables("key | default | meaning")[index]
    fields = MODELS[index].model_fields
    assert set(documented) == set(fields)
    for key, default in documented.items():
        field = fields[key]
        if field.is_required():
            assert default == "required", key
        elif field.default is None:
            assert default == "–", key
        elif isinstance(field.default, BaseModel):
            assert default.startswith("see ["), key
        elif MODELS[index] is policy.Levels:
            assert default == "the floor", key
        elif field.default in ({}, ()):
            assert default == "none", key
        else:
            assert default == f"`{str(field.default).lower()}`", key


def test_every_model_is_described() -> None:
    known = {
        kind
        for kind in vars(policy).values()
        if isinstance(kind, type) and issubclass(kind, Strict) and kind is not Strict
    }
    assert known == set(MODELS)
    assert len(tables("key | default | meaning")) == len(MODELS)


def test_every_signal_flag_and_factor_in_its_own_words() -> None:
    number, claim = tables("signal | tells")
    assert number == dict(OF_THE_NUMBER)
    assert claim == dict(OF_THE_CLAIM)
    assert tables("flag | tells") == [dict(FLAGS)]
    assert set(tables("factor | shown when")[0]) == set(policy.FACTORS)


def test_numbers_on_the_page_are_those_of_the_program() -> None:
    assert f"While {MOST_AT_ONCE} questions to it hang" in PAGE
    assert f"`1m` to `{policy.LONGEST_KNOWN_MIN}m`" in PAGE
    assert policy.Levels().verified == (
        ("birthdate", "name", "code_sms"),
        ("birthdate", "name", "code_voice"),
    )
    assert {*policy.FLOOR.verified} - {*policy.Levels().verified} == {
        ("birthdate", "name", policy.RECENT)
    }
    assert "verified: [[birthdate, name, code_sms], [birthdate, name, code_voice]]" in PAGE
