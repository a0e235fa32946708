"""From a call to its assurance: what the agent may rely on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ivr.dialogue.call import Call
from ivr.flow.flow import Flow
from ivr.flow.policy import UNWRITTEN
from ivr.identity.assurance import Assurance, assess
from ivr.identity.policy import decided

#: Is told of each result that was made and stored, once.
Issued = Callable[[Assurance], None]


def assurance(flow: Flow, call: Call) -> Assurance:
    """How sure we are of the caller, and what the policy of the flow makes of it. A resumed call
    was claimed in the call before it (``match`` is only ever evidence of an identify step with
    birthdate and name), but until the right code shows that it is the same caller, nothing but a
    number says so, and that is no proof."""
    claimed_before = "match" in call.evidence and call.evidence.get("code") == "ok"
    kinds = {slot.type for name, slot in flow.file.slots.items() if name in call.slots}
    sure = assess(
        said_birthdate=claimed_before or "birthdate" in kinds,
        said_name=claimed_before or "name" in kinds,
        evidence=call.evidence,
        flags=call.flags,
        also_said=kinds & {"customer_number", "phone_number"},
        policy=flow.policy,
    )
    if flow.policy is UNWRITTEN:
        return sure
    return decided(flow.policy, sure, signals=call.signals, intent=call.intent)


def proven_at(call: Call) -> datetime | None:
    """When a code was accepted (aware), in this call or in the earlier one that counts for it."""
    text = call.evidence.get("verified_at") or call.evidence.get("recent_at")
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
