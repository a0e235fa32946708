"""Whatever is in an archive: plain files in one folder, or nothing."""

from __future__ import annotations

import io
import shutil
import stat
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from fakes.model_archives import NAME, TINY, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.errors import HearingError
from ivr.hearing import model_archive
from ivr.hearing.disk_room import DiskRefuses
from ivr.hearing.model_archive import unpack


def archived(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return memory.getvalue()


def entry(name: str = "a", *, mode: int = 0, packing: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = packing
    return info


def patched(content: bytes, old: bytes, new: bytes) -> bytes:
    """An archive that zipfile would not write."""
    assert old in content
    assert len(old) == len(new)
    return content.replace(old, new)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def unpacked(content: bytes, place: Path) -> Path:
    """Where it is unpacked; two floors below what must not be touched."""
    archive = place / "archive.zip"
    archive.write_bytes(content)
    unpack(archive, place / "new")
    return place / "new"


def test_a_model_is_unpacked(place: Path) -> None:
    folder = unpacked(zipped(TINY), place) / NAME
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == TINY


def test_modes_of_the_archive_do_not_count(place: Path) -> None:
    folder = unpacked(archived((entry(mode=stat.S_IFREG | 0o4777), b"a")), place)
    assert stat.S_IMODE((folder / "a").stat().st_mode) & 0o7111 == 0


LINK = entry("link", mode=stat.S_IFLNK | 0o777)
REFUSED = {
    "parent": (archived(("../evil", b"")), "leads out"),
    "parent below": (archived(("a/../../evil", b"")), "leads out"),
    "absolute": (archived(("/tmp/evil", b"")), "leads out"),  # noqa: S108
    "backslash": (archived(("..\\evil", b"")), "leads out"),
    "drive": (archived(("C:evil", b"")), "leads out"),
    "nothing": (archived((".", b"")), "leads out"),
    "cut name": (patched(archived(("good_evil", b"")), b"good_", b"good\0"), "leads out"),
    "link": (archived((LINK, b"/etc/passwd")), "neither file nor folder"),
    "device": (archived((entry(mode=stat.S_IFCHR | 0o666), b"")), "neither file nor folder"),
    "both": (archived(("a", b""), ("a/b", b"")), "both file and folder: 'a'"),
    "again": (archived(("a/b", b""), ("a//b", b"")), "there twice"),
    "packing": (archived((entry(packing=zipfile.ZIP_LZMA), b"a")), "unusual way"),
    "encrypted": (
        patched(archived(("a", b"")), b"PK\1\2\x14\x03\x14\0\0", b"PK\1\2\x14\x03\x14\0\1"),
        "encrypted",
    ),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_plain_file_below_the_folder_is_refused(
    place: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(HearingError, match=f"archive is refused: .*{reason}.*--sha256"):
        unpacked(content, place)
    assert [path.name for path in place.parent.rglob("*")] == ["place", "archive.zip"]


def test_a_bomb_is_refused_before_it_goes_off(place: Path) -> None:
    archive = place / "archive.zip"
    archive.write_bytes(zipped({"a": bytes(1_000_000), "b": bytes(1_000_000)}))
    assert archive.stat().st_size < 10_000
    with pytest.raises(HearingError, match="would have 2000000 bytes, and 1999999 are allowed"):
        unpack(archive, place / "new", largest=1_999_999)
    unpack(archive, place / "new", largest=2_000_000)


def test_a_bomb_that_lies_about_its_size_does_not_go_off(place: Path) -> None:
    size = (1_000_000).to_bytes(4, "little")
    lying = patched(zipped({"a": bytes(1_000_000)}), size, (10).to_bytes(4, "little"))
    with pytest.raises(HearingError, match=r"the archive is damaged .*BadZipFile"):
        unpacked(lying, place)
    assert sum(path.stat().st_size for path in (place / "new").rglob("a")) <= 10


def test_too_many_entries_are_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_archive, "MOST_ENTRIES", 2)
    with pytest.raises(HearingError, match="it has 3 entries, and a model has 2 at most"):
        unpacked(archived(("a", b""), ("b", b""), ("c", b"")), place)


def test_a_disk_without_room_is_noticed_before(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DiskRefuses, match=r"2 MB are needed in .*, and 1 MB are free"):
        unpacked(zipped({"a": bytes(1_500_001)}), place)


@pytest.mark.parametrize("content", [b"", b"<html>log in</html>", zipped(TINY)[:-1], b"PK\5\6"])
def test_what_is_no_archive_is_refused(place: Path, content: bytes) -> None:
    with pytest.raises(HearingError, match="the archive is damaged or no zip file"):
        unpacked(content, place)


GOOD = zipped({"a/b": b"some content, some content, some content", "c": b"x"})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=4))
def test_damage_never_does_more_than_be_refused(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(GOOD)
    for at, value in changes:
        content[at] = value
    place = tmp_path / "place"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    with suppress(HearingError):
        unpacked(bytes(content), place)
    assert {path.name for path in tmp_path.iterdir()} == {"place"}
    assert {path.name for path in place.iterdir()} <= {"archive.zip", "new"}
