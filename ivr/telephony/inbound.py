"""What a webhook says, cleaned: fields of the form and of our own URL, and the event they mean.

Nothing here raises for what comes in: garbage becomes an empty field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from ivr.dialogue.events import Event, Heard, Pressed
from ivr.telephony.caller_number import e164
from ivr.telephony.links import DEFAULT_LANGUAGE
from ivr.understanding.value import Hypothesis

_CALL_SID = re.compile(r"[A-Za-z0-9]{2,64}", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_LANGUAGES = frozenset({"ja", "en"})
#: Nobody says more than this in answer to one question; the rest is dropped.
_MOST_CHARACTERS = 500
_MOST_KEYS = 40
#: Values of ``CallStatus`` after which nobody is on the line any more.
CALL_OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(frozen=True, slots=True)
class Webhook:
    """One voice webhook. Empty strings and None stand for what is missing or malformed.

    ``turn``, ``poll``, ``retry``, ``held``, ``dialled``, ``recovered`` and ``language`` come from
    our own URL (see ``Links``); ``dial`` is DialCallStatus and ``bridged`` DialBridged, None where
    Twilio does not say.
    """

    call_sid: str = ""
    caller: str = ""
    called: str = ""
    call_status: str = ""
    turn: int | None = None
    poll: int = 0
    retry: int = 0
    held: int = 0
    dialled: bool = False
    recovered: bool = False
    language: str = DEFAULT_LANGUAGE
    reference: str = ""
    dial: str = ""
    bridged: bool | None = None
    speech: str = ""
    confidence: float | None = None
    digits: str = ""
    finished_on: str = ""
    error_code: str = ""

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self.call_status in CALL_OVER


def read(query: Mapping[str, str], form: Mapping[str, str]) -> Webhook:
    """Read a webhook from its URL's ``query`` and its ``form`` (first value of each key)."""
    language = query.get("lang", "")
    dial = form.get("DialCallStatus", "") or query.get("dial", "")
    bridged = form.get("DialBridged", "") or query.get("bridged", "")
    return Webhook(
        call_sid=_matching(_CALL_SID, form.get("CallSid", "")),
        caller=e164(form.get("From", "")),
        called=e164(form.get("To", "")),
        call_status=form.get("CallStatus", "").lower(),
        turn=_number(query.get("turn", "")),
        poll=_number(query.get("poll", "")) or 0,
        retry=_number(query.get("retry", "")) or 0,
        held=_number(query.get("held", "")) or 0,
        dialled=query.get("dialled") == "1",
        recovered=query.get("recovered") == "1",
        language=language if language in _LANGUAGES else DEFAULT_LANGUAGE,
        reference=_matching(_REFERENCE, query.get("ref", "")),
        dial=dial.lower(),
        bridged={"true": True, "false": False}.get(bridged.lower()),
        speech=_clean(form.get("SpeechResult", "")),
        confidence=_confidence(form.get("Confidence", "")),
        digits=_keys(form.get("Digits", "")),
        finished_on=_keys(form.get("FinishedOnKey", ""))[:1],
        error_code=_matching(_NUMBER, form.get("ErrorCode", "")),
    )


def read_failed(form: Mapping[str, str]) -> Webhook:
    """Read a call of the fallback URL: the query is that of the URL that failed (ErrorUrl)."""
    try:
        query = dict(parse_qsl(urlsplit(form.get("ErrorUrl", "")).query))
    except ValueError:
        query = {}
    return read(query, form)


def answer_of(hook: Webhook, at: datetime) -> Event | None:
    """What the caller did in answer to a question; None where they did nothing.

    Speech goes before keys: Twilio sends one of them, and a spoken answer is whole.
    """
    if hook.speech:
        return Heard(at, (Hypothesis(hook.speech, hook.confidence),))
    if hook.digits or hook.finished_on:
        return Pressed(at, hook.digits, hook.finished_on)
    return None


#: DialCallStatus -> how the transfer ended, where nobody was connected.
_NOT_CONNECTED = {
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "failed",
}


def transfer_outcome(dial: str, bridged: bool | None, accepted: bool | None) -> str:
    """How a transfer ended: one of ``ivr.flow.model.TRANSFER_OUTCOMES``.

    ``dial`` is DialCallStatus and ``bridged`` DialBridged; ``accepted`` is what the agent
    pressed in the whisper. A whisper that hangs up still gives ``completed``, so that alone
    does not mean that anyone talked to the caller.
    """
    if bridged:
        return "bridged"
    if accepted is False:
        return "declined"
    if dial in _NOT_CONNECTED:
        return _NOT_CONNECTED[dial]
    if dial not in {"completed", "answered"}:
        return "failed"
    if accepted is None:
        return "no_answer"
    return "bridged" if bridged is None else "failed"


def _matching(pattern: re.Pattern[str], value: str) -> str:
    return value if pattern.fullmatch(value) else ""


def _number(value: str) -> int | None:
    return int(value) if _NUMBER.fullmatch(value) else None


def _keys(value: str) -> str:
    return "".join(key for key in value if key in "0123456789*#")[:_MOST_KEYS]


def _clean(value: str) -> str:
    """Speech without control characters, spaces folded."""
    printable = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(printable.split())[:_MOST_CHARACTERS].strip()


def _confidence(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number <= 1 else None
