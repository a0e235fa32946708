"""The audit's chain: each row carries a keyed hash of itself and of the row before.

The key is a data key (:mod:`ivr.records.key_ring`): whoever may write to the tables but does not
hold it cannot compute a row. A head, sealed with the same key, tells where the chain ends, so that
rows cannot vanish from its end unseen.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import cast

from sqlalchemy import Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ivr.records.audit import Entry, Noted, note, take_noted
from ivr.records.audit_mac import base_seal, head_seal, row_mac
from ivr.records.key_ring import KeyRing
from ivr.records.models import BASE, HEAD, AuditHead, AuditRow
from ivr.records.rows import insert, key_ring

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class ChainedRow:
    """A row as it is stored; of a row that was tampered with, fields may be of any type."""

    position: int
    at: str
    who: str
    what: str
    subject: str
    why: str
    details: str
    key_number: int
    mac: str


@dataclass(frozen=True, slots=True)
class Head:
    """An end of the chain, sealed: the position and the hash of the last row, 0 and empty before
    the first; or, as its base, of the last row that was removed from its beginning."""

    position: int
    mac: str
    key_number: int
    seal: str


#: The columns of a row, in the order in which they are chained; the last is the hash.
FIELDS = tuple(field.name for field in fields(ChainedRow))
_LOG, _HEADS = cast(Table, AuditRow.__table__), cast(Table, AuditHead.__table__)
# Made once and below the ORM: every audited transaction of a call runs them.
_ROWS = select(*(_LOG.c[name] for name in FIELDS)).order_by(_LOG.c.position).limit(_BATCH)
_LAST = select(_LOG.c.position, _LOG.c.mac).order_by(_LOG.c.position.desc()).limit(1)
_ENDS = select(*(_HEADS.c[field.name] for field in fields(Head)))
_HEAD, _BASE = _ENDS.where(_HEADS.c.name == HEAD), _ENDS.where(_HEADS.c.name == BASE)
_LOCKED_HEAD = _HEAD.with_for_update()
_MACS = select(_LOG.c.mac)
_APPEND = {
    name: dialect.insert(_LOG).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
_MOVED_HEAD = update(_HEADS).where(_HEADS.c.name == HEAD)


def mac_of(key: bytes, row: ChainedRow, before: str) -> str:
    """The hash that ``row`` must carry after a row whose hash is ``before``."""
    own = [getattr(row, name) for name in FIELDS[:-1]]
    return row_mac(key, own, before)


def append_noted(session: Session) -> None:
    """Chain what was noted in this transaction. The last thing before its commit, because from
    here on every other audited transaction waits (PostgreSQL: for the head's row)."""
    noted = take_noted(session)
    if not noted:
        return
    ring = key_ring(session)
    head = _locked_head(session, ring.audit_key()[0])
    left = noted
    if _is_sealed(ring, head):
        left = _append(session, noted, head.position, head.mac)
    if left:
        # Calls go on, from what is there; a row tells every later check.
        note(session, Entry("chain", "audit.broken"), ring.now())
        last = session.connection().execute(_LAST).one_or_none()
        position, mac = (0, "") if last is None else (last.position, last.mac)
        _append(session, [*take_noted(session), *left], position, mac)


def lock(session: Session) -> None:
    """Keep every other audited transaction waiting until this one ends: for comparing with what
    is chained before noting more."""
    _locked_head(session, key_ring(session).audit_key()[0])


def head(session: Session) -> Head | None:
    """The head as it is stored; None before the first entry, or where somebody removed it."""
    return _head(session, lock=False)


def base(session: Session) -> Head | None:
    """The base as it is stored; None where the chain begins with row 1, or somebody removed it."""
    row = session.connection().execute(_BASE).one_or_none()
    return None if row is None else Head(*row)


def move_base(session: Session, position: int, mac: str) -> None:
    """Remove every row up to ``position``, which has ``mac``, and seal where the chain begins."""
    number, key = key_ring(session).audit_key()
    session.execute(delete(AuditRow).where(AuditRow.position <= position))
    moved = {"position": position, "mac": mac, "key_number": number}
    moved["seal"] = base_seal(key, position, mac)
    statement = insert(session, AuditHead).values(name=BASE, **moved)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=moved))


def rows(session: Session, *, after: int | None = None) -> Iterator[ChainedRow]:
    """Every row in the order of its position, read in batches as this transaction sees them."""
    while True:
        query = _ROWS if after is None else _ROWS.where(_LOG.c.position > after)
        batch = session.connection().execute(query)
        found = [ChainedRow(*row) for row in batch]
        yield from found
        if len(found) < _BATCH:
            return
        after = found[-1].position


def _locked_head(session: Session, number: int) -> Head:
    """The head, which nobody else sees until this transaction ends. Where somebody removed it,
    one without a seal."""
    found = _head(session, lock=True)
    if found is not None:
        return found
    unsealed = {"position": 0, "mac": "", "key_number": number, "seal": ""}
    statement = insert(session, AuditHead).values(name=HEAD, **unsealed)
    session.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
    made = _head(session, lock=True)
    if made is None:
        raise AssertionError("the head was stored just now")
    return made


def _head(session: Session, *, lock: bool) -> Head | None:
    row = session.connection().execute(_LOCKED_HEAD if lock else _HEAD).one_or_none()
    return None if row is None else Head(*row)


def _append(session: Session, noted: Sequence[Noted], position: int, mac: str) -> list[Noted]:
    """Chain entries behind a row with this position and hash. Those whose place is taken, by a
    row that somebody put in, are given back."""
    number, key = key_ring(session).audit_key()
    rows = []
    for place, item in enumerate(noted, start=position + 1):
        own = {"position": place, **asdict(item), "key_number": number}
        mac = row_mac(key, list(own.values()), mac)
        rows.append(own | {"mac": mac})
    connection = session.connection()
    if connection.execute(_APPEND[connection.dialect.name], rows).rowcount < len(rows):
        taken = set(connection.execute(_MACS.where(_LOG.c.position > position)).scalars())
        return [item for item, row in zip(noted, rows, strict=True) if row["mac"] not in taken]
    end = position + len(rows)
    moved = {"position": end, "mac": mac, "key_number": number, "seal": head_seal(key, end, mac)}
    connection.execute(_MOVED_HEAD.values(moved))
    return []


def _is_sealed(ring: KeyRing, head: Head) -> bool:
    """Whether a head is as it was stored. That rows before it are gone or were changed is left
    for whoever checks: the chain goes on from the head, and cannot fit."""
    key = ring.key(head.key_number)
    if key is None:
        return False
    seal = head_seal(key, head.position, head.mac)
    return hmac.compare_digest(seal.encode(), str(head.seal).encode())
