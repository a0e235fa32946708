"""docs/rehearsal.md names everything that a call file, the commands and the results hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import click
import pytest
from bot_server import small_flow
from fakes.sound_files import write_wav
from fakes.voices import hum
from pydantic import BaseModel

from ivr.commands.call import call
from ivr.commands.rehearse import rehearse
from ivr.rehearsal import callfile
from ivr.rehearsal.callfile import CallFile, load_call
from ivr.rehearsal.twiml_document import _TOP
from ivr.rehearsal.world import _never_placed

DOC = Path(__file__).parents[2] / "docs" / "rehearsal.md"
TEXT = DOC.read_text(encoding="utf-8")
MODELS = [
    model
    for model in vars(callfile).values()
    if isinstance(model, type)
    and issubclass(model, BaseModel)
    and model.__module__ == callfile.__name__
    and model is not callfile.Outage  # how `database` is parsed, no part of the file
]


def named(word: str) -> bool:
    return re.search(rf"`{re.escape(word)}`", TEXT) is not None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_of_a_call_file_is_documented(model: type[BaseModel]) -> None:
    assert [name for name in model.model_fields if not named(name) and name != "bot"] == []
    assert "`bot: PROMPT`" in TEXT


def test_all_models_are_looked_at() -> None:
    assert {"CallFile", "CallerStep", "World", "Expect", "CallCustomer"} <= {
        model.__name__ for model in MODELS
    }


@pytest.mark.parametrize("kind", ["AgentAct", "Level", "Ended"])
def test_every_word_of_a_closed_list_is_documented(kind: str) -> None:
    assert [word for word in get_args(getattr(callfile, kind)) if not named(word)] == []


@pytest.mark.parametrize("command", [call, rehearse], ids=lambda command: command.name)
def test_every_option_is_documented(command: click.Command) -> None:
    options = [
        name
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
    ]
    assert options
    assert [name for name in options if f"`{name}" not in TEXT] == []


def test_every_key_of_the_json_is_documented() -> None:
    call_file = CallFile.model_construct(call="a call")
    keys = _never_placed(call_file, []).as_json()
    assert [key for key in keys if not named(key)] == []


def test_every_verb_is_documented() -> None:
    assert [verb for verb in _TOP if not named(verb)] == []


def test_the_example_is_a_call_file(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert len(example) == 1
    write_wav(tmp_path / "yamada-taro.wav", hum(0.5))
    path = tmp_path / "example.yaml"
    path.write_text(example[0], encoding="utf-8")
    assert load_call(path, flows={"verify": small_flow()}).expect.level == "verified"
