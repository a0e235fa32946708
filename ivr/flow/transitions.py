"""Where a flow may go next: the one list that lint and the diagram share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.flow.model import (
    Asking,
    CheckState,
    Choice,
    ChooseState,
    CollectState,
    FlowFile,
    SayState,
    State,
    TransferState,
)
from ivr.flow.nodes import Where

#: The counters whose limits a listening state leaves by.
COUNTERS = ("no_input", "no_match", "invalid", "mismatch")
#: What a collecting state may lead to besides ``next``.
_COLLECT_WAYS = ("next", "menu", "on_digits", "partial", "full")


@dataclass(frozen=True, slots=True)
class Transition:
    """``source`` goes to ``target``. ``label`` says when; ``where`` is its place in flow.yaml."""

    source: str
    label: str
    target: str
    where: Where


def listens(state: State) -> bool:
    """Whether the caller may say or press something in ``state``."""
    return isinstance(state, Asking)


def of_state(file: FlowFile, name: str) -> Iterator[Transition]:
    """The transitions written in one state, in the order of its schema."""
    state = file.states[name]
    for label, target, where in _written(state):
        yield Transition(name, label, target, ("states", name, *where))


def exits(file: FlowFile, name: str) -> Iterator[Transition]:
    """What the flow's ``on`` adds to a listening state that has no such exit itself."""
    state = file.states[name]
    if isinstance(state, Asking):
        for counter in COUNTERS:
            if getattr(state.on, counter) is None:
                yield Transition(name, counter, getattr(file.on, counter), ("on", counter))


def emergencies(file: FlowFile) -> Iterator[Transition]:
    """Where any state may be left: the call's limits, trouble of ours, and the last word."""
    for label in ("limit", "failed", "last"):
        yield Transition("", label, getattr(file.on, label), ("on", label))


def commands(file: FlowFile) -> Iterator[Transition]:
    """Where the flow's commands lead from every listening state."""
    for name, command in file.commands.items():
        if command.go is not None:
            yield Transition("", name, command.go, ("commands", name, "go"))


def _written(state: State) -> Iterator[tuple[str, str, Where]]:
    if isinstance(state, SayState):
        yield "next", state.next, ("next",)
    if isinstance(state, ChooseState):
        yield from _answers(state)
    if isinstance(state, CollectState):
        for way in _COLLECT_WAYS:
            if (target := getattr(state, way)) is not None:
                yield way, target, (way,)
    if isinstance(state, CheckState | TransferState):
        for outcome, target in state.on.items():
            yield outcome, target, ("on", outcome)
    if isinstance(state, Asking):
        for meaning, target in state.commands.items():
            yield meaning, target, ("commands", meaning)
        for counter in COUNTERS:
            if (target := getattr(state.on, counter)) is not None:
                yield counter, target, ("on", counter)


def _answers(state: ChooseState) -> Iterator[tuple[str, str, Where]]:
    for meaning, choice in state.choices.items():
        if isinstance(choice, Choice):
            yield meaning, choice.go, ("choices", meaning, "go")
        else:
            yield meaning, choice, ("choices", meaning)
    if state.on_silence is not None:
        yield "on_silence", state.on_silence, ("on_silence",)
