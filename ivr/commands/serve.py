"""``ivr serve``: the web process, under gunicorn."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import click
import flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from ivr.clock import SystemClock
from ivr.commands import supervisor
from ivr.commands.addresses import check_free, url_of
from ivr.commands.opened_database import opened_database
from ivr.settings import Settings, load_settings
from ivr.wiring.application import build_app, serving_app

#: Seconds between two looks whether the app has been made.
_LOOK_S = 0.5


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings: one process, threads that each answer one webhook."""

    def __init__(
        self,
        bind: str,
        threads: int,
        load: Callable[[], flask.Flask],
        ready: Callable[[], None] = lambda: None,
        limit_s: float = 120.0,
    ) -> None:
        """``bind``: address and port. ``load`` makes the app, in the process that answers;
        ``ready`` is called when the server listens. An app that is not made in ``limit_s`` seconds
        ends the server."""
        self._bind, self._threads, self._load, self._ready = bind, threads, load, ready
        self._limit_s, self._loaded = limit_s, threading.Event()
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "threads": self._threads,
            "worker_class": "gthread",
            "timeout": 30,
            "graceful_timeout": 20,
            "keepalive": 15,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": lambda _arbiter: self._ready(),
            "post_fork": lambda _arbiter, worker: self._watch(worker.notify),
            "post_worker_init": lambda _worker: self._loaded.set(),
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> flask.Flask:
        return self._load()

    def _watch(self, notify: Callable[[], None]) -> None:
        """Let a new worker take its time for the app, and end it when that is over: gunicorn by
        itself would start another one, and another one. ``notify`` tells it that all is well."""
        until = monotonic() + self._limit_s

        def watch() -> None:
            while not self._loaded.wait(_LOOK_S):
                notify()
                if monotonic() > until:
                    click.echo(_too_late(self._limit_s), err=True)
                    os._exit(Arbiter.WORKER_BOOT_ERROR)

        threading.Thread(target=watch, name="start", daemon=True).start()


@click.command()
@click.option("--upgrade/--no-upgrade", default=True, help="Bring the database up to date first.")
@click.option(
    "--media/--no-media",
    default=True,
    help="Start the media process too, where IVR_HEARING has vosk.",
)
def serve(upgrade: bool, media: bool) -> None:
    """Answer calls: starts the web process and keeps it up, and the media process beside it.

    Point a Twilio number's voice webhook at <IVR_PUBLIC_URL>/voice/incoming (docs/twilio.md).
    """
    settings = load_settings()
    media = media and "vosk" in settings.hearing
    # Put together once without answering anybody: what is wrong is told here, in plain words.
    build_app(settings, SystemClock(), recover=False).close()
    check_free("IVR_BIND", settings.bind)
    if media:
        check_free("IVR_MEDIA_BIND", settings.media_bind)
    if upgrade:
        with opened_database(settings) as db:
            db.upgrade()
    if media:
        # What was put together is not needed any more; a keeper of processes takes little.
        started = [f"{url_of(bind)}/healthz" for bind in (settings.bind, settings.media_bind)]
        limit = f"{settings.start_limit_s:g}"
        keeper = ("-m", supervisor.__name__, *started, limit, settings.log_level)
        os.execv(sys.executable, (sys.executable, *keeper))  # noqa: S606 - our own module
    Server(
        settings.bind,
        settings.threads,
        lambda: serving_app(settings),
        lambda: click.echo(_welcome(settings), err=True),
        settings.start_limit_s,
    ).run()


def _too_late(limit_s: float) -> str:
    return (
        f"the web process could not take calls {limit_s:g} seconds after its start and was ended"
        " (often a disk or a database does not answer, or memory is short; `ivr database check`"
        " asks the database; IVR_START_LIMIT_S gives it more time)"
    )


def _welcome(settings: Settings) -> str:
    base = settings.public_url
    lines = [
        f"Honnin answers at {base} (listening on {settings.bind}, mode {settings.mode}).",
        "In the Twilio console, set your number's webhooks (HTTP POST):",
        f"  A call comes in:       {base}/voice/incoming",
        f"  Primary handler fails: {base}/voice/fallback",
        f"  Call status changes:   {base}/voice/status",
        *_lacks(settings),
        "docs/twilio.md has the rest. Stop with Ctrl-C.",
    ]
    return "\n".join(lines)


def _lacks(settings: Settings) -> list[str]:
    """What a real Twilio number would still need."""
    lacks = []
    if not settings.public_url.startswith("https://"):
        lacks.append("IVR_PUBLIC_URL: an https:// address (tunnel or proxy) that leads here")
    if not settings.twilio_auth_token.get_secret_value():
        lacks.append("IVR_TWILIO_AUTH_TOKEN: your account's, or its webhooks are refused")
    if not settings.destinations:
        lacks.append("IVR_DESTINATIONS: the phones of your agents")
    if settings.sms_sender == "outbox":
        lacks.append(f"IVR_SMS_SENDER: now codes are written to {settings.var_dir}/outbox.jsonl")
    if not lacks:
        return []
    customers = (settings.flows_dir / settings.flow / "customers.csv").as_posix()
    return [
        "For a real number this still lacks:",
        *(f"  {line}" for line in lacks),
        f"Made-up customers to try it with: ivr customers import {customers}",
    ]
