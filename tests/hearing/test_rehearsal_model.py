"""The shipped rehearsal model: the trained network and nothing else, and it hears fixed WAVs.

``rehearsal_model/`` beside this file is written by ``make model``: WAVs of synthetic voices over a
telephone, and ``scores.json`` with what the network scored them in PyTorch.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import vosk

from ivr.hearing.model import SpeechModel
from speech_model import evaluation, model_directory, rejection, score_check
from speech_model.graph import UNKNOWN
from speech_model.phones import PLAIN_MORAE, hiragana
from speech_model.score_check import Reference

FOLDER = Path(__file__).parent / "rehearsal_model"
REFERENCES = score_check.read(FOLDER / "scores.json")
LARGEST = 8_000_000

vosk.SetLogLevel(-1)


@pytest.fixture(scope="module")
def model(model_path: Path) -> vosk.Model:
    return vosk.Model(str(model_path))


def _recognizer(model: vosk.Model, phrases: list[str]) -> vosk.KaldiRecognizer:
    grammar = json.dumps([*phrases, UNKNOWN], ensure_ascii=False)
    recognizer = vosk.KaldiRecognizer(model, score_check.RATE, grammar)
    recognizer.SetWords(True)
    return recognizer


def test_its_files_are_those_that_were_measured(model_path: Path) -> None:
    card = model_directory.check(model_path)
    assert card["warning"] == model_directory.WARNING


def test_it_is_small(model_path: Path) -> None:
    assert model_directory.size(model_path) <= LARGEST


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.wav)
def test_it_scores_as_the_network_in_pytorch(model: vosk.Model, reference: Reference) -> None:
    score_check.check(model, FOLDER, [reference])


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.wav)
def test_it_hears_what_was_said(model: vosk.Model, reference: Reference) -> None:
    recognizer = _recognizer(model, [" ".join(each.words) for each in REFERENCES])
    heard = evaluation.listen(recognizer, score_check.samples(FOLDER / reference.wav))
    assert heard.words == reference.words


def test_every_mora_is_a_word(speech_model: SpeechModel) -> None:
    for mora in PLAIN_MORAE:
        word = hiragana(mora)
        assert speech_model.knows(word)
        assert mora in "ンッ" or speech_model.knows(word + "ー")


def test_what_is_no_speech_is_no_answer(model: vosk.Model) -> None:
    recognizer = _recognizer(model, ["はい", "いいえ", "そう です", "ちがいます"])
    answered = {}
    for sound in rejection.sounds(seed=1):
        samples = (sound.samples.clip(-1, 1) * 32767).astype(np.int16)
        words = evaluation.listen(recognizer, samples).words
        if set(words) - {UNKNOWN}:
            answered[sound.kind, sound.name] = words
    assert answered == {}
