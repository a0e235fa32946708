"""A TwiML document, read as strictly as a rehearsal should: what this telephone cannot play,
and what Twilio's table of verbs and attributes does not know, is an error that names it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from ivr.errors import RehearsalError
from ivr.flow.suggestion import did_you_mean
from ivr.rehearsal.twiml_attributes import check_attributes, childless


class NotTwiml(Exception):
    """No well-formed TwiML document: Twilio asks the fallback URL."""


@dataclass(frozen=True, slots=True)
class Say:
    """``language`` as in ``ja-JP``, ``rate`` in per cent of normal speed."""

    text: str
    language: str = "en-US"
    rate: int = 100
    loop: int = 1
    breaks_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Pause:
    length_s: int = 1


@dataclass(frozen=True, slots=True)
class Gather:
    """``finish_on`` is one key or empty; ``action`` empty means the document's own URL."""

    speech: bool
    keys: bool
    action: str = ""
    digits: int | None = None
    finish_on: str = "#"
    timeout_s: int = 5
    end_silence_s: int = 2
    on_empty: bool = False
    barge_in: bool = True
    language: str = "en-US"
    prompts: tuple[Say | Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str


@dataclass(frozen=True, slots=True)
class Number:
    """Somebody to dial; ``url`` is the whisper document, empty for none."""

    number: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sip:
    """A telephone system to dial by SIP, and the headers of the INVITE that it gets."""

    number: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refer:
    """The call is handed back to the telephone system that it came from, to call ``sip``."""

    sip: Sip
    action: str = ""


@dataclass(frozen=True, slots=True)
class Enqueue:
    """The call waits in the queue of a TaskRouter ``workflow`` with a task of these
    ``attributes``, and hears ``wait_url`` over and over."""

    workflow: str
    attributes: Mapping[str, object]
    action: str
    wait_url: str


@dataclass(frozen=True, slots=True)
class Play:
    """A sound, which this telephone neither fetches nor plays; it takes :data:`PLAY_S`."""

    url: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The call leaves the queue."""


@dataclass(frozen=True, slots=True)
class Dial:
    """``action`` empty: the document goes on after the dialled call."""

    numbers: tuple[Number | Sip, ...]
    action: str = ""
    caller_id: str = ""
    timeout_s: int = 30


@dataclass(frozen=True, slots=True)
class Connect:
    """A media stream in both directions, to ``url`` (``wss://…``) and with ``parameters``."""

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


Verb = Say | Pause | Gather | Redirect | Dial | Refer | Enqueue | Connect | Play | Leave | Hangup

_RATES = {"x-slow": 50, "slow": 75, "medium": 100, "fast": 125, "x-fast": 150}
_SSML = frozenset({"break", "emphasis", "p", "s", "prosody", "say-as", "sub"})
#: Verbs allowed inside the response and inside a Gather.
_TOP = (
    *("Say", "Play", "Pause", "Gather", "Redirect", "Dial", "Refer", "Enqueue", "Connect"),
    *("Leave", "Hangup"),
)
_NESTED = ("Say", "Pause")
#: Characters of a parameter's name and value together.
_MOST_PARAMETER = 500
#: Characters of a task's attributes.
_MOST_TASK = 4096
#: Seconds that a sound takes.
PLAY_S = 30
#: Verbs that Twilio plays to a call in a queue, as far as we use them.
WAIT_VERBS = (Say, Play, Pause, Leave)
#: What a document played to the agent before the calls are joined may hold (TWILIO.md).
WHISPER_VERBS = (Say, Gather, Hangup)


def read_twiml(body: bytes) -> tuple[Verb, ...]:
    """The verbs of a TwiML document.

    Raises:
        NotTwiml: not well-formed XML, or not a ``<Response>``.
        RehearsalError: a verb, attribute or value that this telephone does not play.
    """
    if b"<!" in body.replace(b"<!--", b""):
        raise NotTwiml("a document type or CDATA section has no place in TwiML")
    try:
        root = ET.fromstring(body)  # noqa: S314 - no document type, so no entities
    except ET.ParseError as error:
        raise NotTwiml(f"not well-formed XML: {error}") from None
    if root.tag != "Response":
        raise NotTwiml("the root of the document is not <Response>")
    check_attributes(root)
    return tuple(_verb(element, _TOP, "Response") for element in root)


def _verb(element: ET.Element, allowed: tuple[str, ...], inside: str) -> Verb:
    if element.tag not in allowed:
        hint = did_you_mean(element.tag, allowed)
        raise RehearsalError(
            f"the rehearsal telephone does not play <{element.tag}> inside <{inside}>{hint}",
            hint=f"it plays {', '.join(allowed)} there",
        )
    check_attributes(element)
    return _READERS[element.tag](element)


def _whole(element: ET.Element, name: str, default: int) -> int:
    return int(element.get(name, default))


def _say(element: ET.Element) -> Say:
    rate, breaks = 100, 0.0
    for part in element.iter():
        if part is element:
            continue
        if part.tag not in _SSML:
            raise RehearsalError(f"<Say> holds <{part.tag}>, which is no SSML that Twilio speaks")
        check_attributes(part)
        if part.tag == "prosody" and (given := part.get("rate")):
            rate = _RATES.get(given) or int(given.rstrip("%"))
        if part.tag == "break":
            breaks += _break_s(part.get("time", "500ms"))
    text = "".join(element.itertext()).strip()
    if not text:
        raise RehearsalError("<Say> holds no text")
    loop = _whole(element, "loop", 1)
    if loop == 0:
        raise RehearsalError("<Say loop='0'> would never end")
    return Say(text, element.get("language", "en-US"), rate, loop, breaks)


def _break_s(time: str) -> float:
    return float(time[:-2]) / 1000 if time.endswith("ms") else float(time[:-1])


def _pause(element: ET.Element) -> Pause:
    childless(element)
    return Pause(_whole(element, "length", 1))


def _gather(element: ET.Element) -> Gather:
    inputs = element.get("input", "dtmf").split()
    digits = element.get("numDigits")
    timeout = _whole(element, "timeout", 5)
    end_silence = element.get("speechTimeout", "auto")
    if element.get("speechModel") and end_silence == "auto":
        raise RehearsalError("<Gather speechModel=…> needs a number of seconds as speechTimeout")
    prompts = tuple(_verb(child, _NESTED, "Gather") for child in element)
    return Gather(
        speech="speech" in inputs,
        keys="dtmf" in inputs,
        action=element.get("action", ""),
        digits=None if digits is None else int(digits),
        finish_on=element.get("finishOnKey", "#"),
        timeout_s=timeout,
        end_silence_s=2 if end_silence == "auto" else int(end_silence),
        on_empty=element.get("actionOnEmptyResult") == "true",
        barge_in=element.get("bargeIn", "true") == "true",
        language=element.get("language", "en-US"),
        prompts=tuple(prompt for prompt in prompts if isinstance(prompt, Say | Pause)),
    )


def _redirect(element: ET.Element) -> Redirect:
    childless(element)
    return Redirect((element.text or "").strip())


def _dial(element: ET.Element) -> Dial:
    numbers: list[Number | Sip] = []
    for child in element:
        if child.tag == "Sip" and len(element) == 1:
            numbers.append(_sip(child))
            continue
        if child.tag != "Number":
            raise RehearsalError(
                f"the rehearsal telephone does not play <{child.tag}> inside <Dial>",
                hint="it plays Number there, or one Sip",
            )
        check_attributes(child)
        childless(child)
        numbers.append(Number((child.text or "").strip(), child.get("url", "")))
    if not numbers and (element.text or "").strip():
        numbers.append(Number((element.text or "").strip()))
    phones = [number for number in numbers if isinstance(number, Number)]
    if not numbers or any(not re.fullmatch(r"\+[1-9][0-9]{6,14}", n.number) for n in phones):
        raise RehearsalError("<Dial> needs phone numbers in international form")
    return Dial(
        numbers=tuple(numbers),
        action=element.get("action", ""),
        caller_id=element.get("callerId", ""),
        timeout_s=_whole(element, "timeout", 30),
    )


def _connect(element: ET.Element) -> Connect:
    streams = list(element)
    if len(streams) != 1 or streams[0].tag != "Stream":
        raise RehearsalError(
            "the rehearsal telephone plays nothing but one <Stream> inside <Connect>"
        )
    (stream,) = streams
    check_attributes(stream)
    parameters = {}
    for child in stream:
        if child.tag != "Parameter":
            raise RehearsalError(f"<Stream> holds <{child.tag}>, but can hold <Parameter> only")
        check_attributes(child)
        childless(child)
        name, value = child.get("name", ""), child.get("value", "")
        if not name or len(name) + len(value) > _MOST_PARAMETER:
            raise RehearsalError(
                f"<Parameter> needs a name, and {_MOST_PARAMETER} characters at most"
            )
        parameters[name] = value
    if not stream.get("url"):
        raise RehearsalError("<Stream> has no url")
    return Connect(stream.get("url", ""), parameters)


def _sip(element: ET.Element) -> Sip:
    """Twilio takes addresses below 255 and headers below 1024 characters; names begin with
    ``X-``, but for User-to-User."""
    check_attributes(element)
    childless(element)
    address, _, written = (element.text or "").strip().partition("?")
    if not re.fullmatch(r"sips?:\S+", address) or len(address) > 254 or len(written) > 1023:
        raise RehearsalError("<Sip> holds no SIP address, or is longer than Twilio takes")
    headers = {}
    for part in written.split("&") if written else ():
        name, _, value = part.partition("=")
        if not re.fullmatch(r"X-[A-Za-z0-9-]+|User-to-User", name) or name in headers:
            raise RehearsalError(f"<Sip> holds a header {name!r} that Twilio does not hand on")
        headers[name] = unquote(value)
    return Sip(address, headers)


def _refer(element: ET.Element) -> Refer:
    if len(element) != 1 or element[0].tag != "Sip":
        raise RehearsalError("<Refer> needs one <Sip> and nothing else")
    return Refer(_sip(element[0]), element.get("action", ""))


def _enqueue(element: ET.Element) -> Enqueue:
    if len(element) != 1 or element[0].tag != "Task":
        raise RehearsalError("<Enqueue> needs one <Task> and nothing else")
    check_attributes(element[0])
    try:
        attributes = json.loads(element[0].text or "")
    except ValueError:
        attributes = None
    if not isinstance(attributes, dict) or len(element[0].text or "") > _MOST_TASK:
        raise RehearsalError("<Task> holds no JSON object that TaskRouter would take")
    missing = [n for n in ("workflowSid", "action", "waitUrl") if not element.get(n)]
    if missing:
        raise RehearsalError(f"<Enqueue> has no {missing[0]}")
    workflow, action = element.get("workflowSid", ""), element.get("action", "")
    return Enqueue(workflow, attributes, action, element.get("waitUrl", ""))


def _play(element: ET.Element) -> Play:
    childless(element)
    return Play((element.text or "").strip())


def _leave(element: ET.Element) -> Leave:
    childless(element)
    return Leave()


def _hangup(element: ET.Element) -> Hangup:
    childless(element)
    return Hangup()


_READERS: Mapping[str, Callable[[ET.Element], Verb]] = {
    "Say": _say,
    "Pause": _pause,
    "Gather": _gather,
    "Redirect": _redirect,
    "Dial": _dial,
    "Refer": _refer,
    "Enqueue": _enqueue,
    "Play": _play,
    "Leave": _leave,
    "Connect": _connect,
    "Hangup": _hangup,
}
