"""The database while a command uses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ivr.clock import Clock, SystemClock
from ivr.records.database import Database
from ivr.settings import Settings, load_settings


@contextmanager
def opened_database(
    settings: Settings | None = None, clock: Clock | None = None
) -> Iterator[Database]:
    """The database of ``settings``, else of this installation's; let go of at the end, whatever
    happens. It connects when it is first used.

    Raises:
        SettingsError: a setting, the URL or a key is malformed.
    """
    # Loaded when it is needed: it brings everything else, and a command's help is to be quick.
    from ivr.wiring.backstage import open_database

    db = open_database(settings or load_settings(), clock or SystemClock())
    try:
        yield db
    finally:
        db.dispose()
