"""Checks TwiML documents: our own rules always, Twilio's typed table where it is there.

The table (``twiml-schema.json``) lists each verb's attributes with their types; the Python SDK
accepts nonsense attributes, the table does not. It is looked for in the folder that the
environment variable HONNIN_SPECS names, else in ``../shared/specs`` beside the project.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(os.environ.get("HONNIN_SPECS", Path(__file__).parents[2] / "shared" / "specs"))
SCHEMA_FILE = _FOLDER / "twiml-schema.json"

#: Verb or noun -> what may stand in it. What is not named here we do not emit.
_CHILDREN = {
    "Response": {
        *("Say", "Play", "Gather", "Connect", "Pause", "Redirect", "Dial", "Refer", "Enqueue"),
        *("Leave", "Hangup"),
    },
    "Enqueue": {"Task"},
    "Gather": {"Say", "Pause"},
    "Connect": {"Stream"},
    "Stream": {"Parameter"},
    "Dial": {"Number", "Sip"},
    "Refer": {"Sip"},
    "Say": {"prosody"},
}
#: Element name -> its name in the table.
_IN_TABLE = {"prosody": "SsmlProsody"}
#: Without attributes, so without a row in the table.
_BARE = {"Response", "Hangup", "Leave"}
#: Verbs after which Twilio never comes back to the document.
_LEAVES = {"Redirect", "Hangup", "Leave"}
_MOST_SAY_CHARACTERS = 3000  # Amazon Polly's limit for one request
#: Noun -> where it may lead; all others lead to our webhooks.
_PLACES = {"Stream": r"wss?://[^/?#]+/media$"}
#: Name and value of one <Parameter> together.
_MOST_PARAMETER_CHARACTERS = 500


def check_twiml(xml: str) -> list[str]:
    """What is wrong with a TwiML document; empty: nothing."""
    try:
        root = ET.fromstring(xml)  # noqa: S314 (our own output)
    except ET.ParseError as error:
        return [f"not well-formed: {error}"]
    return [*_structure(root), *(_table_problems(root) if SCHEMA_FILE.is_file() else [])]


def _structure(root: ET.Element) -> list[str]:
    found = [] if root.tag == "Response" else [f"the root is <{root.tag}>, not <Response>"]
    for element in root.iter():
        allowed = _CHILDREN.get(element.tag, set())
        found += [
            f"<{child.tag}> in <{element.tag}>" for child in element if child.tag not in allowed
        ]
        text = "".join(element.itertext()).strip()
        if element.tag == "Say" and not 0 < len(text) <= _MOST_SAY_CHARACTERS:
            found.append(f"<Say> of {len(text)} characters")
        if element.tag == "Number" and not re.fullmatch(r"\+[1-9][0-9]{6,14}", text):
            found.append("<Number> is not E.164")
        found += _sip_problems(element, text)
        if element.tag == "Task" and not 0 < len(text) <= 4096:
            found.append(f"<Task> of {len(text)} characters")
        urls = [
            element.get(name, "") for name in ("action", "url", "waitUrl") if name in element.attrib
        ]
        if element.tag == "Redirect":
            urls.append(text)
        found += [
            f"<{element.tag}> names a relative URL"
            for url in urls
            if not re.match(_PLACES.get(element.tag, r"https?://[^/]+/voice/"), url)
        ]
        found += _stream_problems(element)
        if element.tag in {"Gather", "Dial", "Refer", "Enqueue"} and "action" not in element.attrib:
            found.append(f"<{element.tag}> without an action asks the current URL again")
        if element.tag == "Dial" and not 1 <= len(element) <= 10:
            found.append(f"<Dial> with {len(element)} numbers")
        if len(element) > 1 and element.find("Sip") is not None:
            found.append(f"<{element.tag}> with more than one <Sip> needs another contract")
    for before, after in zip(root, list(root)[1:], strict=False):
        if before.tag in _LEAVES or (
            before.tag in {"Dial", "Refer", "Enqueue"} and "action" in before.attrib
        ):
            found.append(f"<{after.tag}> after <{before.tag}> is never reached")
    return found


def _sip_problems(element: ET.Element, text: str) -> list[str]:
    """Twilio's limits: addresses below 255, headers below 1024 characters; names begin with
    ``X-``, but for User-to-User and its like."""
    if element.tag != "Sip":
        return []
    address, _, headers = text.partition("?")
    found = [] if re.fullmatch(r"sips?:[^\s<>?]+", address) else ["<Sip> is no SIP address"]
    if len(address) > 254 or len(headers) > 1023:
        found.append(f"<Sip> of {len(address)} and {len(headers)} characters")
    names = [part.partition("=")[0] for part in headers.split("&")] if headers else []
    found += [
        f"<Sip> with the header {name}"
        for name in names
        if not re.fullmatch(r"X-[A-Za-z-]+|User-to-User", name)
    ]
    return found


def _stream_problems(element: ET.Element) -> list[str]:
    if element.tag == "Connect" and len(element) != 1:
        return [f"<Connect> with {len(element)} nouns"]
    if element.tag == "Stream" and "url" not in element.attrib:
        return ["<Stream> leads nowhere"]
    if element.tag == "Parameter":
        name, value = element.get("name", ""), element.get("value", "")
        if not name or not value or len(name + value) > _MOST_PARAMETER_CHARACTERS:
            return [f"<Parameter> of {len(name + value)} characters"]
    return []


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return table


def _table_problems(root: ET.Element) -> list[str]:
    found = []
    for element in root.iter():
        row = _table()["attrs"].get(_IN_TABLE.get(element.tag, element.tag))
        if row is None and element.tag not in _BARE:
            found.append(f"<{element.tag}> is not in Twilio's table")
        for name, value in element.attrib.items():
            kind = (row or {}).get(name)
            if kind is None:
                found.append(f"<{element.tag}> has no attribute {name}")
            elif not _fits(kind, value):
                found.append(f"<{element.tag} {name}>: {value!r} is no {kind}")
    return found


def _fits(kind: str, value: str) -> bool:
    if kind == "string":
        return True
    if kind == "number":
        return re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) is not None
    if kind == "boolean":
        return value in {"true", "false"}
    if kind.endswith("[]"):
        return bool(value) and all(_fits(kind[:-2], part) for part in value.split(" "))
    return value in _table()["types"][kind]
