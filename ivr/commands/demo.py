"""``ivr demo``: a call centre on this machine, from nothing, without a phone."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click
from pydantic import SecretStr

from ivr.clock import HurriedClock, SystemClock
from ivr.commands.opened_database import opened_database
from ivr.commands.prompts import render_ahead
from ivr.commands.rehearse import load_flows
from ivr.commands.web_process import free_address, serving
from ivr.errors import RehearsalError
from ivr.records.customer_csv import store_file
from ivr.rehearsal.call_recording import CallRecording
from ivr.rehearsal.callfile import load_call
from ivr.rehearsal.outcome import Outcome
from ivr.rehearsal.report import LiveText, table_heading, table_row
from ivr.rehearsal.telephone import Surroundings, Telephone
from ivr.rehearsal.webhooks import Server
from ivr.rehearsal.world import BY_VOICE
from ivr.settings import Settings, load_settings
from ivr.telephony.logging import configure_logging
from ivr.telephony.media.ears import Said
from ivr.wiring.keys import with_rehearsal_keys
from ivr.wiring.media import media_in_thread

#: The call that is printed, and those that are placed quietly after it.
SHOWN = "verified-by-sms"
QUIET = ("wrong-birthdate", "look-alike-name", "proxy", "lost-card", "english-verified")
_NO_VOICE = (
    "The bot has no voice here: you can read it, and the recording holds the caller alone."
    " `pip install 'honnin-ivr[voice]'` gives it one (docs/voice.md)."
)
#: How fast time passes at most while nobody speaks and the servers may be at work.
_QUIET_PACE = 8.0
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
    """Show a whole call by voice, from the first ring to the agent, with made-up customers.

    Prepares an SQLite file, starts the web process and a media server, and places calls over real
    signed webhooks and media streams. Needs no Twilio account. Everything it makes lies in
    var/demo, a recording of the call too.
    """
    settings = _settings(load_settings())
    flow = load_flows(settings)[settings.flow]
    folder = settings.flows_dir / settings.flow
    stored = _customers(settings, folder / "customers.csv")
    click.echo(f"Made-up customers: {stored}, in {settings.var_dir}/honnin.sqlite3")
    if not render_ahead(settings, flow.name):
        click.echo(_NO_VOICE)
    live = LiveText(click.echo, colours=sys.stdout.isatty())
    recording = CallRecording()
    outcomes: list[Outcome] = []

    def overhear(said: Said) -> None:
        if not outcomes:  # the call that is shown
            live.overhears(said)

    with ExitStack() as open_:
        open_.enter_context(serving(settings, settings.var_dir / "server.log", media=False))
        click.echo(f"Web process: {settings.public_url} (signed webhooks, log in var/demo)")
        log = open_.enter_context((settings.var_dir / "media.log").open("w", encoding="utf-8"))
        configure_logging(settings.log_level, log)
        media = open_.enter_context(
            media_in_thread(settings, SystemClock(), flow=flow, overhear=overhear)
        )
        click.echo(f"Media server: {media} (hears the caller with Vosk)\n")

        def place(name: str, around: Surroundings, live: LiveText | None) -> Outcome:
            call = load_call(folder / "calls" / f"{name}.yaml", flows={flow.name: flow})
            if live is not None:
                live.heading(call)
            watch = None if live is None else live.show
            return Telephone(call, flow, around, watch).place()

        around = _surroundings(settings, media, pace)
        shown = place(SHOWN, replace(around, recording=recording), live)
        live.outcome(shown)
        recording.write(settings.var_dir / "call.wav")
        click.echo(f"Listen to it: {settings.var_dir}/call.wav (the caller left, the bot right)")
        click.echo("\nA few more calls, without the words:\n" + table_heading())
        outcomes.append(shown)
        for name in QUIET:
            outcomes.append(place(name, _surroundings(settings, media, pace * 10), None))
            click.echo(table_row(outcomes[-1]))
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if failed:
        raise RehearsalError(f"{len(failed)} of {len(outcomes)} calls went wrong")
    click.echo(
        "\nAll calls went as their files say. Next: change a sentence in"
        " flows/verify/prompts.ja.yaml, then `.venv/bin/ivr lint` and `make rehearse`."
    )


def _customers(settings: Settings, file: Path) -> int:
    """Store the made-up customers in a fresh database; how many they are."""
    with opened_database(settings) as db:
        db.upgrade()
        return store_file(db, file, lambda done, total: None).added


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
            "directory": "records",
            "bind": address,
            "public_url": f"http://{address}",
            "hearing": BY_VOICE,
            "check_signatures": True,
            # Named after what they hold: good for the next demo too.
            "rendered_prompts": str(given.rendered_folder.absolute()),
            "twilio_account_sid": _ACCOUNT_SID,
            "twilio_number": "+815000001000",
            "fallback_number": "+815000001009",
            "destinations": {name: (number,) for name, number in numbers.items()},
            "sms_sender": "outbox",
            "voice_sender": "outbox",
            "email_sender": "outbox",
            "result_keys": {},
            "result_readers": {},
            "crm_webhooks": {},
            "crm_secrets": {},
        }
    )
    return with_rehearsal_keys(demo)


def _surroundings(settings: Settings, media: str, pace: float) -> Surroundings:
    names = {number: name for name, (number, *_) in settings.destinations.items()}
    return Surroundings(
        server=Server(
            address=settings.public_url,
            public=settings.public_url,
            auth_token=settings.twilio_auth_token.get_secret_value(),
            account_sid=settings.twilio_account_sid,
            number=settings.twilio_number,
            media=f"http://{media}",
        ),
        clock=HurriedClock(pace),
        outbox=settings.var_dir / "outbox.jsonl",
        destinations=names,
        result_key=settings.result_keys["rehearsal"].get_secret_value(),
        audience=settings.audience,
        quiet_pace=_QUIET_PACE if pace > 1 else 0.0,
    )
