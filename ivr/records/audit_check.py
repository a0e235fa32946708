"""Checks the audit's chain, row by row, and names the first row that does not fit."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ivr.errors import RecordsError
from ivr.records.audit_chain import ChainedRow, Head, base, head, mac_of, rows
from ivr.records.audit_mac import base_seal, head_seal
from ivr.records.database import Database
from ivr.records.rows import key_ring


class AuditBroken(RecordsError):
    """The audit was tampered with. ``position`` is the first row that is not as it was."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(f"row {position} of the audit {what}", hint="see docs/audit.md")
        self.position = position


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that is whole: how many rows, the instants of the first and the last, the hash of
    the last, which stands for all of them, and how many older rows were removed in due course."""

    rows: int
    first: str = ""
    last: str = ""
    mac: str = ""
    removed: int = 0

    @property
    def position(self) -> int:
        """The position of the last row."""
        return self.rows + self.removed


@dataclass
class Checker:
    """Takes the rows one by one. ``anchors``: position -> hash that row had when it was signed.
    ``removed``: how many rows are gone from the beginning; ``position`` and ``mac`` begin as those
    of the last of them."""

    key: Callable[[int], bytes | None]
    anchors: Mapping[int, str]
    removed: int = 0
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
        rows = self.position - self.removed
        return Verified(rows, self.first, self.last, self.mac, self.removed)

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
        checker = begun(session, anchors or {})
        total = found.position if found is not None and _is_count(found.position) else 0
        for row in rows(session):
            checker.take(row)
            if checker.position % 1000 == 0:
                progress(checker.position, max(total, checker.position))
        return checker.end(found)


def begun(session: Session, anchors: Mapping[int, str]) -> Checker:
    """A checker that has taken nothing: before row 1, or where rows were removed in due course
    (:mod:`ivr.records.audit_pruning`), behind the last of them.

    Raises:
        AuditBroken: what says where the chain begins was changed, or is another than an anchor
            knows.
    """
    ring, found = key_ring(session), base(session)
    if found is None:
        return Checker(ring.key, anchors)
    key = ring.key(found.key_number) if _is_count(found.key_number) else None
    if key is None or not _same(found.seal, base_seal(key, found.position, found.mac)):
        raise AuditBroken(1, "may be missing: what says where the audit begins was changed")
    if not _same(anchors.get(found.position, found.mac), found.mac):
        raise AuditBroken(found.position, "was another one when its anchor was signed")
    return Checker(ring.key, anchors, found.position, found.position, found.mac)


def _see_one_moment(session: Session) -> None:
    """Let every statement of this transaction see the same state. SQLite does so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _same(one: object, other: object) -> bool:
    return hmac.compare_digest(str(one).encode(), str(other).encode())
