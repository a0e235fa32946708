"""``ivr media``: the media process, which hears callers."""

from __future__ import annotations

import asyncio
import signal

import click

from ivr.clock import SystemClock
from ivr.commands.addresses import cannot_listen, check_free, host_and_port, url_of
from ivr.errors import SettingsError
from ivr.settings import Settings, load_settings
from ivr.speaking.prompt_sounds import PromptSounds
from ivr.telephony import links
from ivr.telephony.logging import configure_logging, log_uncaught
from ivr.wiring.media import Media, build_media

#: Seconds that running turns get when the process is told to end.
DRAIN_S = 20.0


@click.command()
def media() -> None:
    """Hear callers: starts the media process and keeps it up.

    `ivr serve` starts one itself; this is for machines that do nothing else. The database is
    brought up to date by `ivr serve` or `ivr database upgrade`.
    """
    settings = load_settings()
    if "vosk" not in settings.hearing:
        raise SettingsError(
            f"IVR_HEARING={','.join(settings.hearing)} leads no call to the media process",
            hint="IVR_HEARING=vosk,twilio,keys",
        )
    check_free("IVR_MEDIA_BIND", settings.media_bind)
    configure_logging(settings.log_level)
    log_uncaught()
    running = build_media(settings, SystemClock())
    try:
        running.backstage.directory.start()
        running.backstage.recover()
        asyncio.run(_serve(running, settings))
    finally:
        running.close()


async def _serve(running: Media, settings: Settings) -> None:
    """Until SIGTERM or SIGINT; a second one does not wait for running turns.

    Raises:
        SettingsError: nobody can listen there.
    """
    told, told_again = asyncio.Event(), asyncio.Event()

    def tell() -> None:
        (told_again if told.is_set() else told).set()

    missing = _without_sound(running.sounds)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell)
    try:
        await running.server.start(*host_and_port(settings.media_bind))
    except OSError as error:
        raise cannot_listen("IVR_MEDIA_BIND", settings.media_bind, error) from None
    click.echo(_welcome(running, settings, missing), err=True)
    await told.wait()
    drained = asyncio.create_task(running.server.drain(DRAIN_S))
    hurried = asyncio.create_task(told_again.wait())
    await asyncio.wait({drained, hurried}, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if not drained.done():
        await running.server.drain(0)
    await drained


def _without_sound(sounds: PromptSounds) -> int:
    """How many prompts a call would have to wait for; all others are in memory after this."""
    return sum(
        sounds.ready(text.language, text.text, slow=slow) is None
        for text in sounds.texts
        if not text.open and sounds.source(text.language, text.text) == "rendered"
        for slow in (False, True)
    )


def _welcome(running: Media, settings: Settings, missing: int) -> str:
    models = ", ".join(f"{name}: {path}" for name, path in running.languages.items())
    public = settings.public_url.replace("http", "ws", 1)
    lines = [
        f"Honnin hears callers on {settings.media_bind} ({models}),"
        f" {settings.media_calls} at once.",
        f"  Twilio has to reach it at {public}{links.MEDIA}; whether it is ready says"
        f" {url_of(settings.media_bind)}/readyz. Stop with Ctrl-C.",
    ]
    if missing:
        lines.append(
            f"  {missing} sounds of prompts are rendered when they are first needed;"
            " `ivr prompts render` does it ahead."
        )
    return "\n".join(lines)
