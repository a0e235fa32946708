"""A database that is locked or gone for a while, from outside the application.

Locked: another connection holds SQLite's write lock, as a backup or a stuck process does.
Gone: the file is not there, as after a failed mount. Its directory entry is moved away and back,
so that what was written before is there again afterwards.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from ivr.errors import RehearsalError
from ivr.rehearsal.callfile import Outage

_PATIENCE_S = 10.0


class DatabaseOutage:
    """Makes trouble from the caller's answer number ``outage.from_answer`` on, once."""

    def __init__(self, outage: Outage, path: Path) -> None:
        self._outage = outage
        self._path = path
        self._away = path.with_name(path.name + ".away")
        self._over = threading.Event()
        self._holder: threading.Thread | None = None
        self._begun = False
        self._webhooks_left = 0

    def answering(self, count: int) -> None:
        """Begin where the time has come."""
        if self._begun or count < self._outage.from_answer:
            return
        self._begun = True
        if self._outage.locked_s:
            self._lock()
        else:
            self._webhooks_left = self._outage.gone_webhooks
            self._path.rename(self._away)

    def webhook_done(self) -> None:
        """One webhook less to go without a database."""
        if self._webhooks_left:
            self._webhooks_left -= 1
            if not self._webhooks_left:
                self._bring_back()

    def end(self) -> None:
        """The rehearsal is over: everything as it was."""
        self._over.set()
        if self._holder is not None:
            self._holder.join()
        if self._webhooks_left:
            self._webhooks_left = 0
            self._bring_back()

    def _bring_back(self) -> None:
        self._away.rename(self._path)

    def _lock(self) -> None:
        connection = sqlite3.connect(
            self._path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            connection.close()
            raise RehearsalError("the rehearsal could not lock the database") from None
        # Real seconds: whoever waits for the lock does so in SQLite, on no clock of ours.
        self._holder = threading.Thread(target=self._hold, args=(connection,), daemon=True)
        self._holder.start()

    def _hold(self, connection: sqlite3.Connection) -> None:
        self._over.wait(self._outage.locked_s)
        connection.execute("ROLLBACK")
        connection.close()
