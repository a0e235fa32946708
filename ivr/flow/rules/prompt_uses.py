"""Which prompts a flow speaks, and where it says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.flow.draft import Draft
from ivr.flow.model import CollectState, FlowFile
from ivr.flow.nodes import Where
from ivr.flow.transitions import COUNTERS

#: Keys of a state that name a prompt.
_PROMPT_KEYS = ("prompt", "no_input", "no_match", "help", "invalid", "mismatch", "confirm")


@dataclass(frozen=True, slots=True)
class PromptUse:
    """A place in flow.yaml that names a prompt; ``confirms`` where it reads a value back."""

    where: Where
    key: str
    confirms: bool = False


def prompt_uses(file: FlowFile) -> Iterator[PromptUse]:
    """Every use of a prompt, in the order of the file's sections."""
    for counter in COUNTERS:
        yield PromptUse(("retry", counter), getattr(file.retry, counter))
    for name, command in file.commands.items():
        if command.prompt is not None:
            yield PromptUse(("commands", name, "prompt"), command.prompt)
    for name, state in file.states.items():
        for part in _PROMPT_KEYS:
            if (key := getattr(state, part, None)) is not None:
                yield PromptUse(("states", name, part), key, confirms=part == "confirm")
        if isinstance(state, CollectState) and state.missing is not None:
            for date_part, key in state.missing.model_dump().items():
                yield PromptUse(("states", name, "missing", date_part), key)


def desk_prompts(draft: Draft) -> Iterator[tuple[Where, str]]:
    """Places in destinations.yaml that name a prompt, and the prompt."""
    for name, destination in draft.desks.file.destinations.items() if draft.desks else ():
        if destination.closed is not None:
            yield ("destinations", name, "closed"), destination.closed
        if destination.overflow is not None and destination.overflow.prompt is not None:
            yield ("destinations", name, "overflow", "prompt"), destination.overflow.prompt
