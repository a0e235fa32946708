"""What comes of a command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Ran(NamedTuple):
    """Exit status and what was printed."""

    code: int
    out: str
    err: str


Ivr = Callable[..., Ran]
