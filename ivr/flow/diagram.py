"""A flow as a picture, for people: a Mermaid state diagram."""

from __future__ import annotations

from ivr.flow import transitions
from ivr.flow.flow import Flow
from ivr.flow.model import EndState


def mermaid(flow: Flow) -> str:
    """The flow as a Mermaid ``stateDiagram-v2``, ending with a line break.

    Transitions between the same two states share an arrow. What is possible everywhere
    (commands, the flow's own exits) stands in a note instead of on arrows.
    """
    file = flow.file
    lines = ["stateDiagram-v2"]
    # The prefix keeps Mermaid's own words ("end", "state") out of the names.
    lines += [f'  state "{name} ({state.kind})" as s_{name}' for name, state in file.states.items()]
    lines.append(f"  [*] --> s_{file.start}")
    for name, state in file.states.items():
        arrows: dict[str, list[str]] = {}
        for way in transitions.of_state(file, name):
            arrows.setdefault(way.target, []).append(way.label)
        for target, labels in arrows.items():
            lines.append(f"  s_{name} --> s_{target}: {', '.join(dict.fromkeys(labels))}")
        if isinstance(state, EndState):
            lines.append(f"  s_{name} --> [*]")
    everywhere = [f"{way.label} → {way.target}" for way in transitions.commands(file)]
    everywhere += [f"{counter} → {getattr(file.on, counter)}" for counter in transitions.COUNTERS]
    everywhere += [f"{way.label} → {way.target}" for way in transitions.emergencies(file)]
    lines += [f"  note right of s_{file.start}", "    from everywhere:"]
    lines += [f"    {line}" for line in everywhere]
    lines.append("  end note")
    return "\n".join(lines) + "\n"
