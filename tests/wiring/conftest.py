"""The composition under settings of its own."""

from __future__ import annotations

import os

import pytest
from recorded_answers import AT

from ivr.flow.flow import Flow
from ivr.wiring.asking import Asking


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """None but those that a test gives."""
    for name in [name for name in os.environ if name.startswith("IVR_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def asking(shipped: Flow) -> Asking:
    """What the shipped flow expects, in Japanese, where it asks for something."""
    return Asking(shipped, "ja", AT)
