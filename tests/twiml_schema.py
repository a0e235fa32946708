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
    "Response": {"Say", "Gather", "Pause", "Redirect", "Dial", "Hangup"},
    "Gather": {"Say", "Pause"},
    "Dial": {"Number"},
    "Say": {"prosody"},
}
#: Element name -> its name in the table.
_IN_TABLE = {"prosody": "SsmlProsody"}
#: Without attributes, so without a row in the table.
_BARE = {"Response", "Hangup"}
#: Verbs after which Twilio never comes back to the document.
_LEAVES = {"Redirect", "Hangup"}
_MOST_SAY_CHARACTERS = 3000  # Amazon Polly's limit for one request


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
        urls = [element.get(name, "") for name in ("action", "url") if name in element.attrib]
        if element.tag == "Redirect":
            urls.append(text)
        found += [
            f"<{element.tag}> names a relative URL"
            for url in urls
            if not re.match(r"https?://[^/]+/voice/", url)
        ]
        if element.tag in {"Gather", "Dial"} and "action" not in element.attrib:
            found.append(f"<{element.tag}> without an action asks the current URL again")
        if element.tag == "Dial" and not 1 <= len(element) <= 10:
            found.append(f"<Dial> with {len(element)} numbers")
    for before, after in zip(root, list(root)[1:], strict=False):
        if before.tag in _LEAVES or (before.tag == "Dial" and "action" in before.attrib):
            found.append(f"<{after.tag}> after <{before.tag}> is never reached")
    return found


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
