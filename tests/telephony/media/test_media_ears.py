"""What becomes of audio on its way to the recogniser, and of what it heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from fakes.speech_models import ScriptedModel
from fakes.vocabularies import read, spelling

from ivr.errors import HearingError
from ivr.hearing.grammar import GrammarCompiler
from ivr.hearing.model import SpeechModel
from ivr.hearing.vocabulary import Speller
from ivr.telephony.media.ears import Said, Tongue, Utterance, VoskEars
from ivr.understanding.grammar import Grammar
from ivr.understanding.value import Hypothesis

YES = Grammar("yes_no", "ja", {"yes": ("はい",), "no": ("いいえ",)})


def phrases(grammar: Grammar) -> Sequence[str]:
    return [phrase for said in grammar.meanings.values() for phrase in said]


def word(text: str) -> dict[str, Any]:
    return {"word": text, "start": 0.1, "end": 0.4, "conf": 0.8}


def ears(model: ScriptedModel) -> VoskEars:
    compiler = GrammarCompiler(Speller(model, read))
    return VoskEars({"ja": Tongue(cast(SpeechModel, model), compiler)}, phrases, n_best=1)


def model(*words: str) -> ScriptedModel:
    best = {"result": [word(text) for text in words]}
    return ScriptedModel(best, partial=" ".join(words), vocabulary=spelling("はい", "いいえ"))


async def heard(make: Callable[[], Any], *pieces: bytes) -> tuple[str, Said, float]:
    with ThreadPoolExecutor(2) as pool:
        utterance = Utterance(make, pool)
        decoded = []
        for piece in pieces:
            if utterance.add(piece):
                decoded.append(asyncio.ensure_future(utterance.decode()))
        behind = utterance.behind_s
        await asyncio.gather(*decoded)
        assert utterance.behind_s == 0
        return await utterance.partial(), await utterance.finish(), behind


def test_all_audio_is_heard_once_and_in_order() -> None:
    scripted = model("はい")
    make = ears(scripted).prepare("ja", [YES])
    assert make is not None
    partial, said, behind = asyncio.run(heard(make, b"\xff" * 160, b"\xff" * 1, b"\xff" * 8000))
    assert partial == "はい"
    assert said == Said((Hypothesis("はい", 0.8),))
    assert behind == pytest.approx(8161 / 8000)
    assert scripted.heard == [8161 * 2]


@pytest.mark.parametrize(
    ("words", "foreign"), [((), False), (("[unk]",), True), (("[unk]", "はい"), False)]
)
def test_what_nobody_would_answer_is_foreign(words: tuple[str, ...], foreign: bool) -> None:
    make = ears(model(*words)).prepare("ja", [YES])
    assert make is not None
    _, said, _ = asyncio.run(heard(make, b"\xff" * 160))
    assert said.foreign is foreign
    assert bool(said.hypotheses) is bool(words)


def test_a_language_without_a_model_cannot_be_heard() -> None:
    assert ears(model()).prepare("en", [YES]) is None


def test_a_grammar_of_nothing_is_refused() -> None:
    with pytest.raises(HearingError, match="can hear none"):
        ears(model()).prepare("ja", [])


def test_every_grammar_is_compiled_ahead() -> None:
    scripted = model()
    known = ears(scripted)
    known.warm({"ja": [YES, Grammar("empty", "ja")], "en": [YES]})
    assert scripted.made == []
