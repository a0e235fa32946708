"""A model's archive is unpacked: plain files, in one folder, of a size that makes sense.

The checksum has been compared before. Whoever gives a checksum of their own may still have been
given a bad archive with it.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ivr.errors import HearingError
from ivr.hearing.disk_room import needs_room, written

#: Files and folders at most; models have about 20.
MOST_ENTRIES = 1000
#: Bytes of all files at most; the largest published model has 6 GB.
LARGEST = 10_000_000_000
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
#: What zipfile raises while it reads bytes that are none of its own.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, ValueError
)  # fmt: skip
_HINT = "it cannot be used: give another one with --url and --sha256"


def unpack(archive: Path, folder: Path, *, largest: int = LARGEST) -> None:
    """Unpack a zip ``archive`` into ``folder``, which must not be there yet.

    Raises:
        HearingError: it is damaged, larger than ``largest`` bytes, or has anything in it that is
            no plain file below ``folder``; the disk is full.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            _check(entries, largest)
            with written(folder):
                folder.mkdir()
                needs_room(folder, sum(entry.file_size for entry in entries))
                for entry in entries:
                    _write(opened, entry, folder)
    except _DAMAGED as error:
        raise HearingError(
            f"the archive is damaged or no zip file [{type(error).__name__}]", hint=_HINT
        ) from None


def _check(entries: list[zipfile.ZipInfo], largest: int) -> None:
    if len(entries) > MOST_ENTRIES:
        raise _refused(f"it has {len(entries)} entries, and a model has {MOST_ENTRIES} at most")
    size = sum(entry.file_size for entry in entries)
    if size > largest:
        raise _refused(f"unpacked it would have {size} bytes, and {largest} are allowed")
    seen: set[PurePosixPath] = set()
    for entry in entries:
        path = PurePosixPath(entry.filename)
        # The name as it was written: zipfile cuts names at \0 and turns \ into / on Windows.
        strange = set(entry.orig_filename) & set("\\:\0")
        if strange or path.is_absolute() or ".." in path.parts or not path.parts:
            raise _refused(f"an entry leads out of its folder: {entry.orig_filename!r}")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _refused(f"an entry is neither file nor folder: {entry.filename!r}")
        if entry.flag_bits & _ENCRYPTED:
            raise _refused(f"an entry is encrypted: {entry.filename!r}")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused(f"an entry is packed in an unusual way: {entry.filename!r}")
        if path in seen:
            raise _refused(f"an entry is there twice: {entry.filename!r}")
        seen.add(path)
    files = {PurePosixPath(each.filename) for each in entries if not each.is_dir()}
    inside = {parent for path in seen for parent in path.parents}
    if both := files & inside:
        raise _refused(f"an entry is both file and folder: {str(min(both))!r}")


def _refused(reason: str) -> HearingError:
    return HearingError(f"the archive is refused: {reason}", hint=_HINT)


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    """One entry, on the disk when this returns."""
    path = folder / entry.filename
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # zipfile stops at the size that the entry gives, and compares its CRC.
    with opened.open(entry) as source, path.open("xb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
