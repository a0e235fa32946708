"""``ivr keys``: the secrets of an installation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ivr.clock import SystemClock
from ivr.commands.operator import operator, why
from ivr.errors import RecordsError
from ivr.records import reindexing, rotation
from ivr.records.data_keys import DataKeyRecord
from ivr.records.database import Database
from ivr.settings import load_settings
from ivr.wiring.keys import new_keys


@click.group()
def keys() -> None:
    """Make, list and rotate the secret keys of an installation."""


@keys.command("new")
def new() -> None:
    """Print fresh keys as lines for an env file.

    Keep them secret and keep them: with IVR_FIELD_KEY lost, stored personal data is lost;
    with IVR_INDEX_KEY lost, customers can no longer be found.
    """
    for name, value in new_keys().items():
        click.echo(f"{name}={value}")


@keys.command("list")
def list_() -> None:
    """The data keys of the database: what each is for, its state, and how many rows use it."""
    with _opened() as db:
        for key, rows in rotation.counts(db):
            used = f"{rows} rows" if key.purpose == "field" else "chains the audit"
            click.echo(f"{key.number}  {key.purpose:5}  {_state(key):24}  {used}")


@keys.command("rotate")
@why
def rotate(why: str) -> None:
    """Encrypt every field anew with a new data key, while calls go on.

    Takes a minute and a half at least. Stopped, it goes on where it was when run again.
    """
    with _opened() as db, _Progress() as progress:
        done = rotation.rotate(db, progress.show, who=operator(), why=why)
    click.echo(f"data key {done.key} is in force; {done.rows} rows were encrypted anew")
    if done.unreadable:
        for column, row in done.unreadable:
            click.echo(f"{column} of row {row} cannot be read with any key", err=True)
        raise RecordsError(
            f"{len(done.unreadable)} fields stay as they are, and so do the older keys",
            hint="repair or empty these fields, then rotate again",
        )
    for number in done.retired:
        click.echo(f"data key {number} is retired; from tomorrow: ivr keys destroy {number}")


@keys.command("rewrap")
@why
def rewrap(why: str) -> None:
    """Wrap the data keys anew: after IVR_FIELD_KEY or IVR_KEY_WRAPPER changed.

    No field is touched, and it takes a moment. Before, IVR_FIELD_KEY_BEFORE must hold the former
    field key in every process.
    """
    with _opened() as db:
        wrapped = rotation.rewrap(db, who=operator(), why=why)
    click.echo(f"{wrapped} data keys are wrapped anew")


@keys.command("reindex")
@click.confirmation_option("--stopped", prompt="Are all processes of this installation stopped?")
@why
def reindex(why: str) -> None:
    """Make the blind indexes anew: after IVR_INDEX_KEY changed, with all processes stopped.

    Customers and calls keep their ids. Counters of failures begin anew, and codes that are under
    way are lost. Stopped, it can be run again.
    """
    with _opened() as db, _Progress() as progress:
        rows = reindexing.reindex(db, progress.show, who=operator(), why=why)
    click.echo(f"the blind indexes of {rows} rows are those of IVR_INDEX_KEY")


@keys.command("destroy")
@click.argument("number", type=click.IntRange(0))
@why
def destroy(number: int, why: str) -> None:
    """Forget the retired data key NUMBER for good.

    What was written with it, also in old backups of this database that are restored without
    their own data keys, can never be read again. Refused while anything is stored under it, and
    for 24 hours after it was retired.
    """
    with _opened() as db:
        rotation.destroy(db, number, who=operator(), why=why)
        click.echo(f"data key {number} is destroyed")


def _state(key: DataKeyRecord) -> str:
    if key.destroyed_at is not None:
        return f"destroyed {key.destroyed_at:%Y-%m-%d}"
    if key.retired_at is not None:
        return f"retired {key.retired_at:%Y-%m-%d}"
    return f"since {key.active_from:%Y-%m-%d %H:%M} UTC"


class _Progress:
    """One line on a terminal that is drawn anew; elsewhere a line for each tenth."""

    def __init__(self) -> None:
        self._redraws = sys.stderr.isatty()
        self._shown: tuple[str, int] | None = None

    def show(self, what: str, done: float, total: float) -> None:
        tenth = int(10 * done / total) if total else 10
        if self._redraws:
            click.echo(f"\r\033[K{what}: {done:.0f} of {total:.0f}", nl=False, err=True)
        elif self._shown != (what, tenth):
            click.echo(f"{what}: {done:.0f} of {total:.0f}", err=True)
        self._shown = (what, tenth)

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._redraws and self._shown:
            click.echo(err=True)


@contextmanager
def _opened() -> Iterator[Database]:
    from ivr.wiring.backstage import open_database

    db = open_database(load_settings(), SystemClock())
    try:
        yield db
    finally:
        db.dispose()
