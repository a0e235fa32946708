"""A line that says how much of a long piece of work is done."""

from __future__ import annotations

import sys
from types import TracebackType

import click


class CountedLine:
    """On a terminal one line of standard error that is drawn anew; elsewhere a line for each
    tenth. Use as a context manager: the cursor is on a line of its own afterwards."""

    def __init__(self) -> None:
        self._redraws = sys.stderr.isatty()
        self._shown: tuple[str, int] | None = None

    def show(self, what: str, done: float, total: float) -> None:
        """``done`` of ``total`` rows or seconds of ``what``."""
        tenth = int(10 * done / total) if total else 10
        if self._redraws:
            click.echo(f"\r\033[K{what}: {done:.0f} of {total:.0f}", nl=False, err=True)
        elif self._shown != (what, tenth):
            click.echo(f"{what}: {done:.0f} of {total:.0f}", err=True)
        self._shown = (what, tenth)

    def __enter__(self) -> CountedLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._redraws and self._shown:
            click.echo(err=True)
