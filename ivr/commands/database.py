"""``ivr database``: schema and health of the database."""

from __future__ import annotations

import click

from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator
from ivr.errors import RecordsError
from ivr.records import audit, customers
from ivr.records.audit import Entry
from ivr.records.schema import newest


@click.group()
def database() -> None:
    """The database: its tables, and whether it can be used."""


@database.command()
def upgrade() -> None:
    """Create the tables or bring them to this program's version. Safe to repeat."""
    with opened_database() as db:
        if db.upgrade():
            details = {"version": newest()}
            entry = Entry(operator(), "database.upgraded", "", "", details)
            with db.writing() as session:
                audit.note(session, entry, db.clock.now())
        click.echo(f"{db.where} is up to date")


@database.command()
def check() -> None:
    """Can the database be reached, are its tables current, do the keys fit? Exit 1 if not."""
    with opened_database() as db:
        db.ping()
        if not db.is_current():
            raise RecordsError(
                f"{db.where} has tables of another version", hint="run: ivr database upgrade"
            )
        with db.reading() as session:
            if not customers.keys_fit(session):
                raise RecordsError(
                    f"{db.where} was written with another index key", hint="check IVR_INDEX_KEY"
                )
            known = customers.count(session)
        click.echo(f"{db.where} is usable and holds {known} customers")
