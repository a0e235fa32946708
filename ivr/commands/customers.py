"""``ivr customers``: the directory of customers."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from ivr.clock import SystemClock
from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.errors import FilesError, RecordsError
from ivr.records.customer_csv import store_file
from ivr.settings import load_settings

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


@click.group()
def customers() -> None:
    """The customers that callers are matched with."""


@customers.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@why
def import_(file: Path, why: str) -> None:
    """Add the customers of FILE (CSV) or update those whose number is known.

    The whole file is checked first; with a problem in it nothing is stored. An import that was
    broken off goes on where it was when the same file is imported again. docs/records.md
    describes the columns.
    """
    bar = _Bar()
    with opened_database() as db:
        click.echo("checking the file", err=True)
        try:
            with bar:
                stored = store_file(db, file, bar.show, who=operator(), why=why)
        except FilesError as error:
            done = f"{bar.done} customers were stored" if bar.done else "nothing was stored"
            click.echo(f"{done}, {len(error.problems)} problems:", err=True)
            raise
        except RecordsError:
            if bar.done:
                click.echo(f"{bar.done} customers are stored; import the file again", err=True)
            raise
    click.echo(f"{stored.added} customers added, {stored.updated} updated")


@customers.command()
def check() -> None:
    """Say whether the directory that IVR_DIRECTORY names works, without showing anybody in it.

    Exit status 1 if not: a company's table that is not as its file says or lacks an index, a CRM
    that does not answer as documented. docs/identity.md says how to connect them.
    """
    from ivr.wiring.directories import choose_directory

    settings = load_settings()
    with (
        opened_database(settings) as db,
        closing(choose_directory(settings, db, SystemClock())) as chosen,
    ):
        for line in chosen.report():
            click.echo(line)


class _Bar:
    """A progress bar from the first batch on; nothing but its name where nobody watches."""

    def __init__(self) -> None:
        self.done = 0
        self._stack = ExitStack()
        self._bar: ProgressBar[int] | None = None

    def show(self, done: int, total: int) -> None:
        """``done`` of ``total`` customers are stored."""
        self.done = done
        if self._bar is None:
            bar: ProgressBar[int] = click.progressbar(
                length=total, label="storing customers", file=sys.stderr, show_pos=True
            )
            self._bar = self._stack.enter_context(bar)
        self._bar.update(done - self._bar.pos)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
