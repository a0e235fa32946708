"""``ivr incident``: who has to be told, and the record of what happened and what is done."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Mapping
from datetime import date, datetime

import click

from ivr.clock import JAPAN, SystemClock
from ivr.commands.incident_report import REPORTS, draft, missing
from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.commands.person import safe_cell
from ivr.records import incidents
from ivr.records.affected import Affected, Found, Scope, affected
from ivr.records.incidents import IncidentRecord, Report

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_CONTACTS = ("surname", "given", "mobile", "landline", "email")
#: Characters of a summary in a line of the list.
_LINE = 40

_number = click.argument("number", type=click.IntRange(1))
_report = click.argument("report", type=click.Choice(list(REPORTS)))


def _instant(context: click.Context, option: click.Parameter, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("must be like 2026-11-22 or 2026-11-22T10:00:00+09:00") from None
    return at if at.tzinfo else at.replace(tzinfo=JAPAN)


def _day(context: click.Context, option: click.Parameter, text: str | None) -> date:
    """A day that has begun in Japan; today where none is given."""
    now = incidents.today(SystemClock().now())
    if text is None:
        return now
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("must be like 2026-11-22") from None
    if day > now:
        raise click.BadParameter("lies in the future")
    return day


def _e164(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    if text is not None and not _E164.fullmatch(text):
        raise click.BadParameter("must be like +81312345678, as calls are stored")
    return text


@click.group()
def incident() -> None:
    """A leak or the fear of one: who is affected, what is on record, what has to be reported.

    A record is a help for people who decide, and no legal advice: docs/records.md.
    """


@incident.command("affected")
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
@click.option(
    "--incident",
    "noted_in",
    type=click.IntRange(1),
    help="Note in this incident's record what was asked for, and how many were found.",
)
@why
def affected_(
    since: datetime,
    until: datetime,
    account: str | None,
    called: str | None,
    flow: str | None,
    with_contacts: bool,
    noted_in: int | None,
    why: str,
) -> None:
    """List the customers affected between two instants, as CSV for their notification.

    Through an account: whoever it read about. Otherwise whoever calls were about. Only customer
    numbers, unless --with-contacts is given. That the list was made is in the audit.
    """
    if since >= until:
        raise click.BadParameter("--to must lie after --from")
    with opened_database() as db:
        scope = Scope(since, until, account, called, flow)
        if noted_in is not None:
            incidents.check_open(db, noted_in)
        found = affected(db, scope, contacts=with_contacts, who=operator(), why=why)
        if noted_in is not None:
            incidents.add_scope(db, noted_in, scope, found, who=operator(), why=why)
    table = csv.writer(sys.stdout)
    more = (*_CONTACTS, "caller") if with_contacts else ()
    table.writerow(("customer_number", "calls", "first", "last", *more))
    for one in sorted(found.affected.values(), key=lambda each: each.number):
        table.writerow(_row(one, with_contacts))
    if with_contacts:
        for caller in sorted(set(found.nameless.values()) - {""}):
            table.writerow(("", 1, "", "", *("" for _ in _CONTACTS), safe_cell(caller)))
    _tell(found, account)


@incident.command("open")
@click.option("--known", "known_on", callback=_day, help="Day (Japan) it became known; or today.")
@click.option("--unlawful", is_flag=True, help="An unlawful purpose is suspected: 60 days, not 30.")
@why
def open_(known_on: date, unlawful: bool, why: str) -> None:
    """Put an incident on record, and say until when it has to be reported.

    What happened is read from standard input, not from the command line, where others see it.
    """
    text = _text("What happened")
    with opened_database() as db:
        record = incidents.begin(
            db, text, known_on=known_on, unlawful=unlawful, who=operator(), why=why
        )
        today = incidents.today(db.clock.now())
    click.echo(f"incident {record.number} is on record")
    for line in _deadlines(record, today):
        click.echo(line)


@incident.command()
@_number
@click.argument("subject", type=click.Choice(incidents.SUBJECTS))
@why
def note(number: int, subject: str, why: str) -> None:
    """Note what is known of a SUBJECT; the newest note of a subject holds, the others stay.

    The text is read from standard input. The subjects are those of a report to the commission:
    summary, data (which data of people), people (how many), cause, harm (that followed, or may),
    response (to the people concerned), publication, prevention, other. Name nobody.
    """
    text = _text(f"Incident {number}, {subject}")
    with opened_database() as db:
        incidents.note(db, number, subject, text, who=operator(), why=why)
    click.echo("noted")


@incident.command()
@_number
@click.argument("purpose", type=click.Choice(["unlawful", "not-unlawful"]))
@why
def suspect(number: int, purpose: str, why: str) -> None:
    """Note whether an unlawful PURPOSE is suspected; the final report's last day follows."""
    with opened_database() as db:
        incidents.suspect(db, number, purpose == "unlawful", who=operator(), why=why)
    click.echo("noted")


@incident.command()
@_number
@_report
@click.option("--on", "day", callback=_day, help="Day (Japan) it was sent; or today.")
@why
def sent(number: int, report: Report, day: date, why: str) -> None:
    """Note that a REPORT was sent. Nothing is sent by this program."""
    with opened_database() as db:
        incidents.sent(db, number, report, day, who=operator(), why=why)
    click.echo("noted")


@incident.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are closed.")
@click.option(
    "--overdue", is_flag=True, help="Only with an overdue report; exit status 1 if there is any."
)
@why
def list_(everything: bool, overdue: bool, why: str) -> None:
    """Incidents, and until when each has to be reported. That it was read is in the audit."""
    with opened_database() as db:
        found = incidents.read_all(db, closed=everything, who=operator(), why=why)
        today = incidents.today(db.clock.now())
    if overdue:
        found = [each for each in found if _overdue(each.record, today)]
    for each in found:
        state = "open" if each.record.closed_at is None else "closed"
        reports = "; ".join(_deadlines(each.record, today))
        summary = " ".join(each.text("summary").split())[:_LINE]
        click.echo(f"{each.record.number}  {state}  known {_said(each.record.known_on)}")
        click.echo(f"   {summary}\n   {reports}")
    if not found:
        click.echo("no overdue report" if overdue else "no incident on record")
    elif overdue:
        sys.exit(1)


@incident.command()
@_number
@why
def show(number: int, why: str) -> None:
    """Everything on record about an incident. That it was read is in the audit."""
    with opened_database() as db:
        dossier = incidents.read(db, number, who=operator(), why=why)
        today = incidents.today(db.clock.now())
    record = dossier.record
    state = "open" if record.closed_at is None else f"closed {_minute(record.closed_at)}"
    click.echo(f"incident {number}, {state}")
    click.echo(f"known {_said(record.known_on)}, on record since {_minute(record.opened_at)}")
    for line in _deadlines(record, today):
        click.echo(line)
    for each in dossier.notes:
        click.echo(f"\n{_minute(each.at)}  {each.subject}  {each.by}")
        lines = _asked(each.text) if each.subject == incidents.SCOPE else each.text.splitlines()
        for line in lines:
            click.echo(f"    {line}")


@incident.command()
@_number
@_report
@why
def report(number: int, report: Report, why: str) -> None:
    """Write the draft of a REPORT to the commission, in Japanese, as Markdown.

    It has the items of article 8 of the enforcement rules of the Act on the Protection of Personal
    Information, with what was noted. What is still missing is said on standard error.
    """
    with opened_database() as db:
        dossier = incidents.read(db, number, who=operator(), why=why)
        today = incidents.today(db.clock.now())
    click.echo(draft(dossier, report, today))
    if lacking := missing(dossier):
        click.echo(f"nothing is noted as {', '.join(lacking)}", err=True)


@incident.command()
@_number
@click.option(
    "--unreported", is_flag=True, help="The law asks for no report: unsent ones are no matter."
)
@why
def close(number: int, unreported: bool, why: str) -> None:
    """Note that an incident is over: cause and prevention are on record, the reports are sent."""
    with opened_database() as db:
        incidents.close(db, number, unreported=unreported, who=operator(), why=why)
    click.echo(f"incident {number} is closed")


@incident.command()
@_number
@why
def reopen(number: int, why: str) -> None:
    """Note that an incident is not over after all."""
    with opened_database() as db:
        incidents.reopen(db, number, who=operator(), why=why)
    click.echo(f"incident {number} is open")


def _text(prompt: str) -> str:
    """What somebody types or pipes; not empty."""
    if sys.stdin.isatty():
        click.echo(f"{prompt}. End with Ctrl-D on a line of its own.", err=True)
    text = sys.stdin.read().strip()
    if not text:
        raise click.ClickException("nothing was given on standard input")
    return text


def _asked(scope: str) -> list[str]:
    """What `ivr incident affected` was asked for and found, where it is anything."""
    told: Mapping[str, object] = json.loads(scope)
    return [f"{name}: {value}" for name, value in told.items() if value not in ("", {})]


def _deadlines(record: IncidentRecord, today: date) -> list[str]:
    reports: tuple[Report, ...] = ("preliminary", "final")
    return [f"{report} report: {_state(record, report, today)}" for report in reports]


def _state(record: IncidentRecord, report: Report, today: date) -> str:
    sent, due = record.sent(report), record.due(report)
    if sent is not None:
        late = f", after its last day {_said(due)}" if sent > due else ""
        return f"sent {_said(sent)}{late}"
    if record.closed_at is not None:
        return "none sent"
    if record.overdue(report, today):
        return f"OVERDUE, was due {_said(due)}"
    if report == "preliminary":
        return f"due {_said(record.preliminary_expected)} to {_said(due)}"
    return f"due {_said(due)} ({record.final_days} days)"


def _overdue(record: IncidentRecord, today: date) -> bool:
    return record.overdue("preliminary", today) or record.overdue("final", today)


def _said(day: date) -> str:
    return f"{day:%a} {day.isoformat()}"


def _minute(at: datetime) -> str:
    return f"{at.astimezone(JAPAN):%Y-%m-%d %H:%M}"


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
