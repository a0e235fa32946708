"""The ``ivr`` command. Each subcommand lives in a module of ``ivr.commands``."""

from __future__ import annotations

import importlib
import sys

import click

from ivr import __version__
from ivr.errors import FilesError, HonninError

#: Subcommand -> module and attribute; loaded only when used, so that ``ivr --help`` is quick.
COMMANDS = {
    "demo": "ivr.commands.demo:demo",
    "serve": "ivr.commands.serve:serve",
    "lint": "ivr.commands.lint:lint",
    "diagram": "ivr.commands.diagram:diagram",
    "call": "ivr.commands.call:call",
    "rehearse": "ivr.commands.rehearse:rehearse",
    "customers": "ivr.commands.customers:customers",
    "database": "ivr.commands.database:database",
    "keys": "ivr.commands.keys:keys",
    "result": "ivr.commands.result:result",
    "bench": "ivr.commands.bench:bench",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ivr")
def cli() -> None:
    """Finds out on the telephone whether a caller is who they say they are.

    Start with `ivr demo`. Settings come from the environment (IVR_...), see docs/settings.md.
    """


def main() -> None:
    """Run the command; our own errors end with their message and exit status 1."""
    try:
        cli()
    except FilesError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    except HonninError as error:
        click.echo(f"ivr: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
