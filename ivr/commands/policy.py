"""``ivr policy``: what callers have to show, and what agents may then do, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ivr.commands.options import spoken_language
from ivr.errors import SettingsError
from ivr.flow.loader import POLICIES, load_policy
from ivr.flow.model import Language
from ivr.flow.policy import UNWRITTEN, Band, PolicyFile
from ivr.identity.assurance import LEVELS
from ivr.settings import load_settings
from ivr.wiring.backstage import load_shipped_flow


@click.group()
def policy() -> None:
    """The assurance policy: who is trusted with what."""


@policy.command()
@click.argument("name", required=False)
@spoken_language
def show(name: str | None, language: Language) -> None:
    """Show a policy as tables (Markdown): that of the flow NAME, or the policy of that name.

    Without NAME it is that of the flow that answers calls.
    """
    settings = load_settings()
    path = settings.flows_dir / POLICIES / f"{name}.yaml"
    if name is not None and not (settings.flows_dir / name).exists() and path.exists():
        found = load_policy(path)
    else:
        flow = load_shipped_flow(settings, name=name)
        if flow.policy is UNWRITTEN:
            raise SettingsError(f"the flow {flow.name} names no policy", hint="docs/policy.md")
        found = flow.policy
    click.echo("\n".join(tables(found, language)))


def tables(file: PolicyFile, language: Language) -> Iterator[str]:
    """The lines of all tables of a policy, with words for agents in ``language``."""
    yield f"# Policy {file.policy}"
    yield from _table("Levels", ("level", "takes"), _levels(file))
    yield from _table(
        "What the agent may do", ("action", "words", *LEVELS), _actions(file, language)
    )
    wants = [(intent, action) for intent, action in file.intents.items()]
    yield from _table("What a call takes", ("about", "action"), wants)
    yield from _table("What is withheld", ("when", "actions", "then"), _withheld(file, language))
    yield from _table("Who is spared a code", ("entered", "after", "once"), _spared(file))
    yield from _table("Points", ("reason", "when", "points"), _points(file))


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"## {title}", "")
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _levels(file: PolicyFile) -> list[tuple[str, str]]:
    ways = {"matched": file.levels.matched, "verified": file.levels.verified}
    return [
        (level, ", or ".join(" + ".join(way) for way in alternatives))
        for level, alternatives in ways.items()
    ]


def _actions(file: PolicyFile, language: Language) -> list[tuple[str, ...]]:
    rows = []
    for name, action in file.actions.items():
        first = LEVELS.index(action.level)
        yes = "yes" if not action.needs else "with " + " + ".join(action.needs)
        marks = [yes if at >= first else "" for at in range(len(LEVELS))]
        rows.append((name, action.words[language], *marks))
    return rows


def _withheld(file: PolicyFile, language: Language) -> list[tuple[str, str, str]]:
    def then(measure: str | None) -> str:
        return "" if measure is None else file.measures[measure][language]

    rows = [
        (" or ".join(rule.when), ", ".join(rule.actions), then(rule.step_up))
        for rule in file.withhold
    ]
    bands: list[tuple[str, Band | None]] = [
        ("elevated", file.risk.elevated),
        ("high", file.risk.high),
    ]
    rows += [
        (f"risk {name} ({band.points} points)", ", ".join(band.withhold), then(band.step_up))
        for name, band in bands
        if band is not None
    ]
    if file.risk.person is not None:
        points = f"{file.risk.person} points of the caller's number and behaviour"
        rows.append((points, "everything", "straight to a person"))
    return rows


def _spared(file: PolicyFile) -> list[tuple[str, str, str]]:
    rule = file.known_caller
    if rule is None:
        return []
    after = "any call" if rule.after_agent else "a call that no agent took"
    return [(f"within {rule.within}", after, "yes")]


def _points(file: PolicyFile) -> list[tuple[str, str, str]]:
    rows = []
    for name, rule in file.risk.rules.items():
        most = "" if rule.at_most is None else f" and at most {rule.at_most}"
        rows.append((name, f"{rule.signal} at least {rule.at_least}{most}", str(rule.points)))
    return rows
