"""One try to reach a destination."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.flow.rules.desks import MOST_RUNG_TOGETHER
from ivr.telephony.ports import AgentView


@dataclass(frozen=True, slots=True)
class Dialling:
    """``asked`` addresses of the destination were tried before. ``view`` is what SIP headers
    say. ``by_sip``: the caller came by SIP."""

    asked: int = 0
    view: AgentView | None = None
    by_sip: bool = False

    def now(self, addresses: tuple[str, ...], *, in_turn: bool) -> tuple[str, ...]:
        """Those of ``addresses`` to ring now; the last of them where all were asked."""
        if not in_turn:
            return addresses[:MOST_RUNG_TOGETHER]
        asked = min(self.asked, len(addresses) - 1)
        return addresses[asked : asked + 1]


FIRST_TRY = Dialling()
