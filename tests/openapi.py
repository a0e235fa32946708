"""Checks requests against Twilio's own OpenAPI files, and TwiML against its table of verbs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest

_ROOT = Path(__file__).resolve().parents[1]
#: The specification of each host.
FILES = {
    "api.twilio.com": "twilio_api_v2010.json",
    "lookups.twilio.com": "twilio_lookups_v2.json",
    "taskrouter.twilio.com": "twilio_taskrouter_v1.json",
    "verify.twilio.com": "twilio_verify_v2.json",
}
_MEDIA_TYPE = "application/x-www-form-urlencoded"
_PATTERNS = {
    "integer": re.compile(r"-?[0-9]+"),
    "number": re.compile(r"-?[0-9]+(\.[0-9]+)?"),
    "boolean": re.compile(r"true|false", re.IGNORECASE),
}
_FORMATS = {
    "phone-number": re.compile(r"\+[1-9][0-9]{6,14}"),
    "endpoint": re.compile(r"\+[1-9][0-9]{6,14}|sip:.+|client:.+"),
    "http-method": re.compile(r"GET|POST"),
    "uri": re.compile(r"https?://[^\s]+"),
}


class Request(Protocol):
    """A request: ``path`` with its query, ``form`` the fields of its body."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def form(self) -> tuple[tuple[str, str], ...]: ...


def folder() -> Path:
    """Where the specifications are, or should be."""
    return Path(os.environ.get("HONNIN_SPECS") or _ROOT.parent / "shared" / "specs")


def spec(name: str) -> dict[str, Any]:
    """A specification by file name; skips the test, saying what is missing, where it is not."""
    path = folder() / name
    if not path.is_file():
        pytest.skip(
            f"{name} is not in {folder()}: get it from github.com/twilio/twilio-oai "
            "(spec/json) and name its folder in HONNIN_SPECS"
        )
    return _loaded(path)


@cache
def _loaded(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def misfits(host: str, request: Request) -> list[str]:
    """What the specification of ``host`` does not allow in a request; nothing is said where the
    specifications are not there."""
    if host not in FILES:
        return [f"{host} is none of Twilio's that we know"]
    path = folder() / FILES[host]
    return problems(_loaded(path), request) if path.is_file() else []


def problems(document: dict[str, Any], request: Request) -> list[str]:
    """Everything in a request that the specification does not allow; empty is good."""
    found = _operation(document, request)
    if found is None:
        return [f"no operation {request.method} {request.path}"]
    template, operation = found
    body = operation.get("requestBody", {"content": {}})["content"].get(_MEDIA_TYPE, {})
    schema = body.get("schema", {"properties": {}})
    asked = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
    query = {
        "properties": {each["name"]: each["schema"] for each in asked},
        "required": [each["name"] for each in asked if each.get("required")],
    }
    parts = urlsplit(request.path)
    return [
        *_path_problems(template, operation, parts.path),
        *_fields(document, schema, request.form),
        *_fields(document, query, tuple(parse_qsl(parts.query, keep_blank_values=True))),
    ]


def _fields(
    document: dict[str, Any], schema: dict[str, Any], given: tuple[tuple[str, str], ...]
) -> Iterator[str]:
    names = {name for name, _ in given}
    yield from (f"{name} is missing" for name in schema.get("required", ()) if name not in names)
    for name, value in given:
        yield from _field(document, schema, name, value)


def _operation(document: dict[str, Any], request: Request) -> tuple[str, dict[str, Any]] | None:
    path = urlsplit(request.path).path
    for template, item in document["paths"].items():
        if re.fullmatch(_as_pattern(template), path) and request.method.lower() in item:
            return template, item[request.method.lower()]
    return None


def _as_pattern(template: str) -> str:
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))


def _path_problems(template: str, operation: dict[str, Any], path: str) -> Iterator[str]:
    found = re.fullmatch(_as_pattern(template), path)
    values = found.groupdict() if found else {}
    for parameter in operation.get("parameters", ()):
        pattern = parameter["schema"].get("pattern")
        value = values.get(parameter["name"], "")
        if parameter["in"] == "path" and pattern and not re.fullmatch(pattern, value):
            yield f"{parameter['name']} in the path does not fit {pattern}"


def _field(
    document: dict[str, Any], schema: dict[str, Any], name: str, value: str
) -> Iterator[str]:
    rule = schema["properties"].get(name)
    if rule is None:
        yield f"{name} is no field"
        return
    if "$ref" in rule:
        rule = document["components"]["schemas"][rule["$ref"].rpartition("/")[2]]
    pattern = _PATTERNS.get(rule.get("type", ""))
    if pattern and not pattern.fullmatch(value):
        yield f"{name} is no {rule['type']}"
    shape = _FORMATS.get(rule.get("format", ""))
    if shape and not shape.fullmatch(value):
        yield f"{name} is no {rule['format']}"
    if "enum" in rule and value not in rule["enum"]:
        yield f"{name} is none of {rule['enum']}"
    if "pattern" in rule and not re.fullmatch(rule["pattern"], value):
        yield f"{name} does not fit {rule['pattern']}"


def twiml_problems(schema: dict[str, Any], document: str) -> list[str]:
    """Attributes and values that Twilio's table of verbs does not know."""
    wrong: list[str] = []
    for element in ElementTree.fromstring(document).iter():  # noqa: S314  (ours)
        tag = {"prosody": "SsmlProsody"}.get(element.tag, element.tag)
        known = schema["attrs"].get(tag, {})
        for name, value in element.attrib.items():
            kind = known.get(name)
            if kind is None:
                wrong.append(f"<{element.tag}> has no {name}")
            elif kind == "number" and not value.isdecimal():
                wrong.append(f"<{element.tag} {name}> is no number")
            elif kind in schema["types"] and value not in schema["types"][kind]:
                wrong.append(f"<{element.tag} {name}={value!r}> is no {kind}")
    return wrong
