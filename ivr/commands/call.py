"""``ivr call``: place one rehearsed call and show it turn by turn."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import click

from ivr.clock import SystemClock
from ivr.commands.prompts import render_ahead
from ivr.commands.rehearse import WiredStage, load_flows
from ivr.errors import RehearsalError
from ivr.rehearsal.call_recording import CallRecording
from ivr.rehearsal.callfile import CallFile, load_call
from ivr.rehearsal.report import LiveText
from ivr.rehearsal.telephone import Surroundings, Telephone
from ivr.rehearsal.webhooks import Server
from ivr.rehearsal.world import FALLBACK, Worlds
from ivr.settings import Settings, load_settings
from ivr.wiring.keys import with_rehearsal_keys

#: Parts of a call file's ``world`` that need the server's inside.
_INSIDE = ("sender", "database", "media", "crm", "settings")


@dataclass(frozen=True)
class _Elsewhere:
    """A server that runs already; empty strings where the settings of this folder know."""

    url: str
    media_url: str
    public_url: str
    auth_token: str
    result_key: str
    outbox: Path | None


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--text", "as_text", is_flag=True, help="Print the conversation (default).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option("--fast", is_flag=True, help="Let the clock run ahead.")
@click.option("--voice", is_flag=True, help="Speak: the caller's sound goes by media stream.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --voice: write what was heard, the caller left and the bot right.",
)
@click.option("--url", default="", help="Call a server that runs already, on this machine.")
@click.option("--media-url", default="", help="Where it takes media streams; default: --url.")
@click.option("--public-url", default="", help="The server's IVR_PUBLIC_URL; default: --url.")
@click.option("--auth-token", default="", help="The server's auth token, to sign webhooks with.")
@click.option("--result-key", default="", help="A bearer key of the server's IVR_RESULT_KEYS.")
@click.option(
    "--outbox",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The server's outbox, where the caller reads codes.",
)
@click.option(
    "--server-log", type=click.File("w"), default="/dev/null", help="Where the server logs to."
)
def call(
    file: Path,
    as_text: bool,
    as_json: bool,
    fast: bool,
    voice: bool,
    record: Path | None,
    url: str,
    media_url: str,
    public_url: str,
    auth_token: str,
    result_key: str,
    outbox: Path | None,
    server_log: TextIO,
) -> None:
    """Place the call that FILE describes, and show it turn by turn.

    Starts the application in a world of its own, unless --url names a server. Exit status 1
    where the call does not go as FILE expects.
    """
    settings = load_settings()
    flows = load_flows(settings)
    rehearsed = load_call(file, flows=flows)
    recording = _recording(rehearsed, record, voice=voice)
    flow = flows[rehearsed.flow]
    live = None
    if as_text or not as_json:
        # With --json the object has standard output to itself.
        stream = sys.stderr if as_json else sys.stdout
        live = LiveText(lambda line: click.echo(line, file=stream), colours=stream.isatty())
        live.heading(rehearsed)
    watch = None if live is None else live.show
    if url:
        elsewhere = _Elsewhere(
            url.rstrip("/"), media_url.rstrip("/"), public_url, auth_token, result_key, outbox
        )
        _refuse_inside(rehearsed, fast=fast)
        around = replace(_surroundings(elsewhere, settings), recording=recording)
        outcome = Telephone(rehearsed, flow, around, watch).place()
    else:
        overhear = None if live is None else live.overhears
        if voice:
            render_ahead(settings, flow.name)
        stage = WiredStage(server_log, settings.log_level, overhear)
        with Worlds(stage, fast=fast, voice=voice) as worlds:
            outcome = worlds.rehearse(rehearsed, flow, watch, recording)
    if live is not None:
        live.outcome(outcome)
    if recording is not None and record is not None:
        recording.write(record)
    if as_json:
        click.echo(json.dumps(outcome.as_json(), ensure_ascii=False))
    sys.exit(0 if outcome.ok else 1)


def _recording(rehearsed: CallFile, record: Path | None, *, voice: bool) -> CallRecording | None:
    """What is heard goes there.

    Raises:
        RehearsalError: the caller cannot speak, or nobody does.
    """
    if voice and rehearsed.mute is not None:
        raise RehearsalError(
            f"{rehearsed.place(rehearsed.mute)}: there is no sound of what the caller says here",
            hint="give the turn its 'audio' (docs/rehearsal.md), or leave --voice out",
        )
    if record is None:
        return None
    if not voice:
        raise RehearsalError("without --voice there is nothing to record", hint="add --voice")
    return CallRecording()


def _surroundings(elsewhere: _Elsewhere, settings: Settings) -> Surroundings:
    """A running server, whose world and clock are its own."""
    known = with_rehearsal_keys(settings)
    token = elsewhere.auth_token or known.twilio_auth_token.get_secret_value()
    keys = [key.get_secret_value() for key in known.result_keys.values()]
    names = {number: name for name, numbers in known.destinations.items() for number in numbers}
    return Surroundings(
        server=Server(
            address=elsewhere.url,
            public=(elsewhere.public_url or elsewhere.url).rstrip("/"),
            auth_token=token,
            account_sid=known.twilio_account_sid or "AC" + "0" * 32,
            media=elsewhere.media_url,
        ),
        clock=SystemClock(),
        outbox=elsewhere.outbox or known.var_dir / "outbox.jsonl",
        destinations={**names, known.fallback_number: FALLBACK},
        result_key=elsewhere.result_key or (keys[0] if keys else ""),
        audience=known.audience,
    )


def _refuse_inside(rehearsed: CallFile, *, fast: bool) -> None:
    """What a telephone cannot do to a server from outside.

    Raises:
        RehearsalError: naming all of it.
    """
    given, world = rehearsed.model_fields_set, rehearsed.world.model_fields_set
    wanted = [str(name) for name in ("customers", "now") if name in given]
    wanted += [f"world.{name}" for name in _INSIDE if name in world]
    if fast:
        wanted.append("--fast")
    if wanted:
        raise RehearsalError(
            f"with --url the server's inside is out of reach, but the call wants"
            f" {', '.join(wanted)}",
            hint="leave --url out to rehearse in a world of its own",
        )
