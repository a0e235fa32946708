"""``ivr purge``: removes records that were kept for long enough."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta

import click

from ivr.commands.counted_line import CountedLine
from ivr.commands.opened_database import opened_database
from ivr.commands.operator import operator, why
from ivr.records import audit_pruning, callbacks, remains, retention
from ivr.records.audit_check import AuditBroken
from ivr.records.retention import Gone
from ivr.settings import Settings, load_settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what is due, and remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.option(
    "--compact",
    is_flag=True,
    help="Write the database anew afterwards; SQLite takes no calls meanwhile.",
)
@why
def purge(dry_run: bool, as_json: bool, compact: bool, why: str) -> None:
    """Remove what was kept longer than IVR_KEEP_... says, batch by batch, while calls go on.

    Each batch says in the audit what it removed. Stopped, it goes on when it is run again. Meant
    for a timer: docs/records.md shows one.
    """
    settings = load_settings()
    periods = periods_of(settings)
    kept = timedelta(days=settings.keep_audit_days)
    emptied, broken = True, None
    run = retention.new_run()
    with opened_database(settings) as db:
        if dry_run:
            gone = [*retention.overdue(db, periods), audit_pruning.overdue(db, kept)]
        else:
            who = operator()
            with db.writing() as session:
                callbacks.expire(session, db.clock.now())
            with CountedLine() as line:
                gone = retention.purge(db, periods, run=run, who=who, why=why, progress=line.show)
                try:
                    gone.append(
                        audit_pruning.prune(db, kept, run=run, who=who, why=why, progress=line.show)
                    )
                except AuditBroken as error:
                    # It stays as it is. What else was removed is reported all the same.
                    broken = error
            if compact:
                remains.compact(db)
            emptied = remains.empty_log(db)
    if as_json:
        click.echo(json.dumps({"run": "" if dry_run else run, "removed": [*map(asdict, gone)]}))
    else:
        for line_of in gone:
            click.echo(_line(line_of, due=dry_run))
        if not dry_run and any(each.count for each in gone):
            click.echo(f"in the audit this is run {run}")
    if not emptied:
        click.echo("the write-ahead log is in use: run this again to empty it", err=True)
    if broken is not None:
        raise broken


def periods_of(settings: Settings) -> dict[str, timedelta]:
    """How long each class of records is kept, the audit aside."""
    return {
        "calls": timedelta(days=settings.keep_calls_days),
        "audio": timedelta(days=settings.keep_audio_days),
        "verifications": timedelta(days=settings.keep_verifications_days),
        "counters": timedelta(days=settings.keep_counters_days),
        "incidents": timedelta(days=settings.keep_incidents_days),
        "traffic": retention.TRAFFIC,
    }


def _line(gone: Gone, *, due: bool) -> str:
    if not gone.count:
        return f"{gone.record_class}: nothing from before {gone.before}"
    rows = ", ".join(f"{count} {table}" for table, count in gone.rows.items())
    done = "due" if due else "removed"
    return f"{gone.record_class}: {done} {rows}; from {gone.first} to {gone.last}"
