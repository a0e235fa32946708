"""Options that several commands share."""

from __future__ import annotations

import click

spoken_language = click.option(
    "--language",
    type=click.Choice(["ja", "en"]),
    default="ja",
    show_default=True,
    help="What is spoken.",
)
