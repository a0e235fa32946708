"""Fixtures for understanding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from ivr.understanding import slots
from ivr.understanding.value import Hypothesis, Understood

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def today() -> date:
    return TODAY


@pytest.fixture(scope="session")
def hear() -> Callable[..., Understood]:
    """Parse one certain utterance: ``hear("birthdate", "昭和六十年三月五日")``."""

    def parse(slot_type: str, text: str, language: str = "ja", **options: object) -> Understood:
        return slots.parse(
            slot_type,
            [Hypothesis(text, 1.0)],
            language=language,
            today=TODAY,
            **options,  # type: ignore[arg-type]
        )

    return parse
