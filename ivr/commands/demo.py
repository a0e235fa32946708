"""``ivr demo``: a call centre on this machine, from nothing, without a phone."""

from __future__ import annotations

import shutil
import sys

import click
from pydantic import SecretStr

from ivr.clock import HurriedClock, SystemClock
from ivr.commands.rehearse import load_flows
from ivr.commands.web_process import free_address, serving
from ivr.errors import RehearsalError
from ivr.records.customer_csv import store_file
from ivr.rehearsal.callfile import load_call
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.report import LiveText, table_heading, table_row
from ivr.rehearsal.telephone import Surroundings, Telephone
from ivr.rehearsal.webhooks import Server
from ivr.settings import Settings, load_settings
from ivr.wiring.application import open_database
from ivr.wiring.keys import with_rehearsal_keys

#: The call that is printed, and those that are placed quietly after it.
SHOWN = "verified-by-sms"
QUIET = ("wrong-birthdate", "look-alike-name", "proxy", "lost-card", "english-verified")
_ACCOUNT_SID = "AC" + "0" * 32


@click.command()
@click.option(
    "--pace",
    type=click.FloatRange(1, 1000),
    default=12,
    show_default=True,
    help="How many times faster than real talk the calls go; 1 is real time.",
)
def demo(pace: float) -> None:
    """Show a whole call, from the first ring to the agent, with made-up customers.

    Prepares an SQLite file, starts the web process and places calls over real signed webhooks.
    Needs no Twilio account. Everything it makes lies in var/demo.
    """
    settings = _settings(load_settings())
    clock = SystemClock()
    flow = load_flows(settings)[settings.flow]
    folder = settings.flows_dir / settings.flow
    db = open_database(settings, clock)
    db.upgrade()
    stored = store_file(db, folder / "customers.csv", lambda done, total: None)
    db.dispose()
    click.echo(f"Made-up customers: {stored.added}, in {settings.var_dir}/honnin.sqlite3")
    with serving(settings, settings.var_dir / "server.log"):
        click.echo(f"Web process: {settings.public_url} (signed webhooks, log in var/demo)\n")

        def place(name: str, live: LiveText | None, pace: float) -> Outcome:
            call = load_call(folder / "calls" / f"{name}.yaml", flows={flow.name: flow})
            if live is not None:
                live.heading(call)
            watch = None if live is None else live.show
            return Telephone(call, flow, _surroundings(settings, pace), watch).place()

        live = LiveText(click.echo, colours=sys.stdout.isatty())
        shown = place(SHOWN, live, pace)
        live.outcome(shown)
        click.echo("\nA few more calls, without the words:\n" + table_heading())
        outcomes = [shown]
        for name in QUIET:
            outcomes.append(place(name, None, pace * 10))
            click.echo(table_row(outcomes[-1]))
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if failed:
        raise RehearsalError(f"{len(failed)} of {len(outcomes)} calls went wrong")
    click.echo(
        "\nAll calls went as their files say. Next: change a sentence in"
        " flows/verify/prompts.ja.yaml, then `.venv/bin/ivr lint` and `make rehearse`."
    )


def _settings(given: Settings) -> Settings:
    """Settings of the demo: nothing in them can reach a real provider, person or database."""
    var_dir = given.var_dir / "demo"
    shutil.rmtree(var_dir, ignore_errors=True)
    address = free_address()
    flow_destinations = {"agents": "+815000001001", "overflow": "+815000001002"}
    numbers = {**flow_destinations, "urgent": "+815000001003"}
    demo = given.model_copy(
        update={
            "mode": "rehearsal",
            "var_dir": var_dir,
            "database_url": SecretStr(""),
            "bind": address,
            "public_url": f"http://{address}",
            "twilio_account_sid": _ACCOUNT_SID,
            "twilio_number": "+815000001000",
            "fallback_number": "+815000001009",
            "destinations": {name: (number,) for name, number in numbers.items()},
            "sms_sender": "outbox",
            "voice_sender": "outbox",
            "email_sender": "outbox",
            "result_keys": {},
        }
    )
    return with_rehearsal_keys(demo)


def _surroundings(settings: Settings, pace: float) -> Surroundings:
    names = {number: name for name, (number, *_) in settings.destinations.items()}
    return Surroundings(
        server=Server(
            address=settings.public_url,
            public=settings.public_url,
            auth_token=settings.twilio_auth_token.get_secret_value(),
            account_sid=settings.twilio_account_sid,
            number=settings.twilio_number,
        ),
        clock=HurriedClock(pace),
        outbox=settings.var_dir / "outbox.jsonl",
        destinations=names,
        result_key=settings.result_keys["rehearsal"].get_secret_value(),
        audience=settings.audience,
    )
