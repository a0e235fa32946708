"""How a transfer ended, from what Twilio says of the dialled or the referred call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: DialCallStatus or ReferCallStatus -> outcome, where nobody was connected.
_NOT_CONNECTED = {
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "failed",
}
#: Final SIP responses that say more than Twilio's status (RFC 3261 section 21; 607: RFC 8197,
#: 608: RFC 8688). 487 is what a call that rang too long ends in. The others from 300 on: failed.
_SIP_OUTCOMES = {
    408: "no_answer",
    480: "no_answer",
    486: "busy",
    487: "no_answer",
    600: "busy",
    603: "declined",
    607: "declined",
    608: "declined",
}
#: Values of ReferCallStatus of a call that its own side has connected.
_REFERRED = frozenset({"in-progress", "completed", "answered"})
_ACCEPTED = 202
#: QueueResult -> the DialCallStatus that means the same; all others mean "failed".
_QUEUE_STATUS = {
    "bridged": "completed",
    "bridging-in-process": "completed",
    "redirected-from-bridged": "completed",
    "leave": "no-answer",
    "queue-full": "busy",
}


@dataclass(frozen=True, slots=True)
class DialEnd:
    """``status`` is DialCallStatus, empty where no transfer ended; ``bridged`` is DialBridged,
    None where Twilio does not say; ``sip_code`` the final SIP response, None for phones."""

    status: str = ""
    bridged: bool | None = None
    sip_code: int | None = None


NO_END = DialEnd()


def read_end(query: Mapping[str, str], form: Mapping[str, str]) -> DialEnd:
    """The end of a transfer from a webhook's ``form``, or kept in its ``query`` over a retry."""
    if "QueueResult" in form:
        status = _QUEUE_STATUS.get(form["QueueResult"].lower(), "failed")
        return DialEnd(status, status == "completed")
    if "ReferCallStatus" in form or "ReferSipResponseCode" in form:
        return _referred(form)
    bridged = form.get("DialBridged", "") or query.get("bridged", "")
    return DialEnd(
        (form.get("DialCallStatus", "") or query.get("dial", "")).lower(),
        {"true": True, "false": False}.get(bridged.lower()),
        _code(form.get("DialSipResponseCode", "") or query.get("sip", "")),
    )


def transfer_outcome(end: DialEnd, accepted: bool | None, *, whispered: bool = True) -> str:
    """How a transfer ended: one of ``ivr.flow.model.TRANSFER_OUTCOMES``.

    ``accepted`` is what the agent pressed in the whisper. A whisper that hangs up still gives
    ``completed``, so that alone does not mean that anyone talked to the caller; where nobody is
    whispered to (``whispered``: SIP), it does.
    """
    if end.bridged:
        return "bridged"
    if accepted is False:
        return "declined"
    if end.sip_code is not None and end.sip_code >= 300:
        return _SIP_OUTCOMES.get(end.sip_code, "failed")
    if end.status in _NOT_CONNECTED:
        return _NOT_CONNECTED[end.status]
    if end.status not in {"completed", "answered"}:
        return "failed"
    if accepted is None and whispered:
        return "no_answer"
    return "bridged" if end.bridged is None else "failed"


def _referred(form: Mapping[str, str]) -> DialEnd:
    """A call that was handed back by REFER. Without NOTIFY messages there is no status: whoever
    accepted the REFER has the call then."""
    status = form.get("ReferCallStatus", "").lower()
    asked = _code(form.get("ReferSipResponseCode", ""))
    told = _code(form.get("NotifySipResponseCode", ""))
    if status in _REFERRED or (not status and asked == _ACCEPTED):
        return DialEnd("completed", True)
    code = told if told is not None and told >= 300 else asked
    return DialEnd(status or "failed", False, code if code != _ACCEPTED else None)


def _code(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 3 else None
