"""What a process that starts tells the audit: settings and flow, where they have changed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Literal, get_origin

from pydantic import SecretStr
from sqlalchemy.orm import Session

from ivr.flow.flow import Flow
from ivr.records import audit
from ivr.records.audit import Entry
from ivr.records.audit_chain import lock
from ivr.records.audit_mac import fingerprint
from ivr.records.database import Database
from ivr.settings import Settings


class StartNote:
    """Noted once by each process, as soon as the database can take it."""

    def __init__(self, db: Database, settings: Settings, flow: Flow) -> None:
        self._db, self._settings, self._flow = db, settings, flow
        self._lock = threading.Lock()
        self._noted = False

    def once(self) -> None:
        """Note settings and flow unless the newest entry says the same.

        Raises:
            RecordsUnavailable: not now; call it again.
        """
        with self._lock:
            if self._noted:
                return
            with self._db.writing() as session:
                lock(session)  # several processes start together: the first one tells
                _, key = self._db.keys.audit_key()
                _note_change(session, "settings.in_force", shown(self._settings, key), self._db)
                flow = {"flow": self._flow.name, "digest": self._flow.digest}
                _note_change(session, "flow.in_force", flow, self._db)
            self._noted = True


def shown(settings: Settings, key: bytes) -> Mapping[str, str]:
    """Every setting by name: numbers, switches and choices as they are, all else as a keyed
    fingerprint, since it may be a secret, a phone number or a URL with a password."""
    return {
        f"IVR_{name.upper()}": _shown(name, getattr(settings, name), field.annotation, key)
        for name, field in Settings.model_fields.items()
    }


def _shown(name: str, value: object, annotation: object, key: bytes) -> str:
    if isinstance(value, bool | int | float) or get_origin(annotation) is Literal:
        return str(value)
    return f"#{fingerprint(key, name, _revealed(value))}"


def _revealed(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return repr(sorted((key, _revealed(item)) for key, item in value.items()))
    return str(value)


def _note_change(session: Session, what: str, now: Mapping[str, str], db: Database) -> None:
    before = audit.newest(session, what) or {}
    old = before.get("now", {})
    if old == now:
        return
    known = old if isinstance(old, dict) else {}
    changed = sorted(name for name in {*now, *known} if now.get(name) != known.get(name))
    details = {"changed": changed if known else ["everything"], "now": now}
    audit.note(session, Entry("process", what, "", "start", details), db.clock.now())
