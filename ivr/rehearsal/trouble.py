"""Where a world may interfere with a call as it goes on."""

from __future__ import annotations

from typing import Protocol


class Trouble(Protocol):
    """Told of what happens, so that something can fail at the right moment."""

    def answering(self, count: int) -> None:
        """The caller's answer number ``count`` (from 1) is about to be sent."""
        ...

    def webhook_done(self) -> None:
        """A webhook has been answered, or finally not."""
        ...


class NoTrouble:
    """Nothing fails."""

    def answering(self, count: int) -> None:
        pass

    def webhook_done(self) -> None:
        pass
