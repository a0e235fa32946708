"""Who runs a command, and why: what the audit is told of it."""

from __future__ import annotations

import getpass
import os
import re
import socket

import click

_TICKET = re.compile(r"[A-Za-z0-9 ._:/#-]{0,80}", re.ASCII)
# Long runs of digits are phone or customer numbers.
_NUMBER = re.compile(r"[0-9]{7}")


def operator() -> str:
    """``operator USER@HOST``: the person, where they became somebody else with sudo."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        user = str(os.getuid())
    return f"operator {user}@{socket.gethostname()}"


def _ticket(context: click.Context, option: click.Parameter, value: str) -> str:
    if not _TICKET.fullmatch(value) or _NUMBER.search(value):
        raise click.BadParameter("at most 80 letters, signs and short numbers, like CHG-1234")
    return value


why = click.option(
    "--why",
    default="",
    callback=_ticket,
    help="The ticket or change this is for; kept in the audit. No personal data.",
)
