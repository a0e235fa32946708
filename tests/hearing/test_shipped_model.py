"""The shipped model in the real library: what it knows, what it takes, what it never does."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import pytest
from fakes.sound_files import write_wav

from ivr.errors import HearingError
from ivr.flow.grammars import read_grammars
from ivr.hearing.grammar import GrammarCompiler
from ivr.hearing.model import SpeechModel, load_model
from ivr.hearing.recogniser import Recogniser, recognise
from ivr.hearing.telephone_audio import Audio
from ivr.hearing.vocabulary import Speller
from ivr.understanding.ja import pronunciation

ROOT = Path(__file__).parents[2]
GRAMMARS = {
    reading.name: reading.grammar
    for reading in read_grammars(ROOT / "grammars/ja")
    if reading.grammar is not None
}
SILENCE = Audio(bytes(16_000))


@pytest.fixture(scope="module")
def compiler(speech_model: SpeechModel) -> GrammarCompiler:
    return GrammarCompiler(Speller(speech_model, pronunciation.ways))


def noise(seconds: float, *, loud: int = 300, seed: int = 1) -> Audio:
    source = random.Random(seed)  # noqa: S311
    samples = [int(source.gauss(0, loud)) for _ in range(int(8000 * seconds))]
    return Audio(struct.pack(f"<{len(samples)}h", *samples))


def phrases(name: str) -> list[str]:
    grammar = GRAMMARS[name]
    return [*(p for each in grammar.meanings.values() for p in each), *grammar.spoken]


def test_it_spells_every_reading(speech_model: SpeechModel, compiler: GrammarCompiler) -> None:
    assert compiler.spells
    assert speech_model.unknown_word == "[unk]"
    assert speech_model.files.takes(8000)
    assert speech_model.files.takes(16_000)


@pytest.mark.parametrize(
    "word",
    ["", " ", "<eps>", "[unk]", "<s>", "</s>", "#0", "は い", "はい\0", "はい\n", "佐藤", "xyz"],
)
def test_what_must_not_stand_in_a_grammar_is_not_known(
    speech_model: SpeechModel, word: str
) -> None:
    assert not speech_model.knows(word)
    assert speech_model.knows("はい")


@pytest.mark.parametrize("name", [name for name, grammar in GRAMMARS.items() if phrases(name)])
def test_every_shipped_grammar_can_be_listened_for(
    speech_model: SpeechModel, compiler: GrammarCompiler, name: str
) -> None:
    grammar = compiler.compile(phrases(name))
    assert [way.phrase for way in grammar.unheard if way.how == "not"] == []
    assert all(
        speech_model.knows(word) for phrase in grammar.phrases[:-1] for word in phrase.split()
    )
    assert recognise(speech_model, grammar, SILENCE) == []


def test_every_word_of_a_date_is_a_word_of_the_model(compiler: GrammarCompiler) -> None:
    dates = [said for said in phrases("birthdate") if "年/ねん" in said and "月/がつ" in said]
    words = {way.phrase: way.how for way in compiler.report(dates)}
    numbers = {word for word in words if word[0] in "〇一二三四五六七八九十千年月元明大昭平令"}
    assert len(numbers) > 50
    rare = {"四十/しじゅう", "九十/くじゅう"}
    assert {word for word in numbers if words[word] != "words"} <= rare


def test_noise_is_no_speech_and_no_crash(
    speech_model: SpeechModel, compiler: GrammarCompiler
) -> None:
    grammar = compiler.compile(phrases("yes_no"))
    for audio in (Audio(b"\0\0"), noise(0.01), noise(1.0), Audio(b"\xff\x7f" * 8000)):
        for transcript in recognise(speech_model, grammar, audio):
            assert 0 <= transcript.confidence <= 1
            assert all(0 <= word.start_s <= word.end_s <= 1.1 for word in transcript.words)


def test_a_model_is_shared_by_threads(speech_model: SpeechModel, compiler: GrammarCompiler) -> None:
    grammar = compiler.compile(phrases("birthdate"))
    audio = noise(1.0, loud=3000)

    def hear(_: int) -> list[str]:
        return [each.text for each in recognise(speech_model, grammar, audio)]

    with ThreadPoolExecutor(4) as pool:
        assert len({tuple(found) for found in pool.map(hear, range(8))}) == 1


def test_pieces_make_the_same_as_the_whole(
    speech_model: SpeechModel, compiler: GrammarCompiler
) -> None:
    grammar = compiler.compile(phrases("birthdate"))
    audio = noise(1.5, loud=3000, seed=3)
    recogniser = Recogniser(speech_model, grammar)
    for start in range(0, len(audio.pcm), 320):
        recogniser.accept(audio.pcm[start : start + 320])
        assert isinstance(recogniser.partial(), str)
    assert recogniser.finish() == recognise(speech_model, grammar, audio)


def test_audio_of_a_rate_that_it_does_not_take_is_refused(
    speech_model: SpeechModel, model_path: Path, tmp_path: Path
) -> None:
    copytree(model_path, tmp_path / "model")
    conf = tmp_path / "model/conf/mfcc.conf"
    conf.chmod(0o644)
    conf.write_text(conf.read_text().replace("--allow-downsample=true", ""))
    model = load_model(tmp_path / "model")
    assert model.files.identity != speech_model.files.identity
    with pytest.raises(HearingError, match="takes 8000 samples a second, not 16000"):
        recognise(model, None, Audio(bytes(32_000), 16_000))


def test_a_damaged_graph_is_found_before_it_kills(model_path: Path, tmp_path: Path) -> None:
    """It kills the process that tries, so `ivr models check` lets another one try."""
    copytree(model_path, tmp_path / "model")
    graph = tmp_path / "model/graph/HCLr.fst"
    graph.chmod(0o644)
    graph.write_bytes(graph.read_bytes()[:50_000])
    ran = subprocess.run(
        [sys.executable, "-m", "ivr.cli", "models", "check", str(tmp_path / "model")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "it kills the process that uses it" in ran.stderr


def test_the_command_hears_a_file(model_path: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "said.wav", SILENCE)
    arguments = ["hear", str(tmp_path / "said.wav"), "--grammar", "birthdate"]
    ran = subprocess.run(
        [sys.executable, "-m", "ivr.cli", *arguments, "--model", str(model_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout)
    assert (found["hypotheses"], found["reason"], found["seconds"]) == ([], "nothing_heard", 1.0)
