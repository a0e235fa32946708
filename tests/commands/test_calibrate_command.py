"""``ivr calibrate`` with labelled utterances, and ``ivr hear`` with what it learnt."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from command_line import Ivr
from fakes.sound_files import write_wav
from fakes.speech_models import ScriptedModel
from fakes.vocabularies import EveryReading

from ivr.commands import hear
from ivr.errors import SettingsError
from ivr.hearing.telephone_audio import Audio
from ivr.settings import load_settings
from ivr.understanding.calibration import Calibration, Evidence
from ivr.understanding.value import Hypothesis
from ivr.wiring import listening


def row(text: str, sure: float, expected: str, *, grammar: str = "code", **more: Any) -> str:
    heard = [{"text": text, "confidence": sure}, {"text": "三 三 三 三 三 三", "confidence": 0.05}]
    content = {"grammar": grammar, "now": "2026-11-22", "hypotheses": heard, "expected": expected}
    return json.dumps({**content, **more}, ensure_ascii=False)


def labelled(path: Path) -> Path:
    """Two hundred codes, every second one wrong, however sure the recogniser was."""
    source = Random(1)  # noqa: S311
    lines = [
        row("一 二 三 四 五 六", source.uniform(0.8, 0.99), "123456" if at % 2 else "123457")
        for at in range(200)
    ]
    nothing = row("わかりません", 0.5, "123456").replace("三", "ん")
    path.write_text("\n".join([*lines, "", nothing]) + "\n")
    return path


def test_confidences_become_probabilities(
    ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = home / "calibration.json"
    ran = ivr("calibrate", labelled(home / "heard.jsonl"), "--out", out)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("200 utterances, 100 right; 1 without a value left out\n")
    before, after = (float(word.rstrip(",")) for word in ran.out.split() if word.startswith("0."))
    assert after < 0.27 < before
    monkeypatch.setenv("IVR_CALIBRATION", str(out))
    calibration = listening.read_calibration(load_settings())
    assert calibration is not None
    assert set(calibration.weights) == {"any", "code"}
    found = calibration.probability("code", Evidence(0.95, 0.95, True))
    assert found == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    ("expected", "right"), [("サトウ ハナコ", True), ("カトウ ハナコ", False), ("サトウ", False)]
)
def test_names_are_right_where_they_would_pass(
    ivr: Ivr, home: Path, expected: str, right: bool
) -> None:
    (home / "heard.jsonl").write_text(row("さとう はなこ です", 0.9, expected, grammar="name"))
    ran = ivr("calibrate", home / "heard.jsonl", "--out", home / "out.json")
    assert f"1 utterances, {int(right)} right" in ran.out


def test_agreement_is_taken_over_what_hypotheses_mean(home: Path) -> None:
    assert home.exists()
    grammar = listening.grammar_named(load_settings(), "yes_no", "ja")
    day = date(2026, 11, 22)
    heard = [Hypothesis("はい", 0.6), Hypothesis("はい そうです", 0.2), Hypothesis("いいえ", 0.2)]
    understood = listening.understand(grammar, heard, language="ja", today=day)
    evidence = listening.evidence_for(grammar, heard, understood, language="ja", today=day)
    assert understood.value == "yes"
    assert (evidence.confidence, evidence.clear) == (0.6, True)
    assert evidence.agreement == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("x", "heard.jsonl:1:1: is no such JSON object"),
        ("[]", "heard.jsonl:1:1: is no such JSON object"),
        ("{}", "heard.jsonl:1:1: a row needs grammar, hypotheses with text and confidence"),
        (row("一", 0.5, "1", hypotheses=[{"text": "一"}]), "is no such JSON object"),
        (row("一", 0.5, "1", now="today"), "is no such JSON object"),
        (row("一", 0.5, "1", grammar="cod"), "there is no grammar 'cod'"),
        (row("あ", 0.5, "1"), "no utterance has a value"),
    ],
)
def test_rows_that_cannot_be_used_are_named(
    ivr: Ivr, home: Path, line: str, complaint: str
) -> None:
    path = home / "heard.jsonl"
    path.write_text(line if line != row("あ", 0.5, "1") else line.replace("三", "あ"))
    ran = ivr("calibrate", path, "--out", home / "out.json")
    assert ran.code == 1
    assert complaint in ran.err
    assert not (home / "out.json").exists()


def test_files_that_cannot_be_read_or_written_are_named(ivr: Ivr, home: Path) -> None:
    ran = ivr("calibrate", home / "nowhere.jsonl", "--out", home / "out.json")
    assert "nowhere.jsonl: cannot be read [FileNotFoundError]" in ran.err
    ran = ivr("calibrate", labelled(home / "heard.jsonl"), "--out", home / "no/out.json")
    assert "out.json cannot be written [FileNotFoundError]" in ran.err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), (b"\xff", "cannot be read"), (b"[]", "no calibration of version 1")],
)
def test_a_calibration_that_is_none_is_an_error(
    home: Path, content: bytes | None, complaint: str
) -> None:
    path = home / "calibration.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=f"IVR_CALIBRATION: .*{complaint}"):
        listening.read_calibration(load_settings(calibration=str(path)))
    assert listening.read_calibration(load_settings()) is None


def test_what_is_heard_gets_the_probability(
    ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [{"word": word, "start": 0.0, "end": 0.5, "conf": 0.9} for word in ("はい",)]
    model = ScriptedModel({"text": "はい", "result": words}, vocabulary=EveryReading())
    monkeypatch.setattr(hear, "open_model", lambda settings, language: model)
    write_wav(home / "said.wav", Audio(bytes(8_000)))
    (home / "calibration.json").write_text(
        Calibration({"any": (-1.0, 0.0, 0.0, 0.0), "yes_no": (1.0, 0.0, 0.0, 0.0)}).to_json()
    )
    monkeypatch.setenv("IVR_CALIBRATION", str(home / "calibration.json"))
    found = json.loads(ivr("hear", home / "said.wav", "--grammar", "yes_no").out)
    assert (found["value"], found["grammar"], found["confidence"]) == ("yes", "yes_no", 0.7311)
