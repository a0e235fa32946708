"""Writes docs/commands.md from the help of every `ivr` command. Run it with `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

PAGE = Path(__file__).with_name("commands.md")
WIDTH = 90
INTRODUCTION = """\
# Commands

Written by `make docs` from the commands themselves; a test compares the two. `.venv/bin/ivr`
is the command after `make demo`, `make test` or `make run` has built `.venv`. Settings come
from the environment, see [settings](settings.md).
"""


def walk(
    command: click.Command, parent: click.Context | None, name: str
) -> Iterator[click.Context]:
    """A context for ``command`` and for everything below it, in the order of its help."""
    context = click.Context(
        command,
        parent,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        **command.context_settings,
    )
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            below = command.get_command(context, child)
            if below is not None and not below.hidden:
                yield from walk(below, context, child)


def render(cli: click.Command) -> str:
    """The whole page."""
    sections = [INTRODUCTION]
    for context in walk(cli, None, "ivr"):
        help_text = "\n".join(line.rstrip() for line in context.get_help().splitlines())
        sections.append(f"## {context.command_path}\n\n```\n{help_text}\n```\n")
    return "\n".join(sections)


if __name__ == "__main__":
    from ivr.cli import cli

    PAGE.write_text(render(cli), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
