"""A model is in its folder whole, or not at all."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes import archive_server as manners
from fakes.archive_server import ArchiveServer, serving
from fakes.model_archives import NAME, TINY, archive_of, zipped

from ivr.clock import ManualClock
from ivr.errors import HearingError
from ivr.hearing import model_store
from ivr.hearing.disk_room import DiskRefuses
from ivr.hearing.model_download import Archive
from ivr.hearing.model_files import look_at
from ivr.hearing.model_store import ModelStore

CONTENT = zipped(TINY)


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with serving(ArchiveServer(CONTENT)) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "var/models")


def pull(store: ModelStore, server: ArchiveServer, archive: Archive | None = None) -> Path:
    return store.pull(
        "ja",
        NAME,
        archive or archive_of(server.content, server.url),
        clock=ManualClock(datetime(2026, 11, 22, tzinfo=UTC)),
        progress=lambda done, total: None,
    )


def left(store: ModelStore) -> set[str]:
    """Everything beside models."""
    return {path.name for path in (store.folder / "ja").iterdir()} - {NAME, ".lock"}


def test_a_model_is_fetched_and_found(store: ModelStore, server: ArchiveServer) -> None:
    assert store.model("ja") is None
    path = pull(store, server)
    assert path == store.folder / "ja" / NAME == store.model("ja")
    assert look_at(path).takes(8000)
    assert {each: (path / each).read_bytes() for each in TINY} == TINY
    assert store.model("en") is None
    assert left(store) == set()


def test_it_remembers_the_archive(store: ModelStore, server: ArchiveServer) -> None:
    archive = archive_of(CONTENT, server.url)
    path = pull(store, server)
    assert (path / "archive.sha256").read_text() == f"{archive.sha256}  {NAME}.zip\n"


@pytest.mark.parametrize("folder", ["", "another-name/"])
def test_the_folder_in_the_archive_may_have_any_name(store: ModelStore, folder: str) -> None:
    with serving(ArchiveServer(zipped(TINY, folder))) as server:
        assert look_at(pull(store, server))
    assert left(store) == set()


def test_what_is_there_is_not_fetched_again(store: ModelStore, server: ArchiveServer) -> None:
    path = pull(store, server)
    server.asked.clear()
    assert pull(store, server) == path
    assert server.asked == []


def test_one_that_was_unpacked_by_hand_is_there(store: ModelStore, server: ArchiveServer) -> None:
    path = pull(store, server)
    (path / "archive.sha256").unlink()
    assert store.holds("ja", NAME, archive_of(CONTENT, server.url))


def test_the_same_name_from_another_archive_is_not_the_same(
    store: ModelStore, server: ArchiveServer
) -> None:
    pull(store, server)
    with pytest.raises(HearingError, match=r"came in another archive \(delete that folder"):
        store.holds("ja", NAME, Archive(server.url, "0" * 64, None))


def test_a_second_model_is_not_fetched(store: ModelStore, server: ArchiveServer) -> None:
    other = store.folder / "ja/other-model"
    other.mkdir(parents=True)
    with pytest.raises(HearingError, match=rf"another model already: {other} \(delete or move it"):
        pull(store, server)
    assert server.asked == []


def test_several_models_are_for_somebody_to_choose_from(store: ModelStore) -> None:
    for name in ("b", "a", ".a.new"):
        (store.folder / "ja" / name).mkdir(parents=True)
    with pytest.raises(HearingError, match=r": a, b \(delete all but one, or .*IVR_SPEECH_MODELS"):
        store.model("ja")


def test_a_damaged_one_is_named(store: ModelStore, server: ArchiveServer) -> None:
    path = pull(store, server)
    (path / "am/final.mdl").unlink()
    with pytest.raises(HearingError, match=rf"in {path} that is no usable model \(delete that"):
        pull(store, server)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (zipped({**TINY, "../../evil": b""}), "archive is refused"),
        (zipped({"README": b"nothing else"}), "holds no usable model: .* is no Vosk model"),
        (zipped({**TINY, "graph/Gr.fst": b"text"}), "holds no usable model: .*Gr.fst is damaged"),
        (b"no archive", "the archive is damaged"),
    ],
)
def test_what_holds_no_model_leaves_nothing(
    store: ModelStore, content: bytes, complaint: str
) -> None:
    with (
        serving(ArchiveServer(content)) as server,
        pytest.raises(HearingError, match=complaint),
    ):
        pull(store, server)
    assert store.models("ja") == []
    assert left(store) == set()


def test_another_content_leaves_nothing(store: ModelStore, server: ArchiveServer) -> None:
    archive = archive_of(zipped({"other": b""}), server.url, sized=False)
    with pytest.raises(HearingError, match="it is deleted"):
        pull(store, server, archive)
    assert left(store) == set()


def test_a_broken_download_is_gone_on_with(store: ModelStore, server: ArchiveServer) -> None:
    server.manners = [manners.cut_after(90_000), *[manners.status(503)] * 4]
    with pytest.raises(HearingError, match="pull again"):
        pull(store, server)
    assert store.models("ja") == []
    assert left(store)
    server.asked.clear()
    pull(store, server)
    assert server.ranges[0] != "all"
    assert left(store) == set()


def test_a_full_disk_keeps_what_was_fetched(
    store: ModelStore, server: ArchiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(archive: Path, folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise DiskRefuses("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(model_store, "unpack", full)
        with pytest.raises(DiskRefuses):
            pull(store, server)
    assert {name.rpartition(".")[2] for name in left(store)} == {"part", "part-version"}
    server.asked.clear()
    pull(store, server)
    assert server.asked == []


def test_room_for_the_files_is_needed_too(
    store: ModelStore, server: ArchiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=2 * len(CONTENT))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DiskRefuses, match="IVR_SPEECH_MODELS_DIR"):
        pull(store, server)
    assert server.asked == []


def test_what_killed_pulls_left_is_removed_and_nothing_else(
    store: ModelStore, server: ArchiveServer
) -> None:
    home = store.folder / "ja"
    (home / f".{NAME}.new/am").mkdir(parents=True)
    (home / ".other-model-0123.part").touch()
    (home / ".other-model-0123.part-version").touch()
    (home / ".notes").touch()
    pull(store, server)
    assert left(store) == {".notes"}


def test_two_pulls_at_once_are_one_too_many(store: ModelStore, server: ArchiveServer) -> None:
    pull(store, server)
    with (store.folder / "ja/.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(HearingError, match=r"being fetched into .* already \(wait until"):
            pull(store, server)
    pull(store, server)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, server: ArchiveServer) -> None:
    (tmp_path / "models").touch()
    with pytest.raises(DiskRefuses, match=r"models/ja cannot be written \[ENOTDIR\] .*who may"):
        pull(ModelStore(tmp_path / "models"), server)
