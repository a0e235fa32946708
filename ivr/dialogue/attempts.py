"""What the audit is told of a call: every attempt, as codes and ids, never what a caller said."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialogue import request as requests
from ivr.identity.assurance import Assurance
from ivr.identity.ports import CheckResult
from ivr.records.audit import Detail, Entry
from ivr.records.calls import CallRecord
from ivr.records.cipher import BlindIndex
from ivr.records.intents import IntentRecord
from ivr.records.results import ResultRecord

#: Evidence that is a code. The rest names the customer, or says again what the row says.
_EVIDENCE = (
    "match", "sent", "code", "channel", "code_call", "second", "second_channel", "recent",
    "recent_from",
)  # fmt: skip


def began(call: CallRecord) -> Entry:
    """A call was answered."""
    details = {"flow": call.flow_name, "flow_digest": call.flow_digest}
    return Entry("caller", "call.began", call.id, "call", details)


def ended(call: CallRecord) -> Entry:
    """A call is over."""
    details: dict[str, Detail] = {"how": call.ended_how or "", "turns": call.turn}
    return Entry("caller", "call.ended", call.id, "call", details)


def checked(
    intent: IntentRecord, result: CheckResult, index: BlindIndex, *, in_time: bool
) -> Entry:
    """A check was performed; ``in_time``: before the call went on without it."""
    details: dict[str, Detail] = {
        "check": intent.check,
        "turn": intent.turn,
        "outcome": result.outcome,
        "flags": list(result.flags),
        "in_time": in_time,
        **{name: result.evidence[name] for name in _EVIDENCE if name in result.evidence},
        **_customer(index, result.evidence.get("customer")),
    }
    if result.verification_id is not None:
        details["verification"] = result.verification_id
    if result.signals:
        details["signals"] = dict(result.signals)
    return Entry("caller", "check.ended", intent.call_id, "call", details)


def given_up(intent: IntentRecord, index: BlindIndex) -> Entry:
    """A check never ended."""
    outcome, evidence, flags = requests.GIVEN_UP[intent.check]
    gave_up = CheckResult(outcome, evidence, (*flags, "given_up"))
    return checked(intent, gave_up, index, in_time=False)


def issued(
    call: CallRecord,
    sure: Assurance,
    index: BlindIndex,
    *,
    turn: int,
    destination: str,
    signals: Mapping[str, int],
    intent: str | None,
) -> Entry:
    """A result was signed for a transfer: what was decided, and all it was decided on, so that it
    can be explained, and decided again under another policy (:mod:`ivr.identity.replay`)."""
    details: dict[str, Detail] = {
        "turn": turn,
        "level": sure.level,
        "amr": list(sure.amr),
        "flags": list(sure.flags),
        "why_not_more": list(sure.why),
        "factors": sorted(sure.factors),
        "signals": dict(signals),
        "intent": intent or "",
        "destination": destination,
        **_customer(index, sure.customer),
    }
    if sure.decision is not None:
        details |= {
            "flow_digest": call.flow_digest,
            "policy": sure.decision.policy,
            "may": list(sure.decision.may),
            "step_up": dict(sure.decision.step_up),
            "risk": sure.decision.doubt.severity,
            "points": sure.decision.doubt.points,
            "reasons": dict(sure.decision.doubt.reasons),
        }
    return Entry("caller", "result.issued", call.id, "call", details)


def answered(result: ResultRecord, *, accepted: bool) -> Entry:
    """An agent heard the whisper, and pressed a key."""
    details: dict[str, Detail] = {"turn": result.turn, "accepted": accepted}
    return Entry("agent", "result.answered", result.call_id, "transfer", details)


def _customer(index: BlindIndex, number: str | None) -> Mapping[str, str]:
    # A blind index: whoever has the customer's number and the key finds what is about them.
    return {} if number is None else {"customer": index.of("audit customer", number)}
