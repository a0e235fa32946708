"""``ivr models``: the models that speech is recognised with."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from ivr.commands.fetching import list_models, pull
from ivr.commands.options import spoken_language
from ivr.errors import FilesError, HearingError
from ivr.flow.grammars import read_grammars
from ivr.hearing.model import load_model
from ivr.hearing.model_files import look_at
from ivr.hearing.vocabulary import HeardAs, is_pattern
from ivr.settings import load_settings
from ivr.understanding.grammar import Grammar
from ivr.wiring.backstage import load_shipped_flow
from ivr.wiring.listening import compiler_for, phrases_of

#: Loads a model and listens for a moment, in a process that may be killed by it.
_TRIAL = """
import sys
from pathlib import Path
from ivr.hearing.model import load_model
model = load_model(Path(sys.argv[1]))
model.recogniser(model.files.rate, '["a"]').AcceptWaveform(bytes(model.files.rate))
"""
_TRIAL_S = 120


@click.group()
def models() -> None:
    """The models that speech is recognised with."""


models.add_command(list_models)
models.add_command(pull)


@models.command("check")
@click.argument("path", type=click.Path(path_type=Path))
@spoken_language
@click.option("--flow", "name", help="Only what this flow listens for; without, every grammar.")
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="So many phrases of each kind are shown.",
)
def check(path: Path, language: str, name: str | None, show: int) -> None:
    """Load the Vosk model in PATH and say what of the grammars it cannot hear.

    A phrase is heard in whole words of the model, or spelt with words of one mora, or not at
    all. Exit status 1 if a grammar, or one of its meanings, cannot be heard in any way.
    """
    settings = load_settings()
    grammars = _grammars(settings.grammars_dir / language)
    if name is not None:
        used = _used(name, language)
        grammars = [grammar for grammar in grammars if grammar.name in used]
    _try(path)
    model = load_model(path)
    compiler = compiler_for(model, language)
    files = model.files
    rates = ", ".join(str(rate) for rate in (8000, 16000) if files.takes(rate)) or "none of ours"
    click.echo(f"# {path}\n")
    click.echo(f"- for rehearsals only: {'yes' if files.rehearsal else 'no'}")
    click.echo(f"- samples a second: {files.rate}; takes {rates}")
    click.echo(f"- spells any reading: {'yes' if compiler.spells else 'no'}")
    click.echo(f"- word for unknown speech: {model.unknown_word or 'none'}\n")
    click.echo("| grammar | phrases | in whole words | spelt | not heard |")
    click.echo("|---|---|---|---|---|")
    reports = {grammar.name: compiler.report(phrases_of(grammar)) for grammar in grammars}
    for grammar_name, report in reports.items():
        ways = Counter(each.how for each in report)
        cells = (grammar_name, len(report), ways["words"], ways["spelt"], ways["not"])
        click.echo(f"| {' | '.join(map(str, cells))} |")
    for grammar_name, report in reports.items():
        _details(grammar_name, report, show)
    lost = [line for grammar in grammars for line in _lost(grammar, reports[grammar.name])]
    if lost:
        click.echo("\n## Cannot be heard in any way\n")
        for line in lost:
            click.echo(f"- {line}")
        raise SystemExit(1)


def _grammars(folder: Path) -> list[Grammar]:
    readings = read_grammars(folder)
    problems = [problem for reading in readings for problem in reading.problems]
    if problems or not readings:
        raise FilesError(problems) if problems else HearingError(f"no grammars in {folder}")
    return [reading.grammar for reading in readings if reading.grammar is not None]


def _used(name: str, language: str) -> set[str]:
    """The grammars that may be active in a flow, by name."""
    flow = load_shipped_flow(load_settings(), name=name)
    states = {getattr(state, "grammar", None) for state in flow.file.states.values()}
    slot_types = {slot.type for slot in flow.file.slots.values()}
    return {"commands", "yes_no", *filter(None, states), *slot_types} & set(flow.grammars[language])


def _try(path: Path) -> None:
    """
    Raises:
        HearingError: the model kills the process that uses it, or cannot be loaded in time.
    """
    look_at(path)
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", _TRIAL, str(path)],
            capture_output=True,
            timeout=_TRIAL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HearingError(f"the model in {path} does not load in {_TRIAL_S} seconds") from None
    if done.returncode < 0:
        raise HearingError(
            f"the model in {path} is damaged: it kills the process that uses it",
            hint="fetch or make the model again",
        )


def _details(name: str, report: list[HeardAs], show: int) -> None:
    for how, title in (("not", "not heard"), ("spelt", "spelt")):
        found = [each for each in report if each.how == how]
        if found and show:
            click.echo(f"\n## {name}: {title}\n")
            for each in found[:show]:
                click.echo(f"- {each.phrase}: {each.reason or ' '.join(each.words)}")
            if len(found) > show:
                click.echo(f"- … {len(found) - show} more (--show)")


def _lost(grammar: Grammar, report: list[HeardAs]) -> Iterator[str]:
    """Meanings, or all patterns of a grammar, of which nothing can be heard."""
    heard = {each.phrase for each in report if each.words}
    for part in (grammar.meanings, grammar.contains):
        for meant, phrases in part.items():
            if heard.isdisjoint(phrases):
                yield f"{grammar.name}: {meant}"
    if grammar.spoken and not any(map(is_pattern, heard)):
        yield f"{grammar.name}: all its patterns"
