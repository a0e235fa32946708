"""``ivr diagram``: a flow as a picture."""

from __future__ import annotations

import click

from ivr.flow.diagram import mermaid
from ivr.settings import load_settings
from ivr.wiring.backstage import load_shipped_flow


@click.command()
@click.argument("flow", required=False)
def diagram(flow: str | None) -> None:
    """Draw FLOW (default: the one that answers calls) as a Mermaid state diagram."""
    settings = load_settings()
    click.echo(mermaid(load_shipped_flow(settings, name=flow)))
