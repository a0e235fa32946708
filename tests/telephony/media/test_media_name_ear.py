"""A name heard by the shipped model: what was said, and what its sound says for whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from fakes.speech_models import ScriptedModel
from fakes.vocabularies import spelling

from ivr.dialogue.expectation import NameQuestion
from ivr.flow.grammars import read_grammar
from ivr.hearing.grammar import GrammarCompiler
from ivr.hearing.model import SpeechModel, load_model
from ivr.hearing.telephone_audio import read_wav
from ivr.hearing.vocabulary import Speller
from ivr.identity.listened_names import FullName, NamePool, NameSelection
from ivr.identity.name_evidence import NameEvidence
from ivr.speaking.readings import Readings
from ivr.telephony.media.ears import Said, Tongue, VoskEars
from ivr.understanding import slots
from ivr.understanding.grammar import Grammar
from ivr.understanding.ja import pronunciation
from ivr.understanding.phrases import meaning
from ivr.understanding.value import HeardName, Hypothesis
from ivr.wiring.listening import SHIPPED, compiler_for, name_pool, phrases_of

ROOT = Path(__file__).parents[3]
SOUNDS = ROOT / "tests" / "hearing" / "rehearsal_model"
#: かたおか りおな といいます; もういちど おねがいします.
NAME, COMMAND = SOUNDS / "name-2.wav", SOUNDS / "command-2.wav"
KATAOKA, TAKAOKA = ("カタオカ", "リオナ"), ("タカオカ", "リオナ")
TODAY = date(2026, 11, 22)
Registered = tuple[tuple[str, str], ...]
Hear = Callable[[bytes, Registered | None], Said]
BEGINNINGS = ("ナカ", "ヤマ", "カワ", "イシ", "タカ", "マツ", "ヨシ", "フジ")
POOL = NamePool(
    ["サトー", "カタオカ", "タカオカ", *(a + b for a in BEGINNINGS for b in "タムノシモヤ")],
    ["ハナコ", "リオナ", "リナ", *(a + b for a in BEGINNINGS for b in "コジキトミオエヤ")],
)


def grammar(name: str) -> Grammar:
    found = read_grammar(ROOT / "grammars" / "ja" / f"{name}.yaml").grammar
    assert found is not None
    return found


GRAMMARS = (grammar("name"), grammar("commands"))


def is_name(text: str) -> bool:
    found = slots.parse("name", [Hypothesis(text)], language="ja", today=TODAY)
    return found.value is not None


@pytest.fixture(scope="module")
def hear() -> Hear:
    """Hears a sound (None: silence) where those are registered who are given."""
    model = load_model(SHIPPED / "ja")
    compiler = compiler_for(model, "ja")
    selection = NameSelection(name_pool(compiler), b"k" * 32)
    ears = VoskEars({"ja": Tongue(model, compiler, selection)}, phrases_of)

    return lambda sound, registered: listen(ears, sound, registered)


def listen(
    ears: VoskEars,
    sound: bytes,
    registered: Registered | None,
    grammars: Sequence[Grammar] = GRAMMARS,
) -> Said:
    question = NameQuestion("full", is_name, "1985-03-05", registered=registered)
    make = ears.prepare("ja", grammars, question)
    assert make is not None
    ear = make()
    ear.accept(sound)
    return ear.finish()


SELECTION = NameSelection(POOL, b"k" * 32)


def scripted(*words: str, registered: Registered, names: NameSelection | None = SELECTION) -> Said:
    """What becomes of ``words``, whatever is listened for."""
    timed = [{"word": word, "start": 0.1, "end": 0.4, "conf": 0.8} for word in words]
    model = ScriptedModel(
        {"result": timed},
        {"alternatives": [{"confidence": 20.0, "result": timed}]},
        vocabulary=spelling("かたおか", "りおな", "です"),
    )
    compiler = GrammarCompiler(Speller(model, pronunciation.ways))
    tongue = Tongue(cast(SpeechModel, model), compiler, names)
    return listen(VoskEars({"ja": tongue}, phrases_of), b"", registered, GRAMMARS[:1])


@pytest.fixture(scope="module")
def name_sound() -> bytes:
    return read_wav(NAME).pcm


@pytest.mark.parametrize(
    ("registered", "names"),
    [
        ((KATAOKA, ("サトウ", "ハナコ")), {FullName(*KATAOKA)}),
        ((("サトウ", "ハナコ"),), set()),
        ((), set()),
    ],
)
def test_a_name_is_heard_among_candidates(
    hear: Hear, name_sound: bytes, registered: Registered, names: set[FullName]
) -> None:
    said = hear(name_sound, registered)
    assert said.name_evidence is not None
    assert said.name_evidence.names == names


@pytest.mark.parametrize("words", [("かたおか", "りおな"), ("かたおか", "りおな", "です")])
@pytest.mark.parametrize(("registered", "decision"), [((KATAOKA,), "pass"), ((TAKAOKA,), "none")])
def test_a_name_heard_with_and_without_the_list_is_evidence(
    words: tuple[str, ...], registered: Registered, decision: str
) -> None:
    said = scripted(*words, registered=registered)
    assert said.name_evidence is not None
    assert said.name_evidence.decision == decision
    assert said.hypotheses[0].text == " ".join(words)


def test_what_nobody_says_is_foreign() -> None:
    assert scripted("[unk]", registered=(KATAOKA,)).foreign
    assert not scripted("かたおか", "りおな", registered=()).foreign
    assert scripted(registered=()) == Said((), False, NameEvidence("none"))


def test_models_that_know_no_readings_weigh_nothing() -> None:
    said = scripted("かたおか", "りおな", registered=(KATAOKA,), names=None)
    assert said.name_evidence is None
    assert said.hypotheses[0].text == "かたおか りおな"


def test_what_was_said_is_the_same_whoever_is_registered(hear: Hear, name_sound: bytes) -> None:
    """DESIGN.md "No oracle": everything but the evidence."""
    heard = [hear(name_sound, registered) for registered in (None, (), (KATAOKA,), (TAKAOKA,))]
    assert len({(said.hypotheses, said.foreign) for said in heard}) == 1
    understood = slots.parse("name", heard[0].hypotheses, language="ja", today=TODAY)
    assert isinstance(understood.value, HeardName)
    assert understood.value.surnames == ("カタオカ",)


def test_without_a_birthdate_nothing_is_weighed(hear: Hear, name_sound: bytes) -> None:
    assert hear(name_sound, None).name_evidence is None


def test_a_command_is_written_as_its_grammar_writes_it(hear: Hear) -> None:
    said = hear(read_wav(COMMAND).pcm, ())
    assert meaning(GRAMMARS[1], said.hypotheses) == "repeat"
    assert not said.foreign


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("佐藤花子、失礼しました、加藤花子です。", ("カトウ", "ハナコ")),
        ("やまだ、失礼しました、山本太郎です。", ("ヤマモト", "タロウ")),
        ("加藤太郎、失礼、佐藤太郎です。", ("サトウ", "タロウ")),
        ("失礼しました、山田太郎です。", ("ヤマダ", "タロウ")),
    ],
)
def test_who_corrects_a_name_politely_is_understood(
    hear: Hear, said: str, name: tuple[str, str]
) -> None:
    pytest.importorskip("pyopenjtalk", reason="pip install 'honnin-ivr[voice]'")
    from ivr.speaking.open_jtalk import OpenJTalk

    voice = OpenJTalk(Readings({}, {}))
    quiet = bytes(8000)
    heard = hear(quiet + voice.speak(said, 100).pcm + quiet, (KATAOKA,))
    assert "しつれい" in heard.hypotheses[0].text
    understood = slots.parse("name", heard.hypotheses, language="ja", today=TODAY)
    assert isinstance(understood.value, HeardName)
    assert (understood.value.surnames[0], understood.value.givens[0]) == name


def test_silence_says_nothing(hear: Hear) -> None:
    assert hear(bytes(16_000), (KATAOKA,)) == Said((), False, NameEvidence("none"))
