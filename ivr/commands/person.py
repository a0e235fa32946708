"""``ivr person``: what is stored about one customer: told, corrected, deleted."""

from __future__ import annotations

import csv
import json
import re
import sys

import click

from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.records import disclosure, persons

_FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9.]+$)")
_directory_id = click.option(
    "--directory-id",
    help="The customer's id in your own directory, where customers are not kept here.",
)


@click.group()
def person() -> None:
    """What is stored about one customer, by number: tell, correct, delete it, end a lock."""


@person.command()
@click.argument("number")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "csv"]),
    default="json",
    show_default=True,
    help="CSV: section, entry, field, value.",
)
@_directory_id
@why
def disclose(number: str, form: str, directory_id: str | None, why: str) -> None:
    """Write everything that is stored about the customer NUMBER, to be given to them.

    Nothing of other people is in it: docs/records.md says what is left out. That it was read is
    in the audit.
    """
    with opened_database() as db:
        found = disclosure.disclose(db, number, directory_id, who=operator(), why=why)
    if form == "json":
        click.echo(json.dumps(found.sections, ensure_ascii=False, indent=2))
        return
    table = csv.writer(sys.stdout)
    table.writerow(("section", "entry", "field", "value"))
    table.writerows((*where, safe_cell(value)) for *where, value in found.rows())


@person.command()
@click.argument("number")
@click.argument("field", type=click.Choice(persons.CORRECTABLE))
@why
def correct(number: str, field: str, why: str) -> None:
    """Correct one FIELD of the customer NUMBER, as it would stand in a customer file.

    The new value is asked for, or read from standard input: not on the command line, where others
    see it. An empty line empties a contact. A new contact is noted as recent, and codes that are
    under way to the old one are void.
    """
    text = click.prompt(f"New {field}", default="", show_default=False, err=True)
    with opened_database() as db:
        try:
            changed = persons.correct(db, number, field, text, who=operator(), why=why)
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    click.echo("corrected" if changed else "it was so already; nothing changed")


@person.command()
@click.argument("number")
@_directory_id
@why
def release(number: str, directory_id: str | None, why: str) -> None:
    """Let the customer NUMBER prove who they are by codes again, after too many wrong ones.

    For calls that come with the flag locked_until_released, once somebody is sure that it was not
    the customer, or that it was. What was counted today stays until midnight in Japan.
    """
    with opened_database() as db:
        failures = persons.release(db, number, directory_id, who=operator(), why=why)
    click.echo(f"forgotten: {failures} wrong codes in a row")


@person.command()
@click.argument("number")
@_directory_id
@click.confirmation_option(prompt="Delete this customer, and everything stored about them?")
@why
def delete(number: str, directory_id: str | None, why: str) -> None:
    """Delete the customer NUMBER and everything about them, all or nothing.

    What stays, and why: rows of the audit, which name nobody and prove what was done, until they
    are as old as IVR_KEEP_AUDIT_DAYS says; and backups, which are yours to age out.
    """
    with opened_database() as db:
        gone = persons.delete(db, number, directory_id, who=operator(), why=why)
    for table, rows in gone.rows.items():
        click.echo(f"{table}: {rows} deleted")
    click.echo("the audit keeps its rows, which name nobody; so do backups keep theirs")
    click.echo("on SQLite, `ivr purge --compact` rids the file of the last traces", err=True)


def safe_cell(value: str) -> str:
    """A value for a CSV cell that no spreadsheet takes for a formula (OWASP, CSV injection); phone
    numbers and other numbers stay as they are."""
    return f"'{value}" if _FORMULA.match(value) else value
