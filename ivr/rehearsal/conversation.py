"""What happened in a rehearsed call, moment by moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ivr.clock import Clock

Who = Literal["bot", "caller", "message", "agent", "network"]


@dataclass(frozen=True, slots=True)
class Moment:
    """``prompts`` are the keys of the prompts that a ``bot`` moment was recognised as."""

    at: datetime
    who: Who
    text: str
    prompts: tuple[str, ...] = ()


@dataclass
class Conversation:
    """The moments of one rehearsal, in order; ``watch`` is told of each as it happens."""

    clock: Clock
    watch: Callable[[Moment], None] | None = None
    moments: list[Moment] = field(default_factory=list)

    def note(self, who: Who, text: str, prompts: tuple[str, ...] = ()) -> None:
        """Add a moment that happens now."""
        moment = Moment(self.clock.now(), who, text, prompts)
        self.moments.append(moment)
        if self.watch is not None:
            self.watch(moment)

    def prompts_said(self) -> frozenset[str]:
        """Keys of all prompts heard by the caller."""
        return frozenset(key for moment in self.moments for key in moment.prompts)
