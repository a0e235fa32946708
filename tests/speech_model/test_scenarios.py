"""Which grammars an utterance meets, and what counts as right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from speech_model import scenarios
from speech_model.graph import UNKNOWN
from speech_model.scenarios import Heard, Kind, Lists, Scenarios, Trial, Utterance

_ROWS = {
    "surnames": ["さとう", "すずき", "おおの", "やまだ"],
    "givens": ["たろう", "はなこ", "ゆみ"],
    "endings": [["です"], ["と", "もうします"]],
    "yes_no": [["はい"], ["そう", "です"], ["いいえ"], ["いえ"]],
    "commands": [["もういちど"], ["もういちど", "おねがいします"], ["もういちど", "おくって"]],
    "date_grammar": ["しょうわ ご ねん し がつ みっか"],
    "digit_words": ["いち", "に", "さん", "よん", "し"],
    "all_surnames": ["さとう", "かとう", "すずき", "おおの", "やまだ", "やまた"],
    "all_givens": ["たろう", "はなこ", "ゆみ", "くみ"],
    "unheard": ["おおの"],
}


def _heard(text: str, *confidences: float) -> Heard:
    words = tuple(text.split())
    return Heard(words, confidences or (1.0,) * len(words))


def _utterance(kind: Kind, text: str, **meaning: str) -> Utterance:
    return Utterance("u1", Path("u1.wav"), "mei", kind, tuple(text.split()), meaning)


@pytest.fixture
def made(tmp_path: Path) -> Scenarios:
    (tmp_path / "lists.json").write_text(json.dumps(_ROWS), "utf-8")
    answers = {"はい": "yes", "そう です": "yes", "いいえ": "no", "いえ": "no"}
    said = [_utterance(Kind.YES_NO, text, answer=value) for text, value in answers.items()]
    asked = {
        "もういちど": "repeat",
        "もういちど おねがいします": "repeat",
        "もういちど おくって": "send_again",
    }
    said += [_utterance(Kind.COMMAND, text, command=value) for text, value in asked.items()]
    return Scenarios(Lists.read(tmp_path / "lists.json"), said)


def _trials(made: Scenarios, utterance: Utterance, seed: int = 1) -> dict[str, Trial]:
    trials = made.trials(utterance, np.random.default_rng(seed))
    return {trial.scenario: trial for trial in trials}


def _only(made: Scenarios, utterance: Utterance) -> Trial:
    (trial,) = made.trials(utterance, np.random.default_rng(1))
    return trial


def test_a_name_is_tried_among_many_and_among_candidates(made: Scenarios) -> None:
    trials = _trials(
        made, _utterance(Kind.NAME, "さとう ゆみ です", surname="さとう", given="ゆみ")
    )
    assert set(trials) == {
        scenarios.ANY_NAME,
        scenarios.CANDIDATE,
        scenarios.STRANGER,
        scenarios.LOOK_ALIKE,
        scenarios.LOOK_ALIKE_WITH_RIVALS,
    }
    many = trials[scenarios.ANY_NAME].grammar
    assert many == (*_ROWS["surnames"], *_ROWS["givens"], "です", "と もうします", UNKNOWN)
    few = trials[scenarios.CANDIDATE].grammar
    assert few[0] == "さとう ゆみ"
    assert len(few) == scenarios.CANDIDATES + 3
    assert not [name for name in few[1:40] if name.startswith("さとう") or name.endswith("ゆみ")]


def test_a_stranger_is_taken_for_a_candidate_only_by_both_names(made: Scenarios) -> None:
    said = _utterance(Kind.NAME, "さとう ゆみ", surname="さとう", given="ゆみ")
    trial = _trials(made, said)[scenarios.STRANGER]
    names = trial.grammar[: scenarios.CANDIDATES - 1]
    assert len(names) == scenarios.CANDIDATES - 1
    assert all(trial.judge(_heard(name)) for name in names)
    assert not trial.judge(_heard("さとう ゆみ"))
    assert not trial.judge(_heard(f"{names[0].split()[0]} [unk]"))


@pytest.mark.parametrize("seed", range(6))
def test_the_look_alike_stands_for_the_caller(made: Scenarios, seed: int) -> None:
    said = _utterance(Kind.NAME, "さとう ゆみ", surname="さとう", given="ゆみ")
    trial = _trials(made, said, seed)[scenarios.LOOK_ALIKE]
    assert trial.grammar[0] in ("かとう ゆみ", "さとう くみ")
    assert "さとう ゆみ" not in trial.grammar
    assert trial.judge(_heard(trial.grammar[0] + " です"))
    assert not trial.judge(_heard("さとう ゆみ"))


def test_rivals_of_the_look_alike_are_listed_too(made: Scenarios) -> None:
    said = _utterance(Kind.NAME, "さとう たろう", surname="さとう", given="たろう")
    trials = _trials(made, said)
    alone = trials[scenarios.LOOK_ALIKE].grammar
    assert alone[0] == "かとう たろう"
    assert trials[scenarios.LOOK_ALIKE_WITH_RIVALS].grammar == (*alone, "さとう")


def test_a_name_without_look_alikes_has_no_such_trial(made: Scenarios) -> None:
    said = _utterance(Kind.NAME, "すずき はなこ", surname="すずき", given="はなこ")
    assert set(_trials(made, said)) == {
        scenarios.ANY_NAME,
        scenarios.CANDIDATE,
        scenarios.STRANGER,
    }


def test_names_that_training_never_said_are_told_apart(made: Scenarios) -> None:
    said = _utterance(Kind.NAME, "おおの ゆみ", surname="おおの", given="ゆみ")
    assert scenarios.NEW_NAME in _trials(made, said)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("おおの はなこ", True),
        ("おーの はなこ です", True),
        ("おおの", False),
        ("おおの ゆみ", False),
        ("[unk] おおの はなこ", False),
        ("", False),
    ],
)
def test_a_full_name_is_right_by_its_sound(made: Scenarios, text: str, right: bool) -> None:
    said = _utterance(Kind.NAME, "おおの はなこ", surname="おおの", given="はなこ")
    assert _trials(made, said)[scenarios.ANY_NAME].judge(_heard(text)) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("はい", True),
        ("そう です", True),
        ("いいえ", False),
        ("はい [unk]", False),
        ("です", False),
    ],
)
def test_yes_is_right_in_any_words(made: Scenarios, text: str, right: bool) -> None:
    trial = _only(made, _utterance(Kind.YES_NO, "はい", answer="yes"))
    assert trial.grammar == made.answers_grammar
    assert trial.judge(_heard(text)) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("もういちど おねがいします", True),
        ("もういちど", True),
        ("もういちど おくって", False),
        ("もういちど [unk]", False),
        ("はい", False),
        ("", False),
    ],
)
def test_a_command_is_right_where_it_asks_for_the_same(
    made: Scenarios, text: str, right: bool
) -> None:
    trial = _only(made, _utterance(Kind.COMMAND, "もういちど おねがいします", command="repeat"))
    assert trial.grammar == made.answers_grammar
    assert trial.judge(_heard(text)) is right


def test_dates_and_digits_are_right_by_value(made: Scenarios) -> None:
    date = _only(made, _utterance(Kind.DATE, "しょうわ ご ねん し がつ みっか です"))
    assert date.judge(_heard("しょうわ ごー ねん よん がつ みっか"))
    assert not date.judge(_heard("しょうわ ご ねん しち がつ みっか"))
    digits = _only(made, _utterance(Kind.DIGITS, "いち よん", digits="14"))
    assert digits.scenario == "2 digits"
    assert digits.judge(_heard("いち し"))
    assert not digits.judge(_heard("いち に"))


@pytest.mark.parametrize(
    ("text", "rejected"),
    [("", True), ("[unk]", True), ("[unk] です", True), ("です", True), ("はい", False)],
)
def test_other_speech_is_right_where_it_is_no_answer(
    made: Scenarios, text: str, rejected: bool
) -> None:
    trial = _only(made, _utterance(Kind.OTHER, ""))
    assert trial.judge(_heard(text)) is rejected
    assert made.is_answer(_heard(text)) is not rejected


@pytest.mark.parametrize(
    ("heard", "words", "sureness"),
    [
        (Heard(("あ", "い", "う"), (0.9, 0.8, 0.1)), 2, 0.8),
        (Heard(("あ", "い", "う"), (0.9, 0.8, 0.1)), 0, 0.1),
        (Heard(("あ",), (0.9,)), 2, 0.0),
        (Heard(("[unk]", "い"), (0.9, 0.9)), 2, 0.0),
        (Heard((), ()), 0, 0.0),
    ],
)
def test_sureness_is_that_of_the_least_sure_word(heard: Heard, words: int, sureness: float) -> None:
    assert heard.sureness(words) == sureness


def test_the_index_is_read(tmp_path: Path) -> None:
    row = {"id": "a", "wav": "a.wav", "voice": "mei", "kind": "name", "words": ["さとう", "ゆみ"]}
    (tmp_path / "index.jsonl").write_text(
        json.dumps(row | {"surname": "さとう", "given": "ゆみ"}) + "\n", "utf-8"
    )
    (read,) = scenarios.read_index(tmp_path / "index.jsonl")
    meaning = {"surname": "さとう", "given": "ゆみ"}
    assert read == Utterance("a", tmp_path / "a.wav", "mei", Kind.NAME, ("さとう", "ゆみ"), meaning)
