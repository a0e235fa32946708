"""A whole evaluation of a toy model: real decoding, telephone and seed handed in."""

from __future__ import annotations

import json
import sys
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import toy_network
import vosk
from numpy.typing import NDArray

from speech_model import evaluation, scenarios
from speech_model.graph import UNKNOWN
from speech_model.model_directory import DamagedModel

Samples = NDArray[np.float64]
_LISTS = {
    "surnames": ["やまだ", "やまだい"],
    "givens": ["たろう", "しろう"],
    "endings": [["です"]],
    "yes_no": [["はい"], ["いいえ"]],
    "commands": [["え"]],
    "date_grammar": ["はい です"],
    "digit_words": ["え"],
    "all_surnames": ["やまだ", "やまだい"],
    "all_givens": ["たろう", "しろう"],
}
_SAID: tuple[dict[str, Any], ...] = (
    {"kind": "name", "words": ["やまだ", "たろう"], "surname": "やまだ", "given": "たろう"},
    {"kind": "yes_no", "words": ["はい"], "answer": "yes"},
    {"kind": "yes_no", "words": ["いいえ"], "answer": "no"},
    {"kind": "other", "words": []},
)
_TWO_LEVELS = [25.0, 10.0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("evaluation")
    toy_network.write(made / "ja", toy_network.layers(), beams=toy_network.NARROW)
    rows = []
    for number, said in enumerate(_SAID):
        with wave.open(str(made / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(toy_network.sound(number, 0.6).tobytes())
        rows.append({"id": f"u{number}", "wav": f"{number}.wav", "voice": "toy", **said})
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (made / "index.jsonl").write_text(lines, "utf-8")
    (made / "lists.json").write_text(json.dumps(_LISTS, ensure_ascii=False), "utf-8")
    return made


def _noisy(samples: Samples, rate: float, random: np.random.Generator, snr_db: float) -> Samples:
    assert rate == 8000
    assert np.abs(samples).max() <= 1
    noise = random.normal(size=len(samples)) * samples.std() * 10 ** (-snr_db / 20)
    return (samples + noise).clip(-1, 1) * 32767


@pytest.fixture(autouse=True)
def few_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sound of each kind is enough here."""
    all_of_them = evaluation.rejection.sounds

    def some(seed: int, speech: list[Samples]) -> list[evaluation.rejection.Sound]:
        return list({sound.kind: sound for sound in all_of_them(seed, speech)}.values())

    monkeypatch.setattr(evaluation.rejection, "sounds", some)


def _evaluate(folder: Path, seed: int = 1) -> tuple[dict[str, Any], list[str]]:
    said: list[str] = []
    found = evaluation.evaluate(
        folder / "ja",
        folder / "index.jsonl",
        folder / "lists.json",
        telephone=_noisy,
        snrs_db=_TWO_LEVELS,
        seed=seed,
        say=said.append,
    )
    return found, said


def test_every_utterance_is_tried_at_every_level(folder: Path) -> None:
    found, said = _evaluate(folder)
    tried = {
        scenario: {level: rows["all voices"]["of"] for level, rows in levels.items()}
        for scenario, levels in found["accuracy"].items()
    }
    once, twice = {"25 dB": 1, "10 dB": 1}, {"25 dB": 2, "10 dB": 2}
    assert tried == {
        scenarios.ANY_NAME: once,
        scenarios.CANDIDATE: once,
        "yes/no": twice,
        "out of vocabulary, rejected": once,
    }
    assert set(found["false_accepts"]) == scenarios.FALSE_ACCEPTS
    assert found["model"]["name"] == "toy"
    assert found["rejection"]["tone"]["tried"] == 1
    assert found["rejection"]["babble"]["tried"] == 1
    assert found["load_ms"] > 0
    assert found["real_time_factor"] > 0
    assert said == ["4 of 4 utterances, 0 s left"]


def test_a_seed_counts_the_same_again(folder: Path) -> None:
    measured = ("load_ms", "real_time_factor")
    one, _ = _evaluate(folder)
    again, _ = _evaluate(folder)
    assert {k: v for k, v in one.items() if k not in measured} == {
        k: v for k, v in again.items() if k not in measured
    }


def test_a_changed_model_is_not_measured(folder: Path, tmp_path: Path) -> None:
    toy_network.write(tmp_path / "ja", toy_network.layers())
    (tmp_path / "ja" / "README").write_text("better than it is")
    for name in ("index.jsonl", "lists.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(DamagedModel, match="README"):
        _evaluate(tmp_path)


def test_the_command_writes_both_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The recipe's own telephone needs packages that only `make model` installs.
    monkeypatch.setitem(sys.modules, "speech_model.augmentation", SimpleNamespace(telephone=_noisy))
    model, index, lists = folder / "ja", folder / "index.jsonl", folder / "lists.json"
    evaluation.main(
        [str(model), str(index), "--lists", str(lists), "--snr", "25", "--out", str(tmp_path)]
    )
    found = json.loads((tmp_path / "evaluation.json").read_text("utf-8"))
    assert list(found["accuracy"]["yes/no"]) == ["25 dB"]
    assert (tmp_path / "evaluation.md").read_text("utf-8").startswith("# toy 1, measured")


def test_words_after_an_endpoint_are_heard_too(folder: Path) -> None:
    model, _ = evaluation.load(folder / "ja")
    grammar = json.dumps(["やまだ", "たろう", UNKNOWN], ensure_ascii=False)

    class EndsOften(vosk.KaldiRecognizer):  # type: ignore[misc]
        def AcceptWaveform(self, data: bytes) -> bool:  # noqa: N802
            super().AcceptWaveform(data)
            return True

    recognizer = EndsOften(model, 8000, grammar)
    recognizer.SetWords(True)
    heard = evaluation.listen(recognizer, toy_network.sound(1, 2.0))
    assert len(heard.words) == len(heard.confidences) > 1


def test_only_plain_wavs_are_read(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "two.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
    with pytest.raises(ValueError, match=r"two\.wav: is not 16-bit mono"):
        evaluation.read_wav(tmp_path / "two.wav")
