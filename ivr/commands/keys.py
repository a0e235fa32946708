"""``ivr keys``: the secrets of an installation."""

from __future__ import annotations

import click

from ivr.wiring.keys import new_keys


@click.group()
def keys() -> None:
    """Make the secret keys of an installation."""


@keys.command("new")
def new() -> None:
    """Print fresh keys as lines for an env file.

    Keep them secret and keep them: with IVR_FIELD_KEY lost, stored personal data is lost;
    with IVR_INDEX_KEY lost, customers can no longer be found.
    """
    for name, value in new_keys().items():
        click.echo(f"{name}={value}")
