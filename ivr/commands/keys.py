"""``ivr keys``: the secrets of an installation."""

from __future__ import annotations

from datetime import datetime

import click

from ivr.commands.counted_line import CountedLine
from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.errors import RecordsError
from ivr.identity.signing_keys import PUBLISHED_AFTER, PUBLISHED_BEFORE
from ivr.records import reindexing, rotation, signing_keys
from ivr.records.data_keys import DataKeyRecord
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
    """The keys of the database: what each is for, its state, and what it is used for now."""
    with opened_database() as db:
        counted = rotation.counts(db)
        signs = _signing_uses([k for k, _ in counted if k.purpose == "signing"], db.clock.now())
        for key, rows in counted:
            uses = {"field": f"{rows} rows", "audit": "chains the audit"}
            used = uses.get(key.purpose) or signs[key.number]
            click.echo(f"{key.number}  {key.purpose:7}  {_state(key):24}  {used}")
        click.echo(f"IVR_SIGNING_KEY: {signs[0]}")


@keys.command("rotate")
@click.option("--signing", is_flag=True, help="Replace the key that signs results instead.")
@why
def rotate(signing: bool, why: str) -> None:
    """Encrypt every field anew with a new data key, while calls go on.

    Takes a minute and a half at least. Stopped, it goes on where it was when run again.

    With --signing nothing is encrypted anew: the next key that signs results is published at
    once, and begins by itself some minutes later, when everybody who checks results knows it.
    """
    if signing:
        _rotate_signing(why)
        return
    with opened_database() as db, CountedLine() as progress:
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
    with opened_database() as db:
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
    with opened_database() as db, CountedLine() as progress:
        rows = reindexing.reindex(db, progress.show, who=operator(), why=why)
    click.echo(f"the blind indexes of {rows} rows are those of IVR_INDEX_KEY")


@keys.command("destroy")
@click.argument("number", type=click.IntRange(0))
@click.option(
    "--at-once", is_flag=True, help="A signing key that somebody else may have: do not wait."
)
@why
def destroy(number: int, at_once: bool, why: str) -> None:
    """Forget the retired data key NUMBER, or a signing key that was replaced, for good.

    What was written with a data key, also in old backups of this database that are restored
    without their own data keys, can never be read again. Refused while anything is stored under
    it, and for 24 hours after it was retired.

    Results that a signing key signed can no longer be checked. Refused while one of them may
    still be valid, unless --at-once is given.
    """
    with opened_database() as db:
        forgotten = signing_keys.destroy(
            db,
            number,
            published_after=PUBLISHED_AFTER,
            at_once=at_once,
            who=operator(),
            why=why,
        )
        if not forgotten:
            rotation.destroy(db, number, who=operator(), why=why)
        click.echo(f"key {number} is destroyed")


def _rotate_signing(why: str) -> None:
    with opened_database() as db:
        before = PUBLISHED_BEFORE
        key = signing_keys.rotate(db, published_before=before, who=operator(), why=why)
    until = key.active_from + PUBLISHED_AFTER
    click.echo(f"signing key {key.number} is published; it signs from {_minute(key.active_from)}")
    click.echo(f"the key before it stays published until {_minute(until)}")


def _signing_uses(stored: list[DataKeyRecord], now: datetime) -> dict[int, str]:
    """What each signing key is used for, by its number; 0 is that of the settings."""
    there = [key for key in stored if key.destroyed_at is None]
    begins = {0: None, **{key.number: key.active_from for key in there}}
    uses = {key.number: "forgotten" for key in stored}
    order = list(begins)
    for place, number in enumerate(order):
        began, following = begins[number], order[place + 1 :]
        ended = begins[following[0]] if following else None
        if began is not None and began > now:
            uses[number] = f"signs results from {_minute(began)}"
        elif ended is None or ended > now:
            uses[number] = "signs results"
        elif now < ended + PUBLISHED_AFTER:
            uses[number] = f"checks results until {_minute(ended + PUBLISHED_AFTER)}"
        else:
            uses[number] = "nothing any more"
    uses[0] += ", signs anchors of the audit"
    return uses


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _state(key: DataKeyRecord) -> str:
    if key.destroyed_at is not None:
        return f"destroyed {key.destroyed_at:%Y-%m-%d}"
    if key.retired_at is not None:
        return f"retired {key.retired_at:%Y-%m-%d}"
    return f"since {_minute(key.active_from)}"
