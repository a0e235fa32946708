"""What a rehearsal needs from above: how to prepare a database and start the application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ivr.clock import Clock
from ivr.flow.flow import Flow
from ivr.identity.ports import CodeSender
from ivr.settings import Settings

#: Puts something between the application and a way to send codes.
SenderWrap = Callable[[CodeSender], CodeSender]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class RunningApp:
    """An application in this process. ``close`` ends its threads and lets go of its database."""

    app: WsgiApp
    close: Callable[[], None]


class Stage(Protocol):
    """Puts the application on; implemented where everything is wired together."""

    def prepare(self, settings: Settings, clock: Clock, customers: Path | None) -> None:
        """Bring the database of ``settings`` up to date and store the customers of a CSV file.
        Leaves nothing open.

        Raises:
            FilesError: the CSV file is wrong.
        """
        ...

    def build(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> RunningApp:
        """Start the application with ``flow`` on a prepared database."""
        ...

    def media(
        self, settings: Settings, clock: Clock, flow: Flow, wrap_sender: SenderWrap
    ) -> AbstractContextManager[str]:
        """Run a media server on the database of ``settings``; gives its address on this machine,
        ``127.0.0.1:PORT``."""
        ...
