"""``ivr outbox``: events that CRMs have not been told, or were."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from ivr.clock import JAPAN
from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.dialogue.announcements import TRIED_FOR
from ivr.errors import NotFound
from ivr.records import audit
from ivr.records import outbox as events
from ivr.records.audit import Entry
from ivr.records.outbox import EventRecord, Status

_SHOWN: dict[str, Sequence[Status]] = {
    "open": ("waiting", "dead"),
    "waiting": ("waiting",),
    "dead": ("dead",),
    "all": ("waiting", "dead", "delivered"),
}


@click.group()
def outbox() -> None:
    """Events for CRMs: what is not delivered, and delivering it again."""


@outbox.command("list")
@click.option(
    "--only",
    type=click.Choice(list(_SHOWN)),
    default="open",
    help="Which events: open (the default) are those that wait or were given up.",
)
@click.option("--most", type=click.IntRange(1, 10_000), default=100, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_(only: str, most: int, as_json: bool) -> None:
    """The newest events, newest first: id, CRM, kind, state, attempts, last failure, next attempt.

    What an event says is not shown.
    """
    with opened_database() as db, db.reading() as session:
        found = events.listing(session, _SHOWN[only], most)
    for event in found:
        click.echo(json.dumps(_told(event)) if as_json else _line(event))
    if not found and not as_json:
        click.echo("nothing")


@outbox.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all-dead", is_flag=True, help="All that were given up.")
@why
def retry(ids: tuple[str, ...], all_dead: bool, why: str) -> None:
    """Have events delivered again, now and for another day if need be.

    By their ids, those that wait too, or all that were given up. `ivr serve` delivers them.
    """
    if bool(ids) == all_dead:
        raise click.UsageError("name events by their ids, or all with --all-dead")
    with opened_database() as db:
        now = db.clock.now()
        with db.writing() as session:
            found = events.revive(
                session, None if all_dead else ids, now=now, give_up_at=now + TRIED_FOR
            )
            for event in found:
                told = {"crm": event.webhook, "event": event.id}
                entry = Entry(operator(), "outbox.retried", event.call_id, why, told)
                audit.note(session, entry, now)
    missing = set(ids) - {event.id for event in found}
    click.echo(f"{len(found)} events will be delivered again")
    if missing:
        raise NotFound(
            f"not among the undelivered events: {', '.join(sorted(missing))}",
            hint="see: ivr outbox list",
        )


def _told(event: EventRecord) -> dict[str, object]:
    return {
        "id": event.id,
        "crm": event.webhook,
        "kind": event.kind,
        "call": event.call_id,
        "state": event.status,
        "attempts": event.attempts,
        "last_failure": event.last_failure,
        "created_at": event.created_at.isoformat(),
        "next_attempt_at": event.due_at.isoformat() if event.status == "waiting" else None,
    }


def _line(event: EventRecord) -> str:
    at = event.due_at if event.status == "waiting" else event.ended_at or event.created_at
    when = f"{at.astimezone(JAPAN):%Y-%m-%d %H:%M:%S}"
    tries = f"{event.attempts} attempts"
    return "  ".join(
        (
            event.id,
            f"{event.webhook:8}",
            f"{event.kind:14}",
            f"{event.status:9}",
            f"{tries:12}",
            f"{event.last_failure or '-':11}",
            when,
        )
    )
