"""What another recogniser, which learnt from people, is asked, and what becomes of its answers."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from speech_model import corpora, second_listener
from speech_model.corpora import Spoken
from speech_model.second_listener import Grammar, Julius, NotJulius
from speech_model.text import Utterance
from speech_model.voices import Voice

OUTPUT = """\
STAT: include config: x
------
### read waveform input
Stat: adin_file: input speechfile: /w/a-00001.wav
pass1_best: silB さとう
sentence1: silB さとう はなこ と_もうします silE
wseq1: 0 2 3 4 1
### read waveform input
Stat: adin_file: input speechfile: /w/a-00002.wav
WARNING: 00 _default: got no candidates, search failed
### read waveform input
Stat: adin_file: input speechfile: /w/a-00003.wav
sentence1: silB に silB さん silE
"""


def test_answers_are_read_file_by_file_without_silences() -> None:
    assert second_listener.understood(OUTPUT) == {
        "/w/a-00001.wav": ("さとう", "はなこ", "と", "もうします"),
        "/w/a-00002.wav": (),
        "/w/a-00003.wav": ("に", "さん"),
    }


def test_phrases_are_written_with_their_phones_once_and_in_order() -> None:
    rules, voca = Grammar.of_digits(["いち", "はっぴゃく", "いち"]).written()
    assert rules.splitlines() == ["S: B DS E", "DS: D", "DS: DS D", "DS: DS P D"]
    assert voca.splitlines() == [
        "% B", "silB silB", "% E", "silE silE", "% P", "silB silB",
        "% D", "いち i ch i", "はっぴゃく h a q py a k u",
    ]  # fmt: skip


def test_a_phrase_of_several_words_is_one() -> None:
    _, voca = Grammar.of_phrases(["はい そう です"]).written()
    assert "はい_そう_です h a i s o: d e s u" in voca.splitlines()


@pytest.mark.parametrize("loose", [False, True])
def test_every_category_that_rules_name_is_there_and_every_one_there_is_named(loose: bool) -> None:
    grammar = Grammar.of_names(["さとう"], ["はなこ"], loose=loose)
    rules, voca = grammar.written()
    named = {word for rule in rules.splitlines() for word in rule.partition(":")[2].split()}
    assert named == {line[2:] for line in voca.splitlines() if line.startswith("% ")}


def test_names_as_training_says_them_may_lack_a_part_and_tested_ones_may_not() -> None:
    tested = Grammar.of_names(["さとう"], ["はなこ"], loose=False).rules
    assert all("SUR" in rule and "GIV" in rule for rule in tested)
    assert "S: B SUR E" in Grammar.of_names(["さとう"], ["はなこ"], loose=True).rules


class Listener:
    """Hears every file as the words it is given."""

    def __init__(self, heard: dict[str, tuple[str, ...]]) -> None:
        self._heard = heard

    def hears(self, grammar: Grammar, wavs: Sequence[Path]) -> dict[str, tuple[str, ...]]:
        return {str(wav): self._heard[wav.stem] for wav in wavs if wav.stem in self._heard}


def said(ident: str, kind: str, *words: str, **meaning: str) -> Spoken:
    voice = Voice("kokoro", (("jf_alpha", 1.0),))
    return Spoken(Utterance(ident, kind, words, (), meaning), voice, Path(f"/w/{ident}.wav"))


def test_an_utterance_is_heard_where_all_its_words_sound_right() -> None:
    corpus = [
        said("a-1", "name", "おおの", "じゅん", surname="おおの", given="じゅん"),
        said("a-2", "name", "おの", "じゅん", surname="おの", given="じゅん"),
        said("a-3", "date", "しょうわ", "ご", "ねん"),
        said("a-4", "yes_no", "うん"),
        said("a-5", "sounds", "ぬぺろ"),
        said("a-6", "digits", "に", "さん"),
    ]
    heard = {
        "a-1": ("おーの", "じゅん"),
        "a-2": ("おおの", "じゅん"),
        "a-3": ("しょうわ", "ご", "ねん"),
        "a-4": ("ううん",),
        "a-5": ("ぬぺろ",),
    }
    assert second_listener.heard_in(Listener(heard), corpus) == ["a-1", "a-3"]  # type: ignore[arg-type]


def test_what_was_heard_is_written_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {f"kokoro-own-{at:05d}" for at in range(40)} | {"kokoro-00007"}
    file = tmp_path / "heard.txt"
    file.write_text(second_listener.listed(ids), encoding="utf-8")
    monkeypatch.setattr(second_listener, "HEARD", file)
    second_listener.heard.cache_clear()
    try:
        assert second_listener.heard(second_listener.SEED) == ids
        assert second_listener.heard(2) == frozenset()
    finally:
        second_listener.heard.cache_clear()
    assert max(len(line) for line in file.read_text("utf-8").splitlines()) <= 130


def test_the_list_names_utterances_that_training_has() -> None:
    counts = {c.name: c.count for c in corpora.plan() if not c.tested}
    heard = [ident.rpartition("-") for ident in second_listener.heard(1)]
    assert {corpus for corpus, _, _ in heard} == {n for n in counts if n.startswith("kokoro")}
    assert all(int(number) < counts[corpus] for corpus, _, number in heard)


def test_the_list_is_of_the_texts_that_the_corpora_say_now() -> None:
    """If this fails, texts have changed: have Julius hear them again (speech_model/README.md)."""
    assert f"# texts {second_listener.texts()}" in second_listener.HEARD.read_text("utf-8")


def julius(folder: Path, *, compiles: bool) -> Path:
    """A folder like npm's package, built; its programs are scripts."""
    source, model = folder / "julius-4.4.2", folder / "model" / "phone_m"
    for part in (source / "julius", source / "gramtools" / "mkdfa", model):
        part.mkdir(parents=True)
    program = source / "julius" / "julius"
    program.write_text(f"#!{sys.executable}\nprint({OUTPUT!r})\n", encoding="utf-8")
    program.chmod(0o755)
    made = 'open(F, ">", "$ARGV[0].dfa");' if compiles else "print 'left recursion';"
    (source / "gramtools" / "mkdfa" / "mkdfa.pl").write_text(made, encoding="utf-8")
    (model / "hmmdefs_ptm_gid.binhmm").touch()
    (model / "logicalTri").touch()
    return folder


def test_julius_is_run_on_the_compiled_grammar(tmp_path: Path) -> None:
    ears = Julius(julius(tmp_path, compiles=True))
    assert ears.hears(Grammar.of_phrases(["はい"]), [Path("/w/a-00003.wav")])["/w/a-00003.wav"] == (
        "に",
        "さん",
    )


def test_a_grammar_that_is_not_compiled_is_no_silence(tmp_path: Path) -> None:
    with pytest.raises(NotJulius, match="mkdfa"):
        Julius(julius(tmp_path, compiles=False)).hears(Grammar.of_phrases(["はい"]), [])


def test_what_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert second_listener.main([str(tmp_path)]) == 1
    assert "julius-4.4.2/julius/julius is not there" in capsys.readouterr().err


def test_sounds_that_were_never_made_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    julius(tmp_path, compiles=True)
    assert second_listener.main([str(tmp_path), "--work", str(tmp_path / "none")]) == 1
    assert "index.jsonl is not there: 'make model' speaks it" in capsys.readouterr().err
