"""A calibration that the settings name makes probabilities of what a call hears."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.clock import ManualClock
from ivr.errors import SettingsError
from ivr.flow.grammars import read_grammar
from ivr.settings import Settings
from ivr.understanding.calibration import Calibration
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import Hypothesis
from ivr.wiring.listening import calibrated

ROOT = Path(__file__).parents[2]
CLOCK = ManualClock(datetime(2026, 11, 22, tzinfo=UTC))


def grammar(name: str) -> Grammar:
    found = read_grammar(ROOT / "grammars" / "ja" / f"{name}.yaml").grammar
    assert found is not None
    return found


GRAMMARS = (grammar("birthdate"), grammar("commands"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Birthdates are right nine times in ten, commands hardly ever."""
    path = tmp_path / "calibration.json"
    weights = {"birthdate": (2.2, 0.0, 0.0, 0.0), "commands": (-2.2, 0.0, 0.0, 0.0)}
    path.write_text(Calibration(weights).to_json(), encoding="utf-8")
    return Settings(calibration=str(path))


def test_every_hypothesis_with_the_value_is_as_sure(settings: Settings) -> None:
    apply = calibrated(settings, CLOCK)
    assert apply is not None
    heard = (
        Hypothesis("昭和 六十 年 三 月 五 日", 0.4),
        Hypothesis("昭和 六十 年 三 月 六 日", 0.3),
        Hypothesis("昭和60年3月5日", 0.2),
    )
    found = apply("ja", GRAMMARS, heard)
    assert [each.text for each in found] == [each.text for each in heard]
    assert [each.confidence for each in found] == [
        pytest.approx(0.9, abs=0.01),
        0.3,
        pytest.approx(0.9, abs=0.01),
    ]


def test_the_grammar_that_understands_it_says_how_sure(settings: Settings) -> None:
    apply = calibrated(settings, CLOCK)
    assert apply is not None
    (found,) = apply("ja", GRAMMARS, (Hypothesis("もう一度", 0.9),))
    assert found.confidence == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("heard", [(), (Hypothesis("いい天気ですね", 0.7),)])
def test_what_says_nothing_stays_as_it_is(
    settings: Settings, heard: tuple[Hypothesis, ...]
) -> None:
    apply = calibrated(settings, CLOCK)
    assert apply is not None
    assert apply("ja", GRAMMARS, heard) == heard


def test_without_a_calibration_nothing_changes() -> None:
    assert calibrated(Settings(calibration=""), CLOCK) is None


def test_a_broken_calibration_is_said_at_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        calibrated(Settings(calibration=str(tmp_path / "none.json")), CLOCK)
