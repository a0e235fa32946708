"""Checks the audit's chain, row by row, and names the first row that does not fit."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ivr.errors import RecordsError
from ivr.records.audit_chain import ChainedRow, Head, head, mac_of, rows
from ivr.records.audit_mac import head_seal
from ivr.records.database import Database
from ivr.records.rows import key_ring


class AuditBroken(RecordsError):
    """The audit was tampered with. ``position`` is the first row that is not as it was."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"row {position} of the audit {what}", hint="see docs/audit.md")
        self.position = position


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that is whole: how many rows, the instants of the first and the last, and the hash
    of the last, which stands for all of them."""

    rows: int
    first: str = ""
    last: str = ""
    mac: str = ""


@dataclass
class _Checker:
    """Takes the rows one by one. ``anchors``: position -> hash that row had when it was signed."""

    key: Callable[[int], bytes | None]
    anchors: Mapping[int, str]
    position: int = 0
    mac: str = ""
    first: str = ""
    last: str = ""

    def take(self, row: ChainedRow) -> None:
        expected = self.position + 1
        if not _is_count(row.position) or row.position < expected:
            raise AuditBroken(row.position, "was put in by somebody who does not hold the key")
        if row.position > expected:
            raise AuditBroken(expected, "was removed")
        key = self.key(row.key_number) if _is_count(row.key_number) else None
        if key is None or not _same(row.mac, mac_of(key, row, self.mac)):
            raise AuditBroken(
                expected, "was changed, or put in or moved here by somebody without the key"
            )
        if row.what == "audit.broken":
            raise AuditBroken(
                expected, "says that the head was missing or changed: rows before it may be gone"
            )
        if not _same(self.anchors.get(expected, row.mac), row.mac):
            raise AuditBroken(expected, "is another one than when its anchor was signed")
        self.position, self.mac = expected, row.mac
        self.first, self.last = self.first or row.at, row.at

    def end(self, found: Head | None) -> Verified:
        if found is None:
            raise AuditBroken(self.position + 1, "may be missing: the head was removed")
        self._check_head(found)
        beyond = [place for place in self.anchors if place > self.position]
        if beyond:
            raise AuditBroken(self.position + 1, f"is missing: an anchor knows row {min(beyond)}")
        return Verified(self.position, self.first, self.last, self.mac)

    def _check_head(self, found: Head) -> None:
        key = self.key(found.key_number) if _is_count(found.key_number) else None
        if key is None or not _same(found.seal, head_seal(key, found.position, found.mac)):
            raise AuditBroken(self.position + 1, "may be missing: the head was changed")
        if found.position > self.position:
            raise AuditBroken(
                self.position + 1, f"is missing: the chain ended at row {found.position}"
            )
        if found.position < self.position or not _same(found.mac, self.mac):
            raise AuditBroken(found.position + 1, "was put in after the end of the chain")


def verify(
    db: Database,
    *,
    anchors: Mapping[int, str] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Verified:
    """Check every row and the end of the chain, as they are at one moment; calls go on.

    Args:
        anchors: position -> hash of rows that signed anchors tell of.
        progress: called with rows checked and rows in all, now and then.

    Raises:
        AuditBroken: naming the first row that is not as it was.
        RecordsUnavailable: the database cannot answer now.
    """
    with db.reading() as session:
        _see_one_moment(session)
        found = head(session)
        ring = key_ring(session)
        ring.load(session.connection())
        if found is None and not (ring.begun or anchors):
            return Verified(0)  # nothing was ever written to this database
        checker = _Checker(ring.key, anchors or {})
        total = found.position if found is not None and _is_count(found.position) else 0
        for row in rows(session):
            checker.take(row)
            if checker.position % 1000 == 0:
                progress(checker.position, max(total, checker.position))
        return checker.end(found)


def _see_one_moment(session: Session) -> None:
    """Let every statement of this transaction see the same state. SQLite does so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _same(one: object, other: object) -> bool:
    return hmac.compare_digest(str(one).encode(), str(other).encode())
