"""``ivr twilio``: what the account at Twilio needs."""

from __future__ import annotations

import click
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from ivr.errors import SettingsError
from ivr.settings import Settings, load_settings
from ivr.telephony.provisioning import Plan, plan_number, plan_taskrouter

#: Seconds to wait for Twilio, here where nobody is on the line.
_TIMEOUT_S = 20.0


@click.group()
def twilio() -> None:
    """The account at Twilio: its number, and queues for agents."""


@twilio.command()
@click.option("--taskrouter", metavar="NAME", help="Also a workspace, a queue and a workflow.")
@click.option("--apply", is_flag=True, help="Make the changes, after showing them.")
def setup(taskrouter: str | None, apply: bool) -> None:
    """Show what has to be changed at Twilio, and change it with --apply.

    The webhooks of IVR_TWILIO_NUMBER are led to IVR_PUBLIC_URL. With --taskrouter there is also a
    workspace, a queue of all its workers and a workflow of that NAME, for a destination of kind
    taskrouter; workers are added in Twilio's console. Nothing is bought, nothing is deleted, and
    what is right already is left alone.
    """
    settings = load_settings()
    client = _client(settings)
    plan = Plan()
    plan_number(client, plan, number=settings.twilio_number, public_url=settings.public_url)
    if taskrouter is not None:
        plan_taskrouter(client, plan, name=taskrouter, public_url=settings.public_url)
    for right in sorted(plan.right):
        click.echo(f"ok      {right}")
    for change in plan.changes:
        click.echo(f"change  {change.what}")
    if not plan.changes:
        click.echo("nothing to change")
    elif not apply:
        click.echo("nothing was changed; add --apply to make these changes")
        return
    plan.carry_out(lambda what: click.echo(f"done    {what}"))
    if "workflow" in plan.found:
        click.echo(f"for IVR_DESTINATIONS: {plan.found['workflow']}")


def _client(settings: Settings) -> Client:
    """
    Raises:
        SettingsError: naming what is missing.
    """
    token = settings.twilio_auth_token.get_secret_value()
    needed = {
        "IVR_TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "IVR_TWILIO_AUTH_TOKEN": token,
        "IVR_TWILIO_NUMBER": settings.twilio_number,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(f"{', '.join(missing)} must be set", hint="docs/twilio.md")
    if not settings.public_url.startswith("https://"):
        raise SettingsError("IVR_PUBLIC_URL must begin with https://", hint="Twilio calls it")
    return Client(
        settings.twilio_account_sid, token, http_client=TwilioHttpClient(timeout=_TIMEOUT_S)
    )
