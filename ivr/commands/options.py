"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime

import click

from ivr.clock import JAPAN
from ivr.records.audit import instant

spoken_language = click.option(
    "--language",
    type=click.Choice(["ja", "en"]),
    default="ja",
    show_default=True,
    help="What is spoken.",
)


def _instant(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """The text of an instant as rows of the audit hold it."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("must be like 2026-11-22 or 2026-11-22T10:00:00+09:00") from None
    return instant(at if at.tzinfo else at.replace(tzinfo=JAPAN))


#: A span of the audit: texts of instants as its rows hold them, or None.
since = click.option("--since", callback=_instant, help="Day (Japan) or instant.")
until = click.option("--until", callback=_instant, help="Day (Japan) or instant.")
