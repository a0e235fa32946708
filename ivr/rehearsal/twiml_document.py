"""A TwiML document, read as strictly as a rehearsal should: what this telephone cannot play,
and what Twilio's table of verbs and attributes does not know, is an error that names it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ivr.errors import RehearsalError
from ivr.flow.suggestion import did_you_mean


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
class Dial:
    """``action`` empty: the document goes on after the dialled call."""

    numbers: tuple[Number, ...]
    action: str = ""
    caller_id: str = ""
    timeout_s: int = 30


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


Verb = Say | Pause | Gather | Redirect | Dial | Hangup

#: Attribute -> form of its value, for the verbs that this telephone plays. From Twilio's
#: own table of verbs and attributes.
_TRUTH = r"true|false"
_WHOLE = r"[0-9]{1,5}"
_POST = r"(?i:post)"
_ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "Response": {},
    "Say": {"language": r"[a-z]{2,3}(-[A-Za-z]+)*", "voice": r"\S+", "loop": _WHOLE},
    "Pause": {"length": _WHOLE},
    "Gather": {
        "action": r"\S*",
        "actionOnEmptyResult": _TRUTH,
        "bargeIn": _TRUTH,
        "enhanced": _TRUTH,
        "finishOnKey": r"[0-9*#]?",
        "hints": r"(?s:.{0,12000})",
        "input": r"dtmf|speech|dtmf speech|speech dtmf",
        "language": r"[a-z]{2,3}(-[A-Za-z]+)*",
        "maxSpeechTime": _WHOLE,
        "method": _POST,
        "numDigits": r"[1-9][0-9]{0,2}",
        "profanityFilter": _TRUTH,
        "speechModel": r"\S+",
        "speechTimeout": rf"auto|{_WHOLE}",
        "timeout": _WHOLE,
    },
    "Redirect": {"method": _POST},
    "Dial": {
        "action": r"\S*",
        "answerOnBridge": _TRUTH,
        "callerId": r"\S+",
        "hangupOnStar": _TRUTH,
        "method": _POST,
        "ringTone": r"[a-z]{2}(-old)?",
        "timeLimit": _WHOLE,
        "timeout": _WHOLE,
    },
    "Number": {"method": _POST, "url": r"\S+"},
    "Hangup": {},
    "break": {"strength": r"none|x-weak|weak|medium|strong|x-strong", "time": r"\d+(\.\d+)?m?s"},
    "emphasis": {"level": r"strong|moderate|reduced"},
    "p": {},
    "s": {},
    "prosody": {"rate": r"\d{2,3}%|x-slow|slow|medium|fast|x-fast", "volume": ".+", "pitch": ".+"},
    "say-as": {"interpret-as": r"[a-z-]+", "format": r"[a-z]+", "role": ".+"},
    "sub": {"alias": ".+"},
}
_RATES = {"x-slow": 50, "slow": 75, "medium": 100, "fast": 125, "x-fast": 150}
_SSML = frozenset({"break", "emphasis", "p", "s", "prosody", "say-as", "sub"})
#: Verbs allowed inside the response and inside a Gather.
_TOP = ("Say", "Pause", "Gather", "Redirect", "Dial", "Hangup")
_NESTED = ("Say", "Pause")
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
    _check_attributes(root)
    return tuple(_verb(element, _TOP, "Response") for element in root)


def _verb(element: ET.Element, allowed: tuple[str, ...], inside: str) -> Verb:
    if element.tag not in allowed:
        hint = did_you_mean(element.tag, allowed)
        raise RehearsalError(
            f"the rehearsal telephone does not play <{element.tag}> inside <{inside}>{hint}",
            hint=f"it plays {', '.join(allowed)} there",
        )
    _check_attributes(element)
    return _READERS[element.tag](element)


def _check_attributes(element: ET.Element) -> None:
    known = _ATTRIBUTES[element.tag]
    for name, value in element.attrib.items():
        if name not in known:
            hint = did_you_mean(name, known)
            raise RehearsalError(f"<{element.tag}> has no attribute {name!r}{hint}")
        if not re.fullmatch(known[name], value):
            raise RehearsalError(f"<{element.tag} {name}=…> has a value that cannot be")


def _childless(element: ET.Element) -> None:
    if len(element):
        raise RehearsalError(f"<{element.tag}> holds <{element[0].tag}>, but can hold no element")


def _whole(element: ET.Element, name: str, default: int) -> int:
    return int(element.get(name, default))


def _say(element: ET.Element) -> Say:
    rate, breaks = 100, 0.0
    for part in element.iter():
        if part is element:
            continue
        if part.tag not in _SSML:
            raise RehearsalError(f"<Say> holds <{part.tag}>, which is no SSML that Twilio speaks")
        _check_attributes(part)
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
    _childless(element)
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
    _childless(element)
    return Redirect((element.text or "").strip())


def _dial(element: ET.Element) -> Dial:
    numbers = []
    for child in element:
        if child.tag != "Number":
            raise RehearsalError(
                f"the rehearsal telephone does not play <{child.tag}> inside <Dial>",
                hint="it plays Number there",
            )
        _check_attributes(child)
        _childless(child)
        numbers.append(Number((child.text or "").strip(), child.get("url", "")))
    if not numbers and (element.text or "").strip():
        numbers.append(Number((element.text or "").strip()))
    if not numbers or any(not re.fullmatch(r"\+[1-9][0-9]{6,14}", n.number) for n in numbers):
        raise RehearsalError("<Dial> needs phone numbers in international form")
    return Dial(
        numbers=tuple(numbers),
        action=element.get("action", ""),
        caller_id=element.get("callerId", ""),
        timeout_s=_whole(element, "timeout", 30),
    )


def _hangup(element: ET.Element) -> Hangup:
    _childless(element)
    return Hangup()


_READERS: Mapping[str, Callable[[ET.Element], Verb]] = {
    "Say": _say,
    "Pause": _pause,
    "Gather": _gather,
    "Redirect": _redirect,
    "Dial": _dial,
    "Hangup": _hangup,
}
