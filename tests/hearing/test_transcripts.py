"""What becomes of the library's answers."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest
from fakes.speech_models import ScriptedModel
from fakes.vocabularies import read, spelling

from ivr.hearing.grammar import CompiledGrammar, GrammarCompiler
from ivr.hearing.model import SpeechModel
from ivr.hearing.recogniser import HeardWord, Recogniser, Transcript, recognise
from ivr.hearing.telephone_audio import Audio
from ivr.hearing.vocabulary import Speller

SOUND = Audio(bytes(16_000))


@pytest.fixture(scope="module")
def grammar() -> CompiledGrammar:
    speller = Speller(spelling("さん", "よん", "ねん", "がつ"), read)
    return GrammarCompiler(speller).compile(["三/さん 四/よん 四/よ 年/ねん 月/がつ"])


def word(text: str, start: float, end: float, **more: float) -> dict[str, Any]:
    return {"word": text, "start": start, "end": end, **more}


def alternatives(*scored: tuple[str, float]) -> dict[str, Any]:
    return {
        "alternatives": [
            {
                "text": text,
                "confidence": score,
                "result": [word(each, 0.0, 1.0) for each in text.split()],
            }
            for text, score in scored
        ]
    }


def heard(model: ScriptedModel, grammar: CompiledGrammar | None, **more: int) -> list[Transcript]:
    return recognise(cast(SpeechModel, model), grammar, SOUND, **more)


def test_the_best_has_words_with_times_and_is_as_sure_as_its_weakest(
    grammar: CompiledGrammar,
) -> None:
    result = [word("さん", 0.3, 0.6, conf=0.9), word("ねん", 0.6, 0.9, conf=1.00001)]
    model = ScriptedModel({"text": "さん ねん", "result": result})
    assert heard(model, grammar, n_best=1) == [
        Transcript(
            "三 年", (HeardWord("さん", 0.3, 0.6, 0.9), HeardWord("ねん", 0.6, 0.9, 1.0)), 0.9
        )
    ]
    assert model.made == [(8000, grammar.json)]
    assert model.heard == [16_000]


def test_others_have_their_share_of_the_likelihood_and_their_place(
    grammar: CompiledGrammar,
) -> None:
    best = {"text": "さん", "result": [word("さん", 0.0, 1.0, conf=0.5)]}
    model = ScriptedModel(best, alternatives(("さん", 700.0), ("よん", 699.0), ("ねん", 698.0)))
    found = heard(model, grammar, n_best=3)
    assert [each.text for each in found] == ["三", "四", "年"]
    total = 1 + math.exp(-1) + math.exp(-2)
    assert [each.confidence for each in found] == pytest.approx(
        [0.5, math.exp(-1) / total, math.exp(-2) / total]
    )
    assert found[1].words == (HeardWord("よん", 0.0, 1.0),)
    assert [each.score for each in found] == [700.0, 699.0, 698.0]


def test_alternatives_that_are_written_alike_are_one(grammar: CompiledGrammar) -> None:
    best = {"text": "さん", "result": [word("さん", 0.0, 1.0, conf=0.5)]}
    model = ScriptedModel(
        best, alternatives(("よん", 9.0), ("さん", 9.0), ("よ", 9.0), ("ねん", 9.0))
    )
    found = heard(model, grammar)
    assert [(each.text, round(each.confidence, 3)) for each in found] == [
        ("三", 0.5),
        ("四", 0.5),
        ("年", 0.25),
    ]
    assert [each.score for each in found] == [9.0, 9.0, 9.0]


def test_what_only_the_words_say_has_no_score(grammar: CompiledGrammar) -> None:
    best = {"text": "さん", "result": [word("さん", 0.0, 1.0, conf=0.5)]}
    found = heard(ScriptedModel(best, alternatives(("よん", 9.0))), grammar)
    assert [(each.text, each.score) for each in found] == [("三", None), ("四", 9.0)]


@pytest.mark.parametrize(
    ("best", "others"),
    [
        ({"text": ""}, alternatives(("", 1.0))),
        ({"text": "", "result": []}, {"alternatives": []}),
        ({}, {}),
    ],
)
def test_nothing_heard_is_nothing(
    grammar: CompiledGrammar, best: dict[str, Any], others: dict[str, Any]
) -> None:
    assert heard(ScriptedModel(best, others), grammar) == []


def test_without_a_grammar_words_stay_as_they_are() -> None:
    model = ScriptedModel({"result": [word("さん", 0.0, 1.0, conf=1.0)]})
    assert heard(model, None, n_best=1)[0].text == "さん"
    assert model.made == [(8000, None)]


def test_a_pause_does_not_end_an_utterance(grammar: CompiledGrammar) -> None:
    """The library says after every piece that it was the last one."""
    model = ScriptedModel({"result": [word("さん", 0.0, 1.0, conf=1.0)]}, partial="さん よん ね")
    recogniser = Recogniser(cast(SpeechModel, model), grammar, rate=16_000, n_best=2)
    for piece in (b"\0" * 640, b"", b"\0" * 640):
        recogniser.accept(piece)
    assert recogniser.partial() == "三 四 ね"
    assert [each.text for each in recogniser.finish()] == ["三"]
    assert model.heard == [1280, 1280]
    assert model.made == [(16_000, grammar.json)] * 2
