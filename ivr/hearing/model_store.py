"""The folder of fetched models: ``<language>/<name>``, whole or not there at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.clock import Clock
from ivr.errors import HearingError
from ivr.hearing.disk_room import DiskRefuses, needs_room, written
from ivr.hearing.model_archive import unpack
from ivr.hearing.model_download import Archive, Download, Progress
from ivr.hearing.model_files import look_at

#: A model's files are about so many times as large as its archive.
_UNPACKED = 2
#: In the folder of a model: the checksum of the archive it came in, as ``sha256sum`` writes it.
CHECKSUM = "archive.sha256"


@dataclass(frozen=True, slots=True)
class ModelStore:
    """Fetched models. At most one of a language is in use, so there should be no second one."""

    folder: Path

    def models(self, language: str) -> list[Path]:
        """Folders of the language's models, by name."""
        home = self.folder / language
        if not home.is_dir():
            return []
        return sorted(p for p in home.iterdir() if p.is_dir() and not p.name.startswith("."))

    def model(self, language: str) -> Path | None:
        """The folder of the language's model.

        Raises:
            HearingError: there are several.
        """
        found = self.models(language)
        if len(found) > 1:
            raise HearingError(
                f"there are several models in {self.folder / language}:"
                f" {', '.join(each.name for each in found)}",
                hint="delete all but one, or name one in IVR_SPEECH_MODELS",
            )
        return found[0] if found else None

    def holds(self, language: str, name: str, archive: Archive) -> bool:
        """Whether this very model is there already.

        Raises:
            HearingError: another one is, or a damaged one.
        """
        path = self.model(language)
        if path is None:
            return False
        if path.name != name:
            raise HearingError(
                f"there is another model already: {path}",
                hint="delete or move it, then pull again",
            )
        try:
            look_at(path)
            checksum = path / CHECKSUM
            known = checksum.read_text(encoding="utf-8") if checksum.exists() else archive.sha256
        except (HearingError, OSError, UnicodeDecodeError):
            raise HearingError(
                f"there is something in {path} that is no usable model",
                hint="delete that folder, then pull again",
            ) from None
        if known.split()[:1] != [archive.sha256]:
            raise HearingError(
                f"{path} came in another archive", hint="delete that folder, then pull again"
            )
        return True

    def pull(
        self, language: str, name: str, archive: Archive, *, clock: Clock, progress: Progress
    ) -> Path:
        """Fetch a model, unless it is there.

        Raises:
            HearingError: it cannot be had, with what to do; the folder is as before then, but
                for what has arrived, which the next try goes on from.
        """
        home = self.folder / language
        path = home / name
        with written(home), _alone(home):
            if self.holds(language, name, archive):
                return path
            partial = home / f".{name}-{archive.sha256[:12]}.part"
            _remove_all_but(home, partial.name)
            if archive.size is not None and not partial.exists():
                needs_room(home, (1 + _UNPACKED) * archive.size)
            download = Download(archive, partial, clock=clock, progress=progress)
            download.fetch()
            try:
                _install(partial, archive, path)
            except DiskRefuses:
                raise
            except HearingError:
                download.discard()
                raise
            download.discard()
        return path


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Nobody else fetches into this folder meanwhile; the system lets go of dead processes."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HearingError(
                f"a model is being fetched into {home} already", hint="wait until that has ended"
            ) from None
        yield


def _remove_all_but(home: Path, partial: str) -> None:
    """What killed pulls, and pulls of other archives, have left."""
    for left in [*home.glob(".*.new"), *home.glob(".*.part"), *home.glob(".*.part-version")]:
        if left.is_dir():
            shutil.rmtree(left)
        elif not left.name.startswith(partial):
            left.unlink()


def _install(archive_file: Path, archive: Archive, path: Path) -> None:
    """Unpack beside ``path``, look whether it is a model, then move it there at once."""
    unpacked = path.with_name(f".{path.name}.new")
    try:
        unpack(archive_file, unpacked)
        inside = list(unpacked.iterdir())
        # Published archives hold one folder with everything in it.
        root = inside[0] if len(inside) == 1 and inside[0].is_dir() else unpacked
        try:
            look_at(root)
        except HearingError as error:
            raise HearingError(
                f"the archive holds no usable model: {error.message}",
                hint="give another one with --url and --sha256",
            ) from None
        with written(root):
            (root / CHECKSUM).write_text(f"{archive.sha256}  {path.name}.zip\n", encoding="utf-8")
            root.rename(path)
            _to_disk(path.parent)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _to_disk(folder: Path) -> None:
    """So that a power failure does not take the new name back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
