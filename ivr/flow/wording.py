"""A pydantic error in words for people who write YAML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ivr.flow.schema_place import SchemaPlace
from ivr.flow.suggestion import did_you_mean, shown

#: Error types that mean "something else belongs here", and what does.
WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "model_type": "a mapping (key: value)",
    "dict_type": "a mapping (key: value)",
    "tuple_type": "a list",
    "list_type": "a list",
    "date_type": "a date such as 2026-11-22",
    "date_parsing": "a date such as 2026-11-22",
    "date_from_datetime_parsing": "a date such as 2026-11-22",
    "datetime_type": "a time such as 2026-11-22T10:00:00+09:00",
    "datetime_parsing": "a time such as 2026-11-22T10:00:00+09:00",
    "datetime_from_date_parsing": "a time such as 2026-11-22T10:00:00+09:00",
    "timezone_aware": "a time with its zone, such as 2026-11-22T10:00:00+09:00",
}

_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}

#: Patterns of our schemas that have a plain description.
_PATTERNS = {
    "^[a-z][a-z0-9_]*$": "is not a name (small letters, digits and _, beginning with a letter)",
    r"^\+[1-9][0-9]{6,14}$": "is not a phone number in international form (+819012345678)",
    r"^(\+[1-9][0-9]{6,14}|anonymous|sips?:[^\s<>?]{1,249})$": "is no phone number in international"
    " form (+819012345678), no SIP address and not 'anonymous'",
}


def worded(place: SchemaPlace, item: Any) -> str:
    """What is wrong at ``place``, for the pydantic error ``item``, and what belongs there."""
    kind, context = item["type"], item.get("ctx", {})
    if kind in WANTED:
        return f"must be {WANTED[kind]}, not {given(place.value)}{_advice(kind, place.value)}"
    if kind in _BOUNDS:
        bound, name = _BOUNDS[kind]
        return f"must be {bound} {context[name]:g}, not {place.value:g}"
    table = {
        "missing": _missing,
        "extra_forbidden": _unknown_key,
        "literal_error": _literal,
        "enum": _literal,
        "union_tag_invalid": _unknown_kind,
        "union_tag_not_found": _no_kind,
        "string_pattern_mismatch": _pattern,
        "too_short": _count,
        "too_long": _count,
        "string_too_short": _length,
        "string_too_long": _length,
        "value_error": _own_words,
        "assertion_error": _own_words,
    }
    words = table.get(kind, _other)
    return words(place, item)


def alternatives(tried: Sequence[tuple[SchemaPlace, Any]]) -> str:
    """What may stand at a place where none of several alternatives fits."""
    wanted = list(
        dict.fromkeys(WANTED[item["type"]] for _, item in tried if item["type"] in WANTED)
    )
    return f"must be {' or '.join(wanted)}, not {given(tried[0][0].value)}"


def given(value: object) -> str:
    """What kind of thing stands there, without quoting it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {int: "a number", float: "a number with decimals", str: "text", list: "a list"}
    return names.get(type(value), "a mapping")


def _advice(kind: str, value: object) -> str:
    quotable = isinstance(value, bool | int | float)
    return " (put it in quotes)" if kind == "string_type" and quotable else ""


def _missing(place: SchemaPlace, item: Any) -> str:
    return f"{shown(place.missing)} is missing"


def _unknown_key(place: SchemaPlace, item: Any) -> str:
    key = str(place.where[-1])
    hint = did_you_mean(key, place.known) or f" (known here: {', '.join(place.known)})"
    return f"unknown key {shown(key)}{hint}"


def _key_or_value(place: SchemaPlace) -> str:
    return str(place.where[-1]) if place.at_key else str(place.value)


def _literal(place: SchemaPlace, item: Any) -> str:
    allowed = [
        word.strip("'") for word in item["ctx"]["expected"].replace(" or ", ", ").split(", ")
    ]
    expected = ", ".join(allowed)
    if not place.at_key and not isinstance(place.value, str):
        return f"must be one of {expected}, not {given(place.value)}"
    word = _key_or_value(place)
    what = "unknown key" if place.at_key else "unknown value"
    return f"{what} {shown(word)}{did_you_mean(word, allowed) or f' (one of {expected})'}"


def _unknown_kind(place: SchemaPlace, item: Any) -> str:
    allowed = [word.strip("'") for word in item["ctx"]["expected_tags"].split(", ")]
    expected = ", ".join(allowed)
    if not isinstance(place.value, str):
        return f"must be one of {expected}, not {given(place.value)}"
    hint = did_you_mean(place.value, allowed) or f" (one of {expected})"
    return f"unknown {place.where[-1]} {shown(place.value)}{hint}"


def _no_kind(place: SchemaPlace, item: Any) -> str:
    return f"{item['ctx']['discriminator']} is missing"


def _pattern(place: SchemaPlace, item: Any) -> str:
    pattern = item["ctx"]["pattern"]
    what = _PATTERNS.get(pattern, f"does not have the form {pattern}")
    return f"{shown(_key_or_value(place))} {what}"


def _count(place: SchemaPlace, item: Any) -> str:
    context = item["ctx"]
    if item["type"] == "too_short":
        return f"must have at least {_entries(context['min_length'])}"
    return f"must have at most {_entries(context['max_length'])}"


def _entries(number: int) -> str:
    return f"{number} entry" if number == 1 else f"{number} entries"


def _length(place: SchemaPlace, item: Any) -> str:
    context = item["ctx"]
    if item["type"] == "string_too_short":
        least = context["min_length"]
        return "must not be empty" if least == 1 else f"must have at least {least} characters"
    return f"must have at most {context['max_length']} characters"


def _own_words(place: SchemaPlace, item: Any) -> str:
    return str(item["ctx"]["error"])


def _other(place: SchemaPlace, item: Any) -> str:
    said: str = item["msg"]
    return said.replace("Input should be", "must be").replace("Input should", "must")
