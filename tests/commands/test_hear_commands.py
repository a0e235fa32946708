"""``ivr hear`` and ``ivr models`` as somebody types them; no real model is needed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Ivr
from fakes.sound_files import write_wav
from fakes.speech_models import ScriptedModel
from fakes.vocabularies import EveryReading, spelling, written

from ivr.commands import hear, models
from ivr.errors import HearingError, SettingsError
from ivr.hearing.telephone_audio import Audio
from ivr.settings import load_settings
from ivr.wiring import listening

WORDS = spelling(
    "しょうわ", "ろくじゅう", "ねん", "さん", "よん", "がつ", "いつか", "です", "はい",
    "もういちど", "おねがいします", "いち", "じゅう",
)  # fmt: skip


@pytest.fixture
def said(home: Path) -> Path:
    path = home / "said.wav"
    write_wav(path, Audio(bytes(24_000)))
    return path


def hearing(
    monkeypatch: pytest.MonkeyPatch, text: str, *others: str, sure: float = 0.9
) -> ScriptedModel:
    """A model that hears ``text``, or else one of ``others``, whatever was said."""

    def words(said: str) -> list[dict[str, Any]]:
        return [{"word": each, "start": 0.25, "end": 0.5} for each in said.split()]

    model = ScriptedModel(
        {"text": text, "result": [{**each, "conf": sure} for each in words(text)]},
        {
            "alternatives": [
                {"text": each, "confidence": 9.0 - rank, "result": words(each)}
                for rank, each in enumerate((text, *others))
            ]
        },
        vocabulary=WORDS,
    )
    for module in (hear, listening, models):
        monkeypatch.setattr(module, "load_model", lambda path: model)
    monkeypatch.setattr(listening, "SHIPPED", Path(__file__).parents[1])
    monkeypatch.setattr(hear, "open_model", lambda settings, language: model)
    return model


def test_a_date_is_heard_and_understood(
    ivr: Ivr, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = "しょうわ ろくじゅう ねん さん がつ いつか です"
    model = hearing(monkeypatch, heard, heard.replace("さん", "よん"))
    ran = ivr("hear", said, "--grammar", "birthdate", "--now", "2026-11-22")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert list(found) == [
        "file", "seconds", "language", "now", "grammar", "hypotheses", "status", "value",
        "confidence", "reason", "real_time_factor",
    ]  # fmt: skip
    assert found["seconds"] == 1.5
    assert found["real_time_factor"] > 0
    assert (found["status"], found["value"], found["confidence"]) == ("ok", "1985-03-05", 0.9)
    best, other = found["hypotheses"]
    assert best["text"] == "昭和 六十 年 三 月 五日 です"
    assert best["words"][0] == {"word": "しょうわ", "start": 0.25, "end": 0.5, "confidence": 0.9}
    assert other["text"] == "昭和 六十 年 四 月 五日 です"
    assert other["words"][0]["confidence"] is None
    assert 0 < other["confidence"] < best["confidence"]
    rate, grammar = model.made[0]
    assert rate == 8000
    assert any("しょうわ ろくじゅう" in phrase for phrase in json.loads(grammar or ""))


def test_the_first_grammar_that_understands_counts(
    ivr: Ivr, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing(monkeypatch, "もういちど おねがいします")
    ran = ivr("hear", said, "--grammar", "birthdate", "--grammar", "commands")
    found = json.loads(ran.out)
    assert (found["status"], found["value"]) == ("ok", "repeat")
    alone = json.loads(ivr("hear", said, "--grammar", "yes_no").out)
    assert (alone["status"], alone["value"], alone["reason"]) == ("unclear", None, "no_meaning")


def test_anything_may_be_listened_for(
    ivr: Ivr, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hearing(monkeypatch, "さん よん")
    found = json.loads(ivr("hear", said, "--grammar", "free", "--n-best", "1").out)
    assert found["hypotheses"][0]["text"] == "さん よん"
    assert found["status"] == "none"
    assert model.made == [(8000, None)]


def test_several_files_are_heard_one_after_the_other(
    ivr: Ivr, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing(monkeypatch, "")
    ran = ivr("hear", said, said, "--grammar", "yes_no")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [each["reason"] for each in answers] == ["nothing_heard"] * 2
    assert answers[0]["hypotheses"] == []


def test_a_name_is_told_from_look_alikes_and_decoys(
    ivr: Ivr, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hearing(monkeypatch, "さとー はなこ です", "さいとー はなこ です")
    model.vocabulary = EveryReading()
    arguments = ("hear", said, "--grammar", "name", "--candidate", "サトウ ハナコ")
    found = json.loads(ivr(*arguments, "--candidate", "オノ ケンジ").out)
    assert found["value"] == {"surname": ["サトー"], "given": ["ハナコ"]}
    assert found["evidence"] == {
        "decision": "pass",
        "names": ["サトー ハナコ"],
        "margin": 1.0,
        "agreement": 0.7311,
        "freely": "さとー はなこ です",
    }
    listened = json.loads(model.made[0][1] or "")
    assert {"さとー はなこ", "おの けんじ", "[unk]"} <= set(listened)
    # 48 names with eight look-alikes each, 64 common ones, what is said around them.
    assert len([each for each in listened if " " in each]) > 400
    assert model.made[2][1] is None


def test_a_model_of_kanji_cannot_tell_names_by_their_reading(
    ivr: Ivr, said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hearing(monkeypatch, "")
    model.vocabulary = written("佐藤", "はい", "です")
    ran = ivr("hear", said, "--grammar", "name", "--candidate", "サトウ ハナコ")
    assert ran.code == 1
    assert "use a model whose words are readings" in ran.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["SAID", "--grammar", "code", "--candidate", "サトウ ハナコ"], "candidates are names"),
        (["SAID", "--grammar", "name", "--candidate", "佐藤 花子"], "a given name in kana"),
        (["SAID", "--grammar", "name", "--candidate", "サトウハナコ"], "with a space between"),
    ],
)
def test_candidates_are_full_names_in_kana(
    ivr: Ivr,
    said: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    complaint: str,
) -> None:
    hearing(monkeypatch, "")
    ran = ivr("hear", *[str(said) if each == "SAID" else each for each in arguments])
    assert ran.code == 1
    assert complaint in ran.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere.wav", "--grammar", "yes_no"], "there is no file nowhere.wav"),
        (["SAID", "--grammar", "yes_on"], "grammars/ja (did you mean 'yes_no'?)"),
        (["SAID", "--grammar", "code", "--model", "nowhere"], "there is no folder nowhere"),
        (["SAID", "--grammar", "code", "--language", "en"], "no speech model for 'en'"),
    ],
)
def test_what_is_missing_is_named(
    ivr: Ivr, said: Path, arguments: list[str], complaint: str
) -> None:
    ran = ivr("hear", *[str(said) if each == "SAID" else each for each in arguments])
    assert ran.code == 1
    assert complaint in ran.err
    assert "Traceback" not in ran.err


def test_a_production_refuses_a_rehearsal_model_unless_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = hearing(monkeypatch, "")
    rehearsal = load_settings(mode="rehearsal", var_dir=Path("nowhere"))
    named: dict[str, Any] = {"speech_models": {"ja": Path("x")}}
    assert listening.open_model(load_settings(**named), "ja").files == model.files
    with pytest.raises(SettingsError, match=r"is for rehearsals.*IVR_REHEARSAL_MODEL_ALLOWED"):
        listening.open_model(load_settings(mode="production", **named), "ja")
    told = load_settings(mode="production", rehearsal_model_allowed=True, **named)
    assert listening.open_model(told, "ja").files == model.files
    with pytest.raises(HearingError, match="there is no speech model for 'en'"):
        listening.open_model(rehearsal, "en")


def test_models_are_named_by_language(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.exists()
    monkeypatch.setenv("IVR_SPEECH_MODELS", '{"fr": "/srv/model"}')
    with pytest.raises(SettingsError, match="IVR_SPEECH_MODELS"):
        load_settings()
    monkeypatch.setenv("IVR_SPEECH_MODELS", '{"en": "/srv/model"}')
    assert load_settings().speech_models == {"en": Path("/srv/model")}


GRAMMAR = "grammar: {name}\nlanguage: ja\n{rest}"
SAMPLES = "grammar: {name}\nlanguage: ja\nsamples: [{{say: x, {means}}}]\n"


@pytest.fixture
def grammars(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two small grammars in place of the shipped ones."""
    folder = home / "grammars/ja"
    folder.mkdir(parents=True)
    contents = {
        "yes_no": ("meanings: {'yes': [はい, 魑], 'no': [もういちど]}", "means: none"),
        "code": ("patterns: [一/いち 三/さん 〇/ぜろ]", "value: '1'"),
    }
    for name, (rest, means) in contents.items():
        (folder / f"{name}.yaml").write_text(GRAMMAR.format(name=name, rest=rest))
        (folder / f"{name}.samples.yaml").write_text(SAMPLES.format(name=name, means=means))
    monkeypatch.setenv("IVR_GRAMMARS_DIR", str(folder.parent))
    monkeypatch.setattr(models, "_try", lambda path: None)
    return folder


def test_a_model_is_checked_against_the_grammars(
    ivr: Ivr, grammars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert grammars.exists()
    hearing(monkeypatch, "")
    ran = ivr("models", "check", "x")
    assert ran.code == 0
    assert "- for rehearsals only: yes\n" in ran.out
    assert "| code | 3 | 2 | 1 | 0 |" in ran.out
    assert "## code: spelt\n\n- 〇/ぜろ: ぜ ろ\n" in ran.out
    assert "## Cannot" not in ran.out
    assert "##" not in ivr("models", "check", "x", "--show", "0").out


def test_a_model_that_cannot_hear_a_meaning_fails(
    ivr: Ivr, grammars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert grammars.exists()
    model = hearing(monkeypatch, "")
    model.vocabulary = written("はい")
    ran = ivr("models", "check", "x")
    assert ran.code == 1
    assert "| yes_no | 3 | 1 | 0 | 2 |" in ran.out
    assert "- もういちど: no word of the model is もう いち ど" in ran.out
    assert ran.out.endswith(
        "## Cannot be heard in any way\n\n- code: all its patterns\n- yes_no: no\n"
    )


def test_only_what_a_flow_listens_for_is_checked(
    ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.exists()
    hearing(monkeypatch, "")
    monkeypatch.setattr(models, "_try", lambda path: None)
    monkeypatch.setattr(models, "phrases_of", lambda grammar: ["はい"])
    out = ivr("models", "check", "x", "--flow", "verify", "--show", "0").out
    assert "| birthdate |" in out
    assert "| commands |" in out
    assert "| email_address |" not in out


def test_a_folder_without_grammars_is_named(
    ivr: Ivr, grammars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing(monkeypatch, "")
    for path in grammars.iterdir():
        path.unlink()
    ran = ivr("models", "check", "x")
    assert ran.code == 1
    assert "no grammars in" in ran.err


def test_a_folder_that_is_no_model_is_named_before_anything_is_tried(ivr: Ivr, home: Path) -> None:
    ran = ivr("models", "check", home)
    assert ran.code == 1
    assert "is no Vosk model: it lacks am/final.mdl" in ran.err
