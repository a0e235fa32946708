"""The ``ivr`` command. Each subcommand lives in a module of ``ivr.commands``."""

from __future__ import annotations

import importlib
import sys

import click

from ivr import __version__
from ivr.errors import FilesError, HonninError

#: Subcommand -> module and attribute, and its line in ``ivr --help``. A module is loaded only
#: when its command is used, and the help shows the lines written here, so that it is quick.
COMMANDS = {
    "demo": (
        "ivr.commands.demo:demo",
        "Show a whole call, from the first ring to the agent, with made-up customers.",
    ),
    "serve": (
        "ivr.commands.serve:serve",
        "Answer calls: starts the web process and keeps it up, and the media process beside it.",
    ),
    "media": (
        "ivr.commands.media:media",
        "Hear callers: starts the media process and keeps it up.",
    ),
    "lint": ("ivr.commands.lint:lint", "Check flows, prompts, grammars and call files."),
    "diagram": ("ivr.commands.diagram:diagram", "Draw FLOW as a Mermaid state diagram."),
    "call": (
        "ivr.commands.call:call",
        "Place the call that FILE describes, and show it turn by turn.",
    ),
    "rehearse": (
        "ivr.commands.rehearse:rehearse",
        "Place rehearsed calls and say which did not go as expected.",
    ),
    "understand": (
        "ivr.commands.understand:understand",
        "Understand utterances: birthdates, names, digits, yes and no, commands.",
    ),
    "compare-names": (
        "ivr.commands.understand:compare_names",
        "Compare heard names with registered furigana.",
    ),
    "hear": (
        "ivr.commands.hear:hear",
        "Hear WAV files: hypotheses, value, confidence, real-time factor.",
    ),
    "calibrate": (
        "ivr.commands.calibrate:calibrate",
        "Learn from labelled utterances how likely a value is right.",
    ),
    "models": (
        "ivr.commands.models:models",
        "The models that speech is recognised with.",
    ),
    "prompts": (
        "ivr.commands.prompts:prompts",
        "The sound of prompts: recorded, rendered, or said by Twilio.",
    ),
    "evaluate": (
        "ivr.commands.evaluate:evaluate",
        "Score files of utterances whose values are known.",
    ),
    "customers": (
        "ivr.commands.customers:customers",
        "The customers that callers are matched with.",
    ),
    "database": (
        "ivr.commands.database:database",
        "The database: its tables, and whether it can be used.",
    ),
    "keys": ("ivr.commands.keys:keys", "Make, list and rotate the secret keys of an installation."),
    "twilio": (
        "ivr.commands.twilio_account:twilio",
        "The account at Twilio: its number, and queues for agents.",
    ),
    "audit": (
        "ivr.commands.audit:audit",
        "The audit: who did or saw what, when and why.",
    ),
    "person": (
        "ivr.commands.person:person",
        "What is stored about one customer: tell, correct or delete it.",
    ),
    "incident": (
        "ivr.commands.incident:incident",
        "After a leak: who is affected, what is on record, what has to be reported until when.",
    ),
    "audio": (
        "ivr.commands.audio:audio",
        "What callers said, as sound, where they allowed that it is kept.",
    ),
    "purge": (
        "ivr.commands.purge:purge",
        "Remove records that were kept for as long as the settings say.",
    ),
    "policy": (
        "ivr.commands.policy:policy",
        "The assurance policy: who is trusted with what.",
    ),
    "risk": (
        "ivr.commands.risk:risk",
        "Why calls were doubted, and which another policy would decide otherwise.",
    ),
    "outbox": (
        "ivr.commands.outbox:outbox",
        "Events for CRMs: what is not delivered, and delivering it again.",
    ),
    "callbacks": (
        "ivr.commands.callbacks:group",
        "Callers who were promised to be called back.",
    ),
    "result": (
        "ivr.commands.result:result",
        "Signed results: check one, and whether it was the person after all.",
    ),
    "bench": ("ivr.commands.bench:bench", "Measure this machine: webhook turns, machine steps."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


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
