"""YAML files that people write, read into plain data that remembers where it stood.

The dialect is small on purpose, close to the JSON schema of YAML 1.2.2 (chapter 10): only
``true`` and ``false`` are booleans, only ``null`` and ``~`` are null, numbers are decimal
without a leading zero or plus sign, everything else is text; a key is always text.
So ``yes``, ``no``, ``on``, ``012``, ``+81…``, ``10:30`` and dates stay what was typed.
Anchors, aliases, tags, merge keys and further documents are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yaml.reader import Reader

from ivr.errors import Problem
from ivr.flow.nodes import Place, Where, read_nodes

MAX_BYTES = 1_000_000
_TOO_LARGE = f"the file is too large (more than {MAX_BYTES // 1_000_000} MB)"


@dataclass
class Document:
    """A file as read. ``data`` is None where nothing usable could be read (``problems`` says
    why); it may be incomplete where ``problems`` is not empty.

    ``path`` is shown as the user gave it. ``text`` has LF line ends and no byte order mark.
    ``keys`` and ``values`` tell the line and column, from 1, of each key and value.
    """

    path: str
    text: str = ""
    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    keys: dict[Where, Place] = field(default_factory=dict, repr=False)
    values: dict[Where, Place] = field(default_factory=dict, repr=False)

    def problem(self, where: Where, message: str, *, key: bool = False) -> Problem:
        """A problem at the value at ``where`` (``("states", "ask", "next")``), or at its key.

        A place that is not in the file falls back to the nearest one around it that is.
        """
        first, second = (self.keys, self.values) if key else (self.values, self.keys)
        for length in range(len(where), -1, -1):
            place = where[:length]
            if found := first.get(place) or second.get(place):
                return Problem(self.path, *found, message)
            first, second = self.keys, self.values
        return self.whole(message)

    def whole(self, message: str) -> Problem:
        """A problem of the file as a whole."""
        return Problem(self.path, 0, 0, message)


def read_yaml(path: Path, *, text: str | None = None) -> Document:
    """Read one YAML file, or ``text`` as if it stood in ``path``.

    Never raises for what the file holds or whether it can be read: that is in
    ``Document.problems``. Takes at most :data:`MAX_BYTES` bytes.
    """
    document = Document(path.as_posix())
    if text is None:
        text = _decoded(path, document)
    elif len(text) > MAX_BYTES:
        document.problems.append(document.whole(_TOO_LARGE))
        text = None
    if text is None:
        return document
    document.text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if bad := Reader.NON_PRINTABLE.search(document.text):
        line, column = _position(document.text[: bad.start()])
        message = f"the character U+{ord(bad.group()):04X} is not allowed in YAML"
        document.problems.append(Problem(document.path, line, column, message))
        return document
    nodes = read_nodes(document.path, document.text)
    document.data, document.keys, document.values = nodes.data, nodes.keys, nodes.values
    document.problems += nodes.problems
    if document.data is None and not document.problems:
        document.problems.append(document.whole("the file is empty"))
    return document


def _decoded(path: Path, document: Document) -> str | None:
    """The text of ``path``, or None with the reason among the document's problems."""
    try:
        if path.is_dir():
            message = "is a folder, not a file"
        elif path.exists() and not path.is_file():
            message = "is not an ordinary file"
        else:
            with path.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
            if len(raw) <= MAX_BYTES:
                return raw.decode("utf-8")
            message = _TOO_LARGE
    except FileNotFoundError:
        message = "no such file"
    except UnicodeDecodeError as error:
        line, column = _position(error.object[: error.start].decode("utf-8"))
        message = "this is not UTF-8; save the file as UTF-8"
        document.problems.append(Problem(document.path, line, column, message))
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a usable path"
        message = f"cannot be read: {reason}"
    document.problems.append(document.whole(message))
    return None


def _position(before: str) -> Place:
    """Line and column, from 1, of what follows ``before``."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
