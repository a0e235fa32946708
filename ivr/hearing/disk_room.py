"""What a disk refuses, told so that somebody can do something about it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivr.errors import HearingError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_HINT = "make room there, or name a folder on another disk in IVR_SPEECH_MODELS_DIR"


class DiskRefuses(HearingError):
    """Nothing is wrong with what should be written."""


def needs_room(folder: Path, size: int) -> None:
    """
    Raises:
        DiskRefuses: less than ``size`` bytes are free where ``folder`` is.
    """
    free = shutil.disk_usage(folder).free
    if free < size:
        raise DiskRefuses(
            f"{size / 1e6:.0f} MB are needed in {folder}, and {free / 1e6:.0f} MB are free",
            hint=_HINT,
        )


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Around whatever writes to ``path``.

    Raises:
        DiskRefuses: in place of every error of the operating system.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskRefuses(f"the disk is full: {path}", hint=_HINT) from None
        name = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise DiskRefuses(
            f"{path} cannot be written [{name}]",
            hint="check who may write there, or name another folder in IVR_SPEECH_MODELS_DIR",
        ) from None
