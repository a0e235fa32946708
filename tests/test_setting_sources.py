"""Where settings come from: only our variables, and safely while others change the environment."""

from __future__ import annotations

import os
from collections import UserDict
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings, SettingsConfigDict

from ivr.setting_sources import OurVariables, unknown_in
from ivr.settings import Settings, load_settings


class _Small(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="IVR_")
    flow: str = "verify"
    company_ja: str = ""


@pytest.mark.parametrize("name", ["IVR_FLOW", "ivr_flow", "Ivr_Flow"])
def test_our_variables_in_either_case(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "other")
    assert OurVariables(_Small)()["flow"] == "other"
    assert load_settings().flow == "other"


def test_others_variables_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOW", "other")
    monkeypatch.setenv("XIVR_FLOW", "other")
    assert "flow" not in OurVariables(_Small)()
    assert not [name for name in OurVariables(_Small).env_vars if not name.startswith("ivr_")]


class _Going(UserDict[str, str]):
    """An environment of which another thread takes a variable, once its names were listed."""

    def __iter__(self) -> Iterator[str]:
        names = list(self.data)
        self.data.pop("IVR_COMPANY_JA", None)
        self.data.pop("PYTEST_CURRENT_TEST", None)
        return iter(names)


def test_a_variable_that_goes_while_it_is_read_was_never_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    going = _Going(IVR_FLOW="other", IVR_COMPANY_JA="つばめ", PYTEST_CURRENT_TEST="this")
    monkeypatch.setattr(os, "environ", going)
    assert OurVariables(_Small)() == {"flow": "other"}


def test_names_in_the_file_that_are_no_settings(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("IVR_FLOWW=x\nIVR_QQQQQQQQQQ=x\nOTHER=x\nIVR_MODE=rehearsal\n", "utf-8")
    assert unknown_in(str(file), Settings) == [
        "IVR_FLOWW (did you mean IVR_FLOW?)",
        "IVR_QQQQQQQQQQ",
    ]
