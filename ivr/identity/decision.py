"""What a policy made of a call, as it travels with the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.identity.risk.scoring import Doubt


@dataclass(frozen=True, slots=True)
class Decision:
    """Actions and measures by their keys in the policy, which has the words for them.

    ``wants``: the action that the call takes; ``may``: what the agent may do; ``step_up``: of
    what they may not do, by which measure it may be allowed. ``doubt``: what raised it.
    """

    policy: str
    wants: str | None
    may: tuple[str, ...]
    step_up: Mapping[str, str]
    doubt: Doubt

    def claims(self) -> dict[str, Any]:
        """What the signed result says of it: codes, no personal data."""
        told: dict[str, Any] = {
            "policy": self.policy,
            "may": list(self.may),
            "step_up": dict(self.step_up),
            "risk": self.doubt.severity,
            "risk_reasons": list(self.doubt.reasons),
        }
        return told if self.wants is None else told | {"wants": self.wants}
