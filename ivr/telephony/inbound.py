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
from ivr.telephony.ladder import RUNGS
from ivr.telephony.links import DEFAULT_LANGUAGE
from ivr.telephony.transfer_outcome import NO_END, DialEnd, read_end
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

    ``turn``, ``streamed``, ``poll``, ``retry``, ``held``, ``asked``, ``dialled``, ``recovered``,
    ``way`` and ``language`` come from our own URL (see ``Links``); ``dial`` is how a transfer
    ended, and ``by_sip`` whether the call came by SIP. ``place`` in a queue, ``waited`` and
    ``most`` (seconds) are of a call that waits.
    """

    call_sid: str = ""
    caller: str = ""
    called: str = ""
    call_status: str = ""
    turn: int | None = None
    streamed: int | None = None
    poll: int = 0
    retry: int = 0
    held: int = 0
    asked: int = 0
    dialled: bool = False
    recovered: bool = False
    way: str = ""
    language: str = DEFAULT_LANGUAGE
    reference: str = ""
    dial: DialEnd = NO_END
    by_sip: bool = False
    place: int | None = None
    waited: int = 0
    most: int = 0
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
    return Webhook(
        call_sid=_matching(_CALL_SID, form.get("CallSid", "")),
        caller=e164(form.get("From", "")),
        called=e164(form.get("To", "")),
        call_status=form.get("CallStatus", "").lower(),
        turn=_number(query.get("turn", "")),
        streamed=_number(query.get("streamed", "")),
        poll=_number(query.get("poll", "")) or 0,
        retry=_number(query.get("retry", "")) or 0,
        held=_number(query.get("held", "")) or 0,
        asked=_number(query.get("asked", "")) or 0,
        dialled=query.get("dialled") == "1",
        recovered=query.get("recovered") == "1",
        way=way if (way := query.get("way", "")) in RUNGS else "",
        language=language if language in _LANGUAGES else DEFAULT_LANGUAGE,
        reference=_matching(_REFERENCE, query.get("ref", "")),
        dial=read_end(query, form),
        by_sip=form.get("From", "").lower().startswith(("sip:", "sips:")) or "SipCallId" in form,
        place=_number(form.get("QueuePosition", "")),
        waited=_number(form.get("QueueTime", "")) or 0,
        most=_number(query.get("most", "")) or 0,
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
