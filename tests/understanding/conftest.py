"""Fixtures for understanding."""

from __future__ import annotations

import pytest

from ivr.understanding.ja import name_dictionary
from ivr.understanding.ja.name_dictionary import NameDictionary


@pytest.fixture(scope="session")
def dictionary() -> NameDictionary:
    """The dictionary of names, loaded once (about a second)."""
    return name_dictionary.load()
