"""Twilio's verbs and nouns with their attributes, as far as this telephone plays them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from ivr.errors import RehearsalError
from ivr.flow.suggestion import did_you_mean

#: Attribute -> form of its value, for the verbs that this telephone plays. From Twilio's
#: own table of verbs and attributes.
_TRUTH = r"true|false"
_WHOLE = r"[0-9]{1,5}"
_POST = r"(?i:post)"
ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
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
    "Connect": {},
    # Twilio drops a query string, and takes wss alone; ws is for servers on this machine.
    "Stream": {"url": r"wss?://[^\s?#]+", "name": ".+"},
    "Parameter": {"name": r"\S+", "value": r"(?s:.*)"},
    "Number": {"method": _POST, "url": r"\S+"},
    "Refer": {"action": r"\S*", "method": _POST},
    "Enqueue": {
        "action": r"\S+",
        "method": _POST,
        "waitUrl": r"\S+",
        "waitUrlMethod": _POST,
        "workflowSid": r"WW[0-9a-f]{32}",
    },
    "Task": {"priority": _WHOLE, "timeout": _WHOLE},
    "Play": {},
    "Leave": {},
    "Sip": {},
    "Hangup": {},
    "break": {"strength": r"none|x-weak|weak|medium|strong|x-strong", "time": r"\d+(\.\d+)?m?s"},
    "emphasis": {"level": r"strong|moderate|reduced"},
    "p": {},
    "s": {},
    "prosody": {"rate": r"\d{2,3}%|x-slow|slow|medium|fast|x-fast", "volume": ".+", "pitch": ".+"},
    "say-as": {"interpret-as": r"[a-z-]+", "format": r"[a-z]+", "role": ".+"},
    "sub": {"alias": ".+"},
}


def check_attributes(element: ET.Element) -> None:
    """
    Raises:
        RehearsalError: an attribute that Twilio does not know, or a value that cannot be.
    """
    known = ATTRIBUTES[element.tag]
    for name, value in element.attrib.items():
        if name not in known:
            hint = did_you_mean(name, known)
            raise RehearsalError(f"<{element.tag}> has no attribute {name!r}{hint}")
        if not re.fullmatch(known[name], value):
            raise RehearsalError(f"<{element.tag} {name}=…> has a value that cannot be")


def childless(element: ET.Element) -> None:
    """
    Raises:
        RehearsalError: it holds another element.
    """
    if len(element):
        raise RehearsalError(f"<{element.tag}> holds <{element[0].tag}>, but can hold no element")
