"""A line on a terminal that says how far a download is."""

from __future__ import annotations

from types import TracebackType
from typing import TextIO

_WIDTH = 30
_BACK = "\r\033[K"


class ProgressLine:
    """Drawn anew whenever it has changed; elsewhere than on a terminal not at all.

    Use as a context manager: the cursor is on a line of its own afterwards.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._draws = stream.isatty()
        self._line = ""

    def show(self, done: int, total: int | None) -> None:
        """``done`` bytes are there, of ``total`` if that is known. It may also go backwards."""
        line = f"{done / 1e6:.1f} MB"
        if total:
            share = min(done / total, 1.0)
            bar = ("#" * int(share * _WIDTH)).ljust(_WIDTH)
            line = f"[{bar}] {share:4.0%}  {done / 1e6:.1f} of {total / 1e6:.1f} MB"
        if self._draws and line != self._line:
            self._stream.write(_BACK + line)
            self._stream.flush()
            self._line = line

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._line:
            self._stream.write("\n")
