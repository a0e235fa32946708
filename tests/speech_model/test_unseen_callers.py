"""What callers answer whom no model has heard."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ivr.understanding.mora import level
from ivr.wiring.spoken_answers import SLOTS as EVALUATED
from ivr.wiring.spoken_answers import read_index
from speech_model import synthesis, unseen_callers
from speech_model.text import Utterance
from speech_model.unseen_callers import SLOTS, Answer, answers, born_on, speak
from speech_model.voices import UNSEEN, Voice

GRAMMARS = Path(__file__).parents[2] / "grammars" / "ja"


def drawn(count: int = 40, seed: int = 3) -> list[Answer]:
    return list(answers(count, seed, GRAMMARS))


def test_the_slots_are_those_that_are_evaluated() -> None:
    assert SLOTS == EVALUATED


def test_the_same_seed_draws_the_same_and_more_begins_alike() -> None:
    assert drawn(10) == drawn(10)
    assert drawn(10) != drawn(10, seed=4)
    for slot in SLOTS:
        few, more = ([each for each in drawn(n) if each.slot == slot] for n in (10, 20))
        assert few == more[: len(few)]


def test_yes_no_and_commands_count_as_one() -> None:
    assert Counter(each.slot for each in drawn(40)) == {
        "birthdate": 40, "name": 40, "digits": 40, "yes_no": 20, "command": 20,
    }  # fmt: skip


def test_only_voices_speak_that_the_evaluation_build_has_never_heard() -> None:
    assert {each.voice.name for each in drawn()} == set(UNSEEN)


def test_what_is_meant_has_the_form_that_is_compared() -> None:
    for each in drawn():
        match each.slot:
            case "birthdate":
                assert date(1920, 1, 1) <= date.fromisoformat(each.expected) < date(2007, 1, 1)
            case "digits":
                assert len(each.expected) == 8
                assert each.expected.isdecimal()
            case "yes_no":
                assert each.expected in ("yes", "no")
            case "command":
                assert each.expected.isidentifier()


def test_look_alikes_of_a_name_sound_like_it_and_are_other_names() -> None:
    names = [each for each in drawn() if each.slot == "name"]
    assert sum(len(each.look_alikes) for each in names) > 8 * len(names)
    for each in names:
        surname, given = each.expected.split()
        for name in each.look_alikes:
            other_surname, other_given = name.split()
            assert (surname == other_surname) != (given == other_given)
            assert level(each.expected) != level(name)


@pytest.mark.parametrize(
    ("said", "born"),
    [
        ("しょうわ60-3-5", date(1985, 3, 5)),
        ("しょうわ1-12-25", date(1926, 12, 25)),
        ("しょうわ1-12-24", None),
        ("しょうわ64-1-7", date(1989, 1, 7)),
        ("しょうわ64-1-8", None),
        ("へいせい1-1-8", date(1989, 1, 8)),
        ("たいしょう9-2-29", date(1920, 2, 29)),
        ("れいわ1-4-30", None),
        ("めいじ45-7-1", None),
        ("1985-3-5", date(1985, 3, 5)),
        ("1985-2-29", None),
    ],
)
def test_days_of_eras(said: str, born: date | None) -> None:
    assert born_on(said) == born


@pytest.fixture
def voices(monkeypatch: pytest.MonkeyPatch) -> list[Voice]:
    """Voices that hum, all but one that cannot say digits; the list of those that were asked."""
    asked: list[Voice] = []

    def hum(utterance: Utterance, voice: Voice, assets: Path, seed: int) -> object:
        asked.append(voice)
        if utterance.kind == "digits":
            raise synthesis.NotSpoken(utterance.id)
        return np.sin(np.arange(synthesis.RATE_HZ) / 10)

    class Here:
        """A pool that needs no processes, so that the fakes are there."""

        def __init__(self, processes: int) -> None: ...

        def __enter__(self) -> Here:
            return self

        def __exit__(self, *error: object) -> None: ...

        def submit(self, work: object, *arguments: object) -> object:
            return work(*arguments)  # type: ignore[operator]

    class Done(str):
        def result(self) -> str:
            return str(self)

    monkeypatch.setattr(synthesis, "speak", hum)
    monkeypatch.setattr(synthesis, "reading", lambda text: "ハイ")
    monkeypatch.setattr(unseen_callers, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(unseen_callers, "as_completed", lambda found: map(Done, found))
    return asked


def test_answers_are_spoken_once_and_what_cannot_be_said_is_left_out(
    voices: list[Voice], tmp_path: Path
) -> None:
    found = drawn(4)
    said = speak(found, tmp_path, tmp_path, 1)
    assert said == len(found) - 4
    index = (tmp_path / "index.jsonl").read_text(encoding="utf-8")
    assert len(index.splitlines()) == said
    assert {each.slot for each in read_index(tmp_path)} == set(SLOTS) - {"digits"}
    assert all(
        "look_alikes" in row for row in map(json.loads, index.splitlines()) if row["slot"] == "name"
    )
    asked = len(voices)
    assert speak(found, tmp_path, tmp_path, 1) == said
    assert len(voices) == asked
    assert (tmp_path / "index.jsonl").read_text(encoding="utf-8") == index
