"""The directory: complete, described, reproducible, and noticed when it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import toy_network
import vosk

from speech_model import model_directory
from speech_model.model_directory import WARNING, DamagedModel

vosk.SetLogLevel(-1)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    toy_network.write(tmp_path / "ja", toy_network.layers())
    return tmp_path / "ja"


def _files(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_it_holds_what_vosk_needs_and_what_people_need(directory: Path) -> None:
    assert sorted(_files(directory)) == [
        "README",
        "am/final.mdl",
        "conf/mfcc.conf",
        "conf/model.conf",
        "graph/Gr.fst",
        "graph/HCLr.fst",
        "graph/disambig_tid.int",
        "graph/phones.txt",
        "graph/phones/word_boundary.int",
        "model.json",
    ]
    assert model_directory.size(directory) == sum(map(len, _files(directory).values()))
    assert vosk.Model(str(directory)).vosk_model_find_word("はい") > 0


def test_the_card_says_what_it_is(directory: Path) -> None:
    card = model_directory.check(directory)
    assert card["warning"] == WARNING
    assert card["rehearsal"] is True
    assert card["words"] == len(toy_network.WORDS) + 1
    assert (card["name"], card["version"], card["date"], card["seed"]) == (
        "toy",
        "1",
        "2026-11-22",
        7,
    )
    assert card["parameters"] == sum(x.weight.size + x.bias.size for x in toy_network.layers())
    assert "never heard a human being" in (directory / "README").read_text("utf-8")


def test_word_boundaries_name_the_places(directory: Path) -> None:
    rows = (directory / "graph/phones/word_boundary.int").read_text().split("\n")
    assert rows[:5] == ["1 nonword", "2 begin", "3 internal", "4 end", "5 singleton"]


def test_the_same_input_gives_the_same_bytes(directory: Path, tmp_path: Path) -> None:
    toy_network.write(tmp_path / "again", toy_network.layers())
    assert _files(tmp_path / "again") == _files(directory)


def test_a_new_model_replaces_the_old_one_whole(directory: Path) -> None:
    (directory / "left-over").write_text("x")
    before = _files(directory)["am/final.mdl"]
    toy_network.write(directory, toy_network.layers(seed=2))
    after = _files(directory)
    assert after["am/final.mdl"] != before
    assert "left-over" not in after
    model_directory.check(directory)


def test_a_changed_file_is_told(directory: Path) -> None:
    conf = directory / "conf" / "model.conf"
    conf.write_text(conf.read_text() + "--beam=3\n")
    with pytest.raises(DamagedModel, match=r"conf/model\.conf: is not what model\.json says"):
        model_directory.check(directory)


def test_a_file_too_few_or_too_many_is_told(directory: Path) -> None:
    (directory / "graph" / "HCLG.fst").write_bytes(b"")
    with pytest.raises(DamagedModel, match=r"HCLG\.fst: is not what"):
        model_directory.check(directory)
    (directory / "graph" / "HCLG.fst").unlink()
    (directory / "graph" / "Gr.fst").unlink()
    with pytest.raises(DamagedModel, match=r"Gr\.fst: is missing"):
        model_directory.check(directory)


@pytest.mark.parametrize("content", [None, "{", json.dumps({"name": "toy"})])
def test_a_directory_without_a_card_is_no_model(directory: Path, content: str | None) -> None:
    card = directory / "model.json"
    card.unlink() if content is None else card.write_text(content)
    with pytest.raises(DamagedModel, match=r"model\.json: .*run 'make model'"):
        model_directory.check(directory)
