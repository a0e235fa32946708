"""``ivr customers``: the customer directory."""

from __future__ import annotations

from pathlib import Path

import click

from ivr.clock import SystemClock
from ivr.commands.operator import operator, why
from ivr.errors import FilesError
from ivr.records.customer_csv import store_file
from ivr.settings import load_settings


@click.group()
def customers() -> None:
    """The customers that callers are matched with."""


@customers.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@why
def import_(file: Path, why: str) -> None:
    """Add the customers of FILE (CSV) or update those whose number is known: all or none.

    docs/records.md describes the columns.
    """
    from ivr.wiring.backstage import open_database

    db = open_database(load_settings(), SystemClock())
    try:
        stored = store_file(db, file, _show, who=operator(), why=why)
    except FilesError as error:
        click.echo(f"nothing was stored, {len(error.problems)} problems:", err=True)
        raise
    finally:
        db.dispose()
    click.echo(f"{stored.added} customers added, {stored.updated} updated")


def _show(done: int, total: int) -> None:
    click.echo(f"{done} of {total} customers", err=True)
