"""``ivr incident``: who has to be told."""

from __future__ import annotations

import csv
import re
import sys
from datetime import datetime

import click

from ivr.clock import JAPAN, SystemClock
from ivr.commands.operator import operator, why
from ivr.commands.person import safe_cell
from ivr.records.incident import Affected, Found, Scope, affected
from ivr.settings import load_settings

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_CONTACTS = ("surname", "given", "mobile", "landline", "email")


def _instant(context: click.Context, option: click.Parameter, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("must be like 2026-11-22 or 2026-11-22T10:00:00+09:00") from None
    return at if at.tzinfo else at.replace(tzinfo=JAPAN)


def _e164(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    if text is not None and not _E164.fullmatch(text):
        raise click.BadParameter("must be like +81312345678, as calls are stored")
    return text


@click.command()
@click.option(
    "--from", "since", required=True, callback=_instant, help="Day (Japan) or instant; included."
)
@click.option(
    "--to", "until", required=True, callback=_instant, help="Day (Japan) or instant; not included."
)
@click.option("--account", help="A system of IVR_RESULT_KEYS, or an operator (USER@HOST).")
@click.option(
    "--number", "called", callback=_e164, help="Only calls to this number of ours (E.164)."
)
@click.option(
    "--flow-version", "flow", help="Only calls that spoke this flow: how its digest begins."
)
@click.option("--with-contacts", is_flag=True, help="Names and contacts too, from our directory.")
@why
def incident(
    since: datetime,
    until: datetime,
    account: str | None,
    called: str | None,
    flow: str | None,
    with_contacts: bool,
    why: str,
) -> None:
    """List the customers affected by an incident between two instants, as CSV for notification.

    Through an account: whoever it read about. Otherwise whoever calls were about. Only customer
    numbers, unless --with-contacts is given. That the list was made is in the audit.
    """
    from ivr.wiring.backstage import open_database

    if since >= until:
        raise click.BadParameter("--to must lie after --from")
    db = open_database(load_settings(), SystemClock())
    try:
        scope = Scope(since, until, account, called, flow)
        found = affected(db, scope, contacts=with_contacts, who=operator(), why=why)
    finally:
        db.dispose()
    table = csv.writer(sys.stdout)
    more = (*_CONTACTS, "caller") if with_contacts else ()
    table.writerow(("customer_number", "calls", "first", "last", *more))
    for one in sorted(found.affected.values(), key=lambda each: each.number):
        table.writerow(_row(one, with_contacts))
    if with_contacts:
        for caller in sorted(set(found.nameless.values()) - {""}):
            table.writerow(("", 1, "", "", *("" for _ in _CONTACTS), safe_cell(caller)))
    _tell(found, account)


def _row(one: Affected, with_contacts: bool) -> tuple[object, ...]:
    row = (safe_cell(one.number), len(one.calls), one.first, one.last)
    if not with_contacts:
        return row
    named = (getattr(one.customer, name, None) or "" for name in _CONTACTS)
    return (*row, *map(safe_cell, named), "")


def _tell(found: Found, account: str | None) -> None:
    """What the list cannot say, to standard error."""
    click.echo(f"customers affected: {len(found.affected)}", err=True)
    if account is not None and not found.entries:
        click.echo(
            "the audit has nothing by this account in that time: is it spelt as `ivr audit export`"
            " has it under `who`?",
            err=True,
        )
    if found.nameless:
        withheld = sum(not caller for caller in found.nameless.values())
        click.echo(
            f"calls about nobody we know: {len(found.nameless)}, of them with a withheld number:"
            f" {withheld}",
            err=True,
        )
    if found.unknown:
        click.echo(f"affected, and in the directory no more: {found.unknown}", err=True)
    for kind, times in found.wide.items():
        click.echo(f"the account also did this, which may show anybody: {kind}, {times}x", err=True)
