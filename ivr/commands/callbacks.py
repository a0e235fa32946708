"""``ivr callbacks``: callers who are to be called back."""

from __future__ import annotations

from datetime import datetime

import click

from ivr.clock import JAPAN
from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.dialogue.call import call_from_json
from ivr.records import audit, callbacks, calls
from ivr.records.audit import Entry
from ivr.records.callbacks import ListedCallback, Status

#: What agents should know of a wish before they call.
_TOLD = ("urgent", "proxy")


@click.group("callbacks")
def group() -> None:
    """Callers who were promised to be called back."""


@group.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are done or expired.")
@why
def list_(everything: bool, why: str) -> None:
    """Whom to call: urgent ones first, then the oldest. That it was read is a row of the audit.

    Nobody is proven by a call-back: whoever answers has said nothing yet. Numbers that are done
    or expired are forgotten.
    """
    with opened_database() as db, db.writing() as session:
        now = db.clock.now()
        callbacks.expire(session, now)
        status: Status | None = None if everything else "open"
        found = callbacks.of_status(session, status)
        flags = {each.position: _flags(calls.get(session, each.call_id)) for each in found}
        read = [str(each.position) for each in found if each.number]
        listed = Entry(operator(), "callbacks.listed", "", why, {"callbacks": read})
        audit.note(session, listed, now)
    for each in sorted(found, key=lambda each: "urgent" not in flags[each.position]):
        click.echo(_line(each, flags[each.position]))
    if not found:
        click.echo("nobody waits to be called back")


@group.command("done")
@click.argument("numbers", type=click.IntRange(1), nargs=-1, required=True)
@why
def done(numbers: tuple[int, ...], why: str) -> None:
    """Note that these callers need not be called any more, and forget their numbers."""
    with opened_database() as db:
        for number in numbers:
            with db.writing() as session:
                now = db.clock.now()
                call_id = callbacks.end(session, number, operator(), now)
                ended = Entry(operator(), "callback.done", call_id, why, {"callback": number})
                audit.note(session, ended, now)
            click.echo(f"call-back {number} is done")


def _line(each: ListedCallback, flags: tuple[str, ...]) -> str:
    number = each.number or "-"
    status = "" if each.status == "open" else f"  {each.status} {_minute(each.ended_at)}"
    told = f"  {','.join(flags)}" if flags else ""
    return (
        f"{each.position}  {_minute(each.requested_at)}  {number:14}  {each.language}{told}{status}"
    )


def _flags(call: calls.CallRecord | None) -> tuple[str, ...]:
    if call is None:
        return ()
    return tuple(flag for flag in call_from_json(call.state).flags if flag in _TOLD)


def _minute(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(JAPAN):%Y-%m-%d %H:%M}"
