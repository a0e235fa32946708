"""Fixtures for hearing."""

from __future__ import annotations

from pathlib import Path

import pytest

import ivr.hearing
from ivr.hearing.model import SpeechModel, load_model

SHIPPED = Path(ivr.hearing.__file__).parent / "rehearsal_model/ja"


@pytest.fixture(scope="session")
def model_path() -> Path:
    """The folder of the shipped model."""
    return SHIPPED


@pytest.fixture(scope="session")
def speech_model(model_path: Path) -> SpeechModel:
    """The shipped model, loaded once."""
    return load_model(model_path)
