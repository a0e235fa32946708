"""``ivr serve``: the web process, under gunicorn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import flask
from gunicorn.app.base import BaseApplication

from ivr.clock import SystemClock
from ivr.settings import load_settings
from ivr.wiring import open_database, serving_app


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings: one process, threads that each answer one webhook."""

    def __init__(self, bind: str, threads: int, load: Callable[[], flask.Flask]) -> None:
        """``bind``: address and port; ``load`` makes the app, in the process that answers."""
        self._bind, self._threads, self._load = bind, threads, load
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
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> flask.Flask:
        return self._load()


@click.command()
@click.option("--upgrade/--no-upgrade", default=True, help="Bring the database up to date first.")
def serve(upgrade: bool) -> None:
    """Answer calls: starts the web process and keeps it up.

    Point a Twilio number's voice webhook at <IVR_PUBLIC_URL>/voice/incoming (docs/twilio.md).
    """
    settings = load_settings()
    if upgrade:
        db = open_database(settings, SystemClock())
        db.upgrade()
        db.dispose()
    base = settings.public_url
    click.echo(
        f"Honnin answers at {base} (listening on {settings.bind}, mode {settings.mode}).\n"
        f"In the Twilio console, set your number's webhooks (HTTP POST):\n"
        f"  A call comes in:      {base}/voice/incoming\n"
        f"  Primary handler fails: {base}/voice/fallback\n"
        f"  Call status changes:  {base}/voice/status\n"
        f"docs/twilio.md has the rest. Stop with Ctrl-C.",
        err=True,
    )
    Server(settings.bind, settings.threads, lambda: serving_app(settings)).run()
