"""Fixtures for flows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from small_flow import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The small flow, sound, in the working directory."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)
