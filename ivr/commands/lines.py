"""Lines of standard input, one at a time, whatever they hold."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Longer lines (bytes) are cut: nobody says so much in one breath.
LONGEST = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """``text`` without its line end; bytes that are no UTF-8 became U+FFFD. ``cut``: it was
    longer than ``LONGEST``, and this is its beginning."""

    text: str
    cut: bool = False


def read_lines() -> Iterator[Line]:
    """The lines of standard input, each as soon as it is there."""
    stream = sys.stdin.buffer
    while raw := stream.readline(LONGEST):
        cut = False
        rest = raw
        while not rest.endswith(b"\n") and (rest := stream.readline(LONGEST)):
            cut = cut or rest != b"\n"
        text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        yield Line(text.removeprefix("\ufeff"), cut)


def write_object(content: dict[str, Any]) -> None:
    """One JSON object as a line of standard output, UTF-8 in every locale, sent at once."""
    stream = sys.stdout.buffer
    stream.write(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    stream.flush()
