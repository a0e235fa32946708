"""A call can get everywhere and always gets to an end."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.errors import Problem
from ivr.flow import transitions
from ivr.flow.draft import Draft
from ivr.flow.model import CheckState, EndState, FlowFile, SayState, TransferState
from ivr.flow.suggestion import shown


def paths(draft: Draft) -> Iterator[Problem]:
    """States that no call reaches, that no call leaves towards a person or an end, and circles
    that turn without the caller. Silent while some transition leads to no state at all."""
    file = draft.file
    if any(target not in file.states for target in _targets(file)):
        return
    reached = _reached(file)
    for name in file.states:
        if name not in reached:
            message = f"no call ever reaches the state {shown(name)}"
            yield draft.document.problem(("states", name), message, key=True)
    ending = _ending(file)
    for name in file.states:
        if name not in ending:
            message = f"from the state {shown(name)} no call comes to a transfer or an end"
            yield draft.document.problem(("states", name), message, key=True)
    for circle in _silent_circles(file):
        way = " → ".join([*circle, circle[0]])
        message = f"this goes round without the caller: {way}"
        yield draft.document.problem(("states", circle[0]), message, key=True)


def _targets(file: FlowFile) -> Iterator[str]:
    yield file.start
    for name in file.states:
        yield from (way.target for way in transitions.of_state(file, name))
        yield from (way.target for way in transitions.exits(file, name))
    yield from (way.target for way in transitions.emergencies(file))
    yield from (way.target for way in transitions.commands(file))


def _reached(file: FlowFile) -> set[str]:
    todo = [file.start, *(way.target for way in transitions.emergencies(file))]
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        todo += [way.target for way in transitions.of_state(file, name)]
        if transitions.listens(file.states[name]):
            todo += [way.target for way in transitions.exits(file, name)]
            todo += [way.target for way in transitions.commands(file)]
    return reached


def _ending(file: FlowFile) -> set[str]:
    """States from which a transfer or an end can be reached without a command."""
    before: dict[str, set[str]] = {}
    for name in file.states:
        for way in [*transitions.of_state(file, name), *transitions.exits(file, name)]:
            before.setdefault(way.target, set()).add(name)
    todo = [
        name for name, state in file.states.items() if isinstance(state, EndState | TransferState)
    ]
    ending: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in ending:
            ending.add(name)
            todo += before.get(name, ())
    return ending


def _silent_circles(file: FlowFile) -> Iterator[list[str]]:
    """Circles of states that speak or check but never listen, each once."""
    after = {
        name: [way.target for way in transitions.of_state(file, name)]
        for name, state in file.states.items()
        if isinstance(state, SayState | CheckState)
    }
    while after := _without_exits(after):
        walk = [next(iter(after))]
        while (following := after[walk[-1]][0]) not in walk:
            walk.append(following)
        circle = walk[walk.index(following) :]
        first = circle.index(min(circle))
        yield circle[first:] + circle[:first]
        for name in circle:
            del after[name]


def _without_exits(after: dict[str, list[str]]) -> dict[str, list[str]]:
    """Only states that lead on to another such state; in what is left every walk circles."""
    while True:
        kept = {
            name: [target for target in targets if target in after]
            for name, targets in after.items()
            if any(target in after for target in targets)
        }
        if len(kept) == len(after):
            return kept
        after = kept
