"""Counting, and the tables made of the counts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from speech_model import measures, scenarios
from speech_model.measures import Measures
from speech_model.rejection import Sound
from speech_model.scenarios import Heard, Trial

_NO_SAMPLES = np.zeros(0)


def _trial(scenario: str, right: bool, words: int = 0) -> Trial:
    return Trial(scenario, (), lambda _: right, words)


def _heard(*confidences: float) -> Heard:
    return Heard(("あ",) * len(confidences), confidences)


@pytest.fixture
def filled() -> Measures:
    made = Measures()
    for voice, snr, right, confidences in (
        ("f", 25.0, True, (1.0, 0.99)),
        ("f", 25.0, False, (1.0, 0.4)),
        ("m", 25.0, True, (0.96, 0.97, 0.1)),
        ("m", 10.0, False, (0.96, 1.0)),
    ):
        made.trial(_trial(scenarios.CANDIDATE, right, 2), voice, snr, _heard(*confidences))
    made.trial(_trial(scenarios.LOOK_ALIKE, True, 2), "f", 25.0, _heard(1.0, 1.0))
    made.trial(_trial(scenarios.LOOK_ALIKE, True, 2), "f", 25.0, _heard(1.0, 0.9))
    made.trial(_trial(scenarios.LOOK_ALIKE, False, 2), "f", 25.0, _heard(1.0, 1.0))
    made.sound(Sound("tone", "1", _NO_SAMPLES), Heard((), ()), answered=False)
    made.sound(Sound("tone", "2", _NO_SAMPLES), Heard(("[unk]",), (1.0,)), answered=False)
    made.sound(Sound("tone", "3", _NO_SAMPLES), Heard(("いいえ",), (0.99,)), answered=True)
    made.sound(Sound("tone", "4", _NO_SAMPLES), Heard(("はい",), (0.5,)), answered=True)
    made.sound(Sound("tone", "5", _NO_SAMPLES), Heard(("で", "はい"), (0.5, 1.0)), answered=False)
    made.time(0.5, 100.0)
    made.time(0.5, 100.0)
    return made


def test_accuracy_by_noise_and_voice(filled: Measures) -> None:
    table = measures.tables(filled)["accuracy"][scenarios.CANDIDATE]
    assert table["25 dB"] == {
        "all voices": {"share": 0.6667, "hit": 2, "of": 3},
        "f": {"share": 0.5, "hit": 1, "of": 2},
        "m": {"share": 1.0, "hit": 1, "of": 1},
    }
    assert table["10 dB"]["m"] == {"share": 0.0, "hit": 0, "of": 1}


def test_false_accepts_say_how_many_were_sure(filled: Measures) -> None:
    found = measures.tables(filled)
    assert scenarios.LOOK_ALIKE not in found["accuracy"]
    assert found["false_accepts"][scenarios.LOOK_ALIKE]["25 dB"]["f"] == {
        "share": 0.6667,
        "hit": 2,
        "of": 3,
        "sure": 1,
        "sure_share": 0.3333,
    }


def test_confidence_of_names_against_what_was_right(filled: Measures) -> None:
    found = measures.tables(filled)["confidence"]
    assert found["25 dB"] == {
        "rows": [
            {"from": 0.0, "right": 0, "of": 1},
            {"from": 0.95, "right": 1, "of": 1},
            {"from": 0.99, "right": 1, "of": 1},
        ],
        "sure": 2,
        "sure_right": 2,
    }
    assert found["10 dB"]["sure"] == 1
    assert found["10 dB"]["sure_right"] == 0


def test_rejection_by_kind(filled: Measures) -> None:
    assert measures.tables(filled)["rejection"] == {
        "tone": {"tried": 5, "nothing": 2, "answers": 2, "sure": 1}
    }


def test_the_real_time_factor_is_of_all_decoding(filled: Measures) -> None:
    assert measures.tables(filled)["real_time_factor"] == 0.005


def test_tables_are_plain_data(filled: Measures) -> None:
    found = measures.tables(filled)
    assert json.loads(json.dumps(found)) == found


def test_the_page_shows_every_table(filled: Measures) -> None:
    about = {
        "model": {"name": "toy", "version": "1", "words": 9, "parameters": 12},
        "size_mb": 1.5,
        "load_ms": 12.0,
        "utterances": 4,
        "seed": 7,
    }
    page = measures.markdown(about | measures.tables(filled))
    assert page.startswith("# toy 1, measured\n")
    assert "| voice | 25 dB | 10 dB |" in page
    assert "| f | 50.0 % (1/2) | – |" in page
    assert "| all voices | 66.7 % (2/3) | 0.0 % (0/1) |" in page
    assert "| all voices | 33.3 % (1/3) |" in page
    assert "| tone | 5 | 2 | 2 | 1 |" in page
    assert "Both words above 0.95: 2 names, 100.0 % of them right." in page
    for scenario in (scenarios.CANDIDATE, scenarios.LOOK_ALIKE):
        assert f"## {scenario.capitalize()}\n" in page
