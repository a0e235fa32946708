"""From YAML's parse events to plain data and the places of every key and value."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.reader import Reader

from ivr.errors import Problem
from ivr.flow.suggestion import shown

#: A path inside a document: keys and list positions (from 0), outermost first.
Where = tuple[str | int, ...]
#: Line and column, both from 1.
Place = tuple[int, int]

MAX_DEPTH = 40

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None}

#: What PyYAML says -> what the writer can do about it. The first that fits is taken.
_ADVICE = (
    ("found character '\\t'", "a tab cannot stand here; use spaces"),
    ("while scanning an alias", "'*' must stand in quotes: \"*\""),
    ("while scanning an anchor", "'&' must stand in quotes"),
    ("that cannot start any token", "a value cannot begin with this character; put it in quotes"),
    ("mapping values are not allowed", "a ':' cannot stand here; check the indentation or quotes"),
    ("could not find expected ':'", "a ':' is missing after this key"),
    ("found unexpected end of stream", "a quotation mark is opened but never closed"),
    ("while parsing a flow", "a ',' or a closing bracket is missing before this"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("found unknown escape character", "a '\\' inside double quotes must be written '\\\\'"),
)


@dataclass
class Nodes:
    """What was read: data, where each key and value stood, and what was wrong."""

    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    keys: dict[Where, Place] = field(default_factory=dict)
    values: dict[Where, Place] = field(default_factory=dict)


def read_nodes(path: str, text: str) -> Nodes:
    """Read printable ``text``; ``path`` is only for messages. At most :data:`MAX_DEPTH` levels.

    Where the text is not YAML at all, ``data`` is None and one problem says where it broke.
    """
    reading = _Reading(path, text)
    reading.run()
    return reading.nodes


class _TooDeep(Exception):
    """Nested too deeply to be meant."""


class _Reading:
    """One pass over the parse events of a text."""

    def __init__(self, path: str, text: str) -> None:
        self.nodes = Nodes()
        self._path = path
        self._text = text
        self._events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._last: Place = (1, 1)

    def run(self) -> None:
        """Fill ``nodes``."""
        try:
            self._document()
        except _TooDeep:
            self._broken(self._last, f"nested more than {MAX_DEPTH} levels deep")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else self._last
            self._broken(place, self._advice(error, place))
        except (ValueError, OverflowError):  # PyYAML lets chr() fail on "\UFFFFFFFF"
            self._broken(self._last, "an escape after this names no character")

    def _document(self) -> None:
        seen = False
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent) and seen:
                self._note(_place(event), "a second document begins here; a file holds one")
                return
            if isinstance(event, yaml.NodeEvent):
                seen = True
                self.nodes.data = self._node(event, ())

    def _next(self) -> yaml.Event:
        event: yaml.Event = next(self._events)
        self._last = _place(event)
        return event

    def _note(self, place: Place, message: str) -> None:
        self.nodes.problems.append(Problem(self._path, *place, message))

    def _broken(self, place: Place, message: str) -> None:
        self.nodes.data = None
        self._note(place, message)

    def _advice(self, error: yaml.MarkedYAMLError, place: Place) -> str:
        said = " ".join(part for part in (error.context, error.problem) if part)
        message = next((advice for sign, advice in _ADVICE if sign in said), f"not YAML: {said}")
        # What is typed wrong is often on the line before the one where it shows.
        near = self._text.split("\n")[max(place[0] - 2, 0) : place[0]]
        if any("：" in line for line in near):
            return message + " (is a full-width '：' meant to be ':'?)"
        if any("\u3000" in line[: len(line) - len(line.lstrip())] for line in near):
            return message + " (a line begins with a full-width space)"
        return message

    def _node(self, event: Any, where: Where) -> Any:
        place = _place(event)
        if len(where) > MAX_DEPTH:
            raise _TooDeep
        self.nodes.values.setdefault(where, place)
        if isinstance(event, yaml.AliasEvent):
            self._note(place, f"aliases (*{event.anchor}) are not allowed")
            return None
        self._refuse(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(where)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(where)
        return self._scalar(event, where)

    def _refuse(self, event: Any) -> None:
        if event.anchor is not None:
            self._note(_place(event), f"anchors (&{event.anchor}) are not allowed")
        if event.tag is not None:
            self._note(_place(event), f"tags ({shown(event.tag)}) are not allowed")

    def _scalar(self, event: yaml.ScalarEvent, where: Where) -> Any:
        if Reader.NON_PRINTABLE.search(event.value):
            self._note(_place(event), "an escape in this text gives a control character")
            return None
        if not event.implicit[0]:  # in quotes, or a block of text
            return event.value
        if not event.value and where:
            place = self.nodes.keys.get(where, _place(event))
            self.nodes.values[where] = place
            self._note(place, f"{_named(where)} has no value")
            return None
        return _plain(event.value)

    def _sequence(self, where: Where) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, (*where, len(items))))
        return items

    def _mapping(self, where: Where) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event, where)
            place = (*where, key)
            if key in entries:
                first = "{}:{}:{}".format(self._path, *self.nodes.keys[place])
                if key:
                    self._note(_place(event), f"duplicate key {shown(key)}; first at {first}")
                place = (*where, -1)  # no real place: a second value must not move the first
            else:
                self.nodes.keys[place] = _place(event)
            value = self._node(self._next(), place)
            entries.setdefault(key, value)
        return entries

    def _key(self, event: yaml.Event, where: Where) -> str:
        """The text of a key, whatever it looks like; empty, with a problem, where it cannot be
        one."""
        place = _place(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, (*where, -1))
            if not isinstance(event, yaml.AliasEvent):
                self._note(place, "a key must be text, not a list or a mapping")
            return ""
        self._refuse(event)
        if Reader.NON_PRINTABLE.search(event.value):
            self._note(place, "an escape in this key gives a control character")
            return ""
        if event.implicit[0] and event.value == "<<":
            self._note(place, "merge keys (<<) are not allowed")
        elif not event.value:
            self._note(place, "a key is missing before this ':'")
        return event.value


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _plain(text: str) -> str | int | float | bool | None:
    """What an unquoted text means."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text or None


def _named(where: Where) -> str:
    last = where[-1]
    return shown(last) if isinstance(last, str) else "this entry of the list"
