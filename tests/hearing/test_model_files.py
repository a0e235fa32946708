"""A directory is looked at before the library that dies of broken ones sees it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ivr.errors import HearingError
from ivr.hearing import model
from ivr.hearing.model_files import look_at

CONF = "--sample-frequency=8000\n--allow-downsample=true\n"
FST = b"\xd6\xfd\xb2\x7e and more"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What looks like a model."""
    for name in ("am", "conf", "graph"):
        (tmp_path / name).mkdir()
    (tmp_path / "am/final.mdl").write_bytes(b"\0B<TransitionModel>")
    (tmp_path / "graph/HCLr.fst").write_bytes(FST)
    (tmp_path / "graph/Gr.fst").write_bytes(FST)
    (tmp_path / "conf/mfcc.conf").write_text(CONF)
    (tmp_path / "conf/model.conf").write_text("--beam=12\n")
    return tmp_path


def test_a_model_says_what_it_takes(folder: Path) -> None:
    found = look_at(folder)
    assert (found.path, found.rate, found.rehearsal) == (folder, 8000, False)
    assert [rate for rate in (4000, 8000, 16000) if found.takes(rate)] == [8000, 16000]
    (folder / "conf/mfcc.conf").write_text("--allow-upsample=true # 16 kHz unless it says so\n")
    found = look_at(folder)
    assert found.rate == 16000
    assert [rate for rate in (8000, 16000, 48000) if found.takes(rate)] == [8000, 16000]


@pytest.mark.parametrize(
    "name", ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"]
)
def test_every_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(HearingError, match=f"is no Vosk model: it lacks {name} .IVR_SPEECH_MODELS"):
        look_at(folder)


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst"])
@pytest.mark.parametrize("content", [b"", b"\xd6", b"version https://git-lfs.github.com/spec/v1"])
def test_a_file_of_another_kind_is_named(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(HearingError, match=f"{name} is damaged"):
        look_at(folder)


def test_a_model_without_grammars_is_refused(folder: Path) -> None:
    (folder / "graph/HCLr.fst").rename(folder / "graph/HCLG.fst")
    with pytest.raises(HearingError, match="cannot listen for grammars"):
        look_at(folder)


@pytest.mark.parametrize("rate", ["eight", "0", "-8000"])
def test_a_rate_that_is_none_is_an_error(folder: Path, rate: str) -> None:
    (folder / "conf/mfcc.conf").write_text(f"--sample-frequency={rate}\n")
    with pytest.raises(HearingError, match="--sample-frequency must be a number"):
        look_at(folder)


def test_a_configuration_that_is_no_text_is_an_error(folder: Path) -> None:
    (folder / "conf/mfcc.conf").write_bytes(b"--sample-frequency=\xff\xfe")
    with pytest.raises(HearingError, match="is not text"):
        look_at(folder)


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HearingError, match="there is no folder"):
        look_at(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("card", "rehearsal"),
    [('{"rehearsal": true}', True), ('{"rehearsal": false}', False), ("{}", True)],
)
def test_a_card_may_say_that_it_is_for_rehearsals(folder: Path, card: str, rehearsal: bool) -> None:
    """A card that does not say is one of ours that lost a line: better too careful."""
    (folder / "model.json").write_text(card)
    assert look_at(folder).rehearsal is rehearsal


@pytest.mark.parametrize("card", ["", "[]", "rehearsal", "\udcff"])
def test_a_broken_card_is_an_error(folder: Path, card: str) -> None:
    (folder / "model.json").write_bytes(card.encode("utf-8", "surrogateescape"))
    with pytest.raises(HearingError, match="must be a JSON object"):
        look_at(folder)


def test_any_change_makes_it_another_model(folder: Path) -> None:
    seen = {look_at(folder).identity}
    assert look_at(folder).identity in seen
    for name, content in (
        ("graph/Gr.fst", FST + b"!"),
        ("README", b"hello"),
        ("large", b"a" * 300_000),
        ("large", b"a" * 299_999 + b"b"),
    ):
        (folder / name).write_bytes(content)
        seen.add(look_at(folder).identity)
    assert len(seen) == 5


def test_without_the_package_it_says_how_to_install_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model._library.cache_clear()
    monkeypatch.setitem(sys.modules, "vosk", None)
    with pytest.raises(HearingError, match=r"needs the package vosk.*pip install vosk"):
        model.load_model(folder)


def test_a_model_that_the_library_refuses_is_an_error(folder: Path) -> None:
    model._library.cache_clear()
    with pytest.raises(HearingError, match="cannot be loaded"):
        model.load_model(folder)
