"""What a check is asked to do, stored with its intent until it is performed."""

from __future__ import annotations

from pydantic import TypeAdapter

from ivr.dialogue.call import Call
from ivr.dialogue.outcome import assurance
from ivr.flow.flow import Flow
from ivr.identity.policy import further, spares_a_code
from ivr.identity.ports import Channel, CheckRequest, KnownCallerRule
from ivr.understanding.value import HeardName

_REQUEST: TypeAdapter[CheckRequest] = TypeAdapter(CheckRequest)

#: What a call goes on with when a check was given up: nothing the caller could tell apart.
GIVEN_UP: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    "resume": ("fresh", {}, ()),
    "identify": ("done", {"match": "error"}, ("directory_error",)),
    "send_code": ("sent", {"sent": "none"}, ("send_error",)),
    "send_code_again": ("sent", {"sent": "none"}, ("send_error",)),
    "send_code_other": ("sent", {"sent": "none"}, ("send_error",)),
    "send_code_second": ("sent", {"sent": "none", "second": "sent"}, ("send_error",)),
    "known_caller": ("unknown", {}, ()),
    "check_code": ("failed", {}, ("trouble",)),
    "callback_number": ("not_offered", {}, ()),
    "callback_here": ("failed", {}, ("trouble",)),
    "callback_there": ("failed", {}, ("trouble",)),
}

#: Checks that may send a code for a second contact.
_SENDS = frozenset({"send_code_second", "send_code_again", "send_code_other"})


def check_request(
    flow: Flow,
    call: Call,
    *,
    intent_id: str,
    call_id: str,
    check: str,
    caller: str,
    verification_id: str | None,
) -> CheckRequest:
    """The request for ``check`` with the values the call holds now."""
    filled = {slot.type: name for name, slot in flow.file.slots.items() if name in call.slots}
    values = {kind: call.slots[name] for kind, name in filled.items()}
    texts = {
        kind: value
        for kind in ("birthdate", "phone_number", "customer_number", "code")
        if isinstance(value := values.get(kind), str)
    }
    name = values.get("name")
    return CheckRequest(
        intent_id=intent_id,
        call_id=call_id,
        check=check,
        language=call.language,
        caller=caller,
        verification_id=verification_id,
        birthdate=texts.get("birthdate"),
        name=name if isinstance(name, HeardName) else None,
        name_evidence=call.sounded.get(filled.get("name", "")),
        phone=texts.get("phone_number"),
        customer_number=texts.get("customer_number"),
        code=texts.get("code"),
        known_caller=_known_caller(flow, call) if check == "known_caller" else None,
        further=_further(flow, call) if check in _SENDS else None,
    )


def _known_caller(flow: Flow, call: Call) -> KnownCallerRule | None:
    """What the policy says of callers verified a moment ago, where that is enough for this call."""
    rule, sure = flow.policy.known_caller, assurance(flow, call)
    if rule is None or not spares_a_code(
        flow.policy, sure, signals=call.signals, intent=call.intent
    ):
        return None
    return KnownCallerRule(rule.seconds, rule.after_agent)


def _further(flow: Flow, call: Call) -> tuple[Channel, ...] | None:
    return further(flow.policy, assurance(flow, call), call.intent)


def to_json(request: CheckRequest) -> str:
    """Holds personal data, to be stored encrypted."""
    return _REQUEST.dump_json(request).decode()


def from_json(text: str) -> CheckRequest:
    return _REQUEST.validate_json(text)
