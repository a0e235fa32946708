"""Every name that a flow uses is declared: states, slots, prompts, destinations, grammars,
commands, languages. The machine relies on this and on nothing else of lint."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ivr.errors import Problem
from ivr.flow import transitions
from ivr.flow.draft import Draft
from ivr.flow.model import (
    CHECK_OUTCOMES,
    CLOSED,
    SCREENED,
    TRANSFER_OUTCOMES,
    Asking,
    CheckState,
    Choice,
    ChooseState,
    CollectState,
    EndState,
    TransferState,
)
from ivr.flow.nodes import Where
from ivr.flow.rules.desks import desk_references, overflows
from ivr.flow.rules.prompt_uses import prompt_uses
from ivr.flow.suggestion import did_you_mean, shown

#: The grammar in which commands are said, and the one that answers a read-back.
COMMANDS = "commands"
YES_NO = "yes_no"


def references(draft: Draft) -> Iterator[Problem]:
    """Names that are not declared, and outcomes that a state forgot or invented."""
    yield from _targets(draft)
    yield from _intents(draft)
    yield from _slots(draft)
    yield from _outcomes(draft)
    yield from _destinations(draft)
    yield from _languages(draft)
    yield from _commands(draft)
    yield from _choices(draft)
    yield from _read_backs(draft)
    yield from _prompts(draft)
    yield from desk_references(draft)


def _unknown(
    draft: Draft, where: Where, what: str, word: str, known: Collection[str], *, key: bool = False
) -> Iterator[Problem]:
    if word not in known:
        message = f"unknown {what} {shown(word)}{did_you_mean(word, known)}"
        yield draft.document.problem(where, message, key=key)


def _targets(draft: Draft) -> Iterator[Problem]:
    file = draft.file
    yield from _unknown(draft, ("start",), "state", file.start, file.states)
    ways = [*transitions.emergencies(file), *transitions.commands(file)]
    for counter in transitions.COUNTERS:
        yield from _unknown(draft, ("on", counter), "state", getattr(file.on, counter), file.states)
    for name in file.states:
        ways += transitions.of_state(file, name)
    for way in ways:
        yield from _unknown(draft, way.where, "state", way.target, file.states)
    last = file.states.get(file.on.last)
    if last is not None and not isinstance(last, EndState):
        message = f"must be a state of kind 'end'; {shown(file.on.last)} is of kind '{last.kind}'"
        yield draft.document.problem(("on", "last"), message)


def _slots(draft: Draft) -> Iterator[Problem]:
    for name, state in draft.file.states.items():
        if isinstance(state, CollectState):
            where = ("states", name, "slot")
            yield from _unknown(draft, where, "slot", state.slot, draft.file.slots)


def _outcomes(draft: Draft) -> Iterator[Problem]:
    for name, state in draft.file.states.items():
        optional: set[str] = set()
        if isinstance(state, CheckState):
            expected, what = CHECK_OUTCOMES[state.check], f"check {shown(state.check)}"
            optional = {SCREENED} if state.check == "resume" else optional
        elif isinstance(state, TransferState):
            expected, what, optional = TRANSFER_OUTCOMES, "a transfer", {CLOSED}
        else:
            continue
        where = ("states", name, "on")
        for outcome in expected:
            if outcome not in state.on:
                message = f"{what} can end in {shown(outcome)}: say where that leads"
                yield draft.document.problem(where, message, key=True)
        for outcome in state.on:
            if outcome not in {*expected, *optional}:
                message = f"{what} never ends in {shown(outcome)}"
                hint = did_you_mean(outcome, {*expected, *optional})
                yield draft.document.problem((*where, outcome), message + hint, key=True)


def _destinations(draft: Draft) -> Iterator[Problem]:
    file = draft.file
    used: set[str] = set()
    for name, state in file.states.items():
        if isinstance(state, TransferState):
            used.add(state.destination)
            where: Where = ("states", name, "destination")
            yield from _unknown(draft, where, "destination", state.destination, file.destinations)
            for index, route in enumerate(state.routes):
                used.add(route.to)
                where = ("states", name, "routes", index, "to")
                yield from _unknown(draft, where, "destination", route.to, file.destinations)
    used |= set(overflows(draft).values())
    for index, name in enumerate(file.destinations):
        if name in file.destinations[:index]:
            message = f"destination {shown(name)} is listed twice"
            yield draft.document.problem(("destinations", index), message)
        elif name not in used:
            message = f"no state transfers to the destination {shown(name)}"
            yield draft.document.problem(("destinations", index), message)


def _intents(draft: Draft) -> Iterator[Problem]:
    """Routes ask for intents that some choice gives."""
    states = draft.file.states
    given = {
        choice.intent
        for state in states.values()
        if isinstance(state, ChooseState)
        for choice in state.choices.values()
        if isinstance(choice, Choice) and choice.intent is not None
    }
    for name, state in states.items():
        for index, route in enumerate(state.routes if isinstance(state, TransferState) else ()):
            if route.intent is not None and route.intent not in given:
                message = f"no choice gives the intent {shown(route.intent)}"
                hint = did_you_mean(route.intent, given)
                where = ("states", name, "routes", index, "intent")
                yield draft.document.problem(where, message + hint)


def _languages(draft: Draft) -> Iterator[Problem]:
    file = draft.file
    for index, language in enumerate(file.languages):
        if language in file.languages[:index]:
            message = f"language {shown(language)} is listed twice"
            yield draft.document.problem(("languages", index), message)
    switches: list[tuple[Where, str | None]] = [
        (("commands", name, "language"), command.language)
        for name, command in file.commands.items()
    ]
    for name, state in file.states.items():
        if isinstance(state, ChooseState):
            switches += [
                (("states", name, "choices", meaning, "language"), choice.language)
                for meaning, choice in state.choices.items()
                if isinstance(choice, Choice)
            ]
        if isinstance(state, TransferState):
            switches += [
                (("states", name, "routes", index, "language"), route.language)
                for index, route in enumerate(state.routes)
            ]
    for where, chosen in switches:
        if chosen is not None and chosen not in file.languages:
            message = f"the flow does not speak {shown(chosen)} (see 'languages')"
            yield draft.document.problem(where, message)


def _commands(draft: Draft) -> Iterator[Problem]:
    file = draft.file
    said: list[tuple[Where, str]] = [(("commands", name), name) for name in file.commands]
    for name, state in file.states.items():
        if isinstance(state, Asking):
            said += [(("states", name, "commands", word), word) for word in state.commands]
    for language in file.languages:
        if not draft.has_grammar(language, COMMANDS):
            message = f"the grammar {language}/{COMMANDS} is missing"
            yield draft.document.problem(("commands",), message, key=True)
        for where, word in said:
            yield from _no_meaning(draft, where, word, language, COMMANDS)
    for key, command in file.keys.items():
        yield from _unknown(draft, ("keys", key), "command", command, file.commands)


def _choices(draft: Draft) -> Iterator[Problem]:
    for name, state in draft.file.states.items():
        if not isinstance(state, ChooseState):
            continue
        for key, meaning in state.keys.items():
            where = ("states", name, "keys", key)
            yield from _unknown(draft, where, "choice", meaning, state.choices)
        for language in draft.file.languages if state.grammar else ():
            yield from _meanings(draft, name, state, language)


def _meanings(draft: Draft, name: str, state: ChooseState, language: str) -> Iterator[Problem]:
    """The choices of a state are meanings of its grammar."""
    wanted = state.grammar or ""
    where: Where = ("states", name, "grammar")
    if not draft.has_grammar(language, wanted):
        hint = did_you_mean(wanted, draft.grammars.get(language, {}))
        message = f"there is no grammar {language}/{wanted}"
        yield draft.document.problem(where, message + hint)
    for choice in state.choices:
        place = ("states", name, "choices", choice)
        yield from _no_meaning(draft, place, choice, language, wanted)


def _no_meaning(
    draft: Draft, where: Where, word: str, language: str, name: str
) -> Iterator[Problem]:
    """The key at ``where`` is no meaning of a grammar that could be read."""
    if grammar := draft.grammars.get(language, {}).get(name):
        known = {*grammar.meanings, *grammar.contains}
        if word not in known:
            message = f"{shown(word)} is no meaning of the grammar {language}/{name}"
            yield draft.document.problem(where, message + did_you_mean(word, known), key=True)


def _read_backs(draft: Draft) -> Iterator[Problem]:
    """Reading a value back asks for yes or no."""
    for name, slot in draft.file.slots.items():
        for language in draft.file.languages if slot.confirm != "never" else ():
            where = ("slots", name)
            if not draft.has_grammar(language, YES_NO):
                message = f"reading {shown(name)} back needs the grammar {language}/{YES_NO}"
                yield draft.document.problem(where, message, key=True)
            for answer in ("yes", "no"):
                yield from _no_meaning(draft, where, answer, language, YES_NO)


def _prompts(draft: Draft) -> Iterator[Problem]:
    for use in prompt_uses(draft.file):
        for prompts in draft.prompts.values():
            if use.key not in prompts.texts:
                message = f"no prompt {shown(use.key)} in {prompts.document.path}"
                hint = did_you_mean(use.key, prompts.texts)
                yield draft.document.problem(use.where, message + hint)
