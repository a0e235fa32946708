"""What takes long to read: read when it is first asked for, and shared from then on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

T = TypeVar("T")


def loaded_once(read: Callable[[], T]) -> Callable[[], T]:
    """Gives to all threads what ``read`` gives at the first call. A ``read`` that raises is asked
    again."""
    guard = threading.Lock()
    found: list[T] = []

    @wraps(read)
    def load() -> T:
        if not found:
            with guard:
                if not found:
                    found.append(read())
        return found[0]

    return load
