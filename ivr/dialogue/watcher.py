"""Who is told of committed check intents."""

from __future__ import annotations

from typing import Protocol


class IntentWatcher(Protocol):
    """Performs committed check intents; see :class:`ivr.dialogue.worker.CheckWorker`."""

    def wake(self, intent_id: str) -> None:
        """Have the intent performed soon."""
        ...

    def wait(self, intent_id: str, wait_ms: int) -> None:
        """Wait until the check has ended, at most ``wait_ms`` of real time."""
        ...


class Unwatched:
    """Nobody performs intents here; another process or their deadline does."""

    def wake(self, intent_id: str) -> None:
        pass

    def wait(self, intent_id: str, wait_ms: int) -> None:
        pass
