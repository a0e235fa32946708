"""Rotation of the key that encrypts fields, while calls go on.

1. A new data key is stored, to be written with a little later: by then every process holds it.
2. Every field under an older key is encrypted anew, batch by batch. A batch changes a field only
   if it still holds what was read, so a call that writes meanwhile is never overwritten.
3. When even a process that saw the new key as late as possible has stopped writing with the old
   one, what it wrote meanwhile is encrypted anew too, and the older keys are retired.

Whatever stops it, running it again goes on where it ended: what is done is told by the tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.errors import RecordsError
from ivr.records import audit, data_keys, reencryption
from ivr.records.audit import Detail, Entry
from ivr.records.data_keys import DataKeyRecord
from ivr.records.database import Database
from ivr.records.reencryption import Progress

#: A new key begins after so many times the time in which every process looks for new keys.
_LEAD = 1.5
#: A retired key is kept so long: no transaction that may still write with it is older.
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: the key in force, how many rows were encrypted anew, which fields
    could not be read ("customers.mobile", the row's name), which keys are retired now."""

    key: int
    rows: int
    unreadable: tuple[tuple[str, str], ...] = ()
    retired: tuple[int, ...] = ()


def rotate(db: Database, progress: Progress, *, who: str = "process", why: str = "") -> Rotation:
    """Replace the data key of fields, or end a replacement that was begun. ``who`` and ``why``
    are for the audit.

    Takes a minute and a half at least, most of it waiting for other processes.

    Raises:
        RecordsUnavailable: the database cannot answer now; run it again.
    """
    key = _key_to_rotate_to(db, who, why)
    _wait_until(db, key.active_from, "waiting until every process knows the new key", progress)
    tally = reencryption.Tally()
    reencryption.sweep(db, key.number, tally, progress)
    last = key.active_from + _lead(db)
    _wait_until(db, last, "waiting until no process uses an old key", progress)
    while True:
        reencryption.sweep(db, key.number, tally, progress)
        unreadable = tuple(tally.unreadable)
        if unreadable:
            return Rotation(key.number, tally.rows, unreadable)
        retired = _retire_before(db, key.number, who, why)
        if retired is not None:
            return Rotation(key.number, tally.rows, (), retired)
        db.clock.sleep(1.0)  # somebody holds a row, or wrote one just now


def counts(db: Database) -> list[tuple[DataKeyRecord, int]]:
    """Every data key, with how many rows hold a field that is encrypted with it."""
    with db.reading() as session:
        keys = data_keys.every(session.connection())
        return [(key, sum(reencryption.rows_under(session, key.number))) for key in keys]


def destroy(db: Database, number: int, *, who: str = "process", why: str = "") -> None:
    """Forget a retired key for good. ``who`` and ``why`` are for the audit.

    Raises:
        RecordsError: there is no such key, it is in use, chains the audit, or was retired
            less than :data:`KEPT` ago.
    """
    with db.reading() as session:
        found = [k for k in data_keys.every(session.connection()) if k.number == number]
        problem = _why_not_destroyed(session, found[0], db.clock.now()) if found else "is not there"
    if problem:
        raise RecordsError(f"data key {number} {problem}", hint="see: ivr keys list")
    with db.writing() as session:
        data_keys.destroy(session.connection(), number, db.clock.now())
        destroyed = Entry(who, "keys.destroyed", "", why, {"key": number})
        audit.note(session, destroyed, db.clock.now())


def rewrap(db: Database, *, who: str = "process", why: str = "") -> int:
    """Wrap every data key anew with the wrapper as it is now; how many there were. ``who`` and
    ``why`` are for the audit."""
    with db.reading() as session:
        keys = [k for k in data_keys.every(session.connection()) if k.destroyed_at is None]
    anew = [(key, db.keys.rewrapped(key)) for key in keys]
    with db.writing() as session:
        for before, after in anew:
            if not data_keys.rewrap(
                session.connection(), after.number, before.wrapped, after.wrapped
            ):
                raise RecordsError(
                    f"data key {after.number} was changed meanwhile", hint="run it again"
                )
        rewrapped = Entry(who, "keys.rewrapped", "", why, {"keys": len(anew)})
        audit.note(session, rewrapped, db.clock.now())
    return len(anew)


def _key_to_rotate_to(db: Database, who: str, why: str) -> DataKeyRecord:
    """The youngest key while older ones are not retired, otherwise a new one."""
    while True:
        begun = _unfinished(db)
        if begun is not None:
            return begun
        with db.reading() as session:
            number = data_keys.next_number(session.connection())
        key = db.keys.new(number, "field", db.clock.now() + _lead(db))
        with db.writing() as session:
            # Somebody else may take the number: another rotation, or the next signing key.
            if data_keys.insert(session.connection(), key):
                details: dict[str, Detail] = {"phase": "began", "key": number}
                audit.note(session, Entry(who, "keys.rotated", "", why, details), db.clock.now())
                return key


def _lead(db: Database) -> timedelta:
    return timedelta(seconds=db.keys.fresh_s * _LEAD)


def _unfinished(db: Database) -> DataKeyRecord | None:
    with db.writing() as session:  # makes the first keys, where there are none
        keys = data_keys.every(session.connection())
    open_keys = [k for k in keys if k.purpose == "field" and k.retired_at is None]
    return open_keys[-1] if len(open_keys) > 1 else None


def _wait_until(db: Database, instant: datetime, what: str, progress: Progress) -> None:
    left = whole = (instant - db.clock.now()).total_seconds()
    while left > 0:
        progress(what, whole - left, whole)
        db.clock.sleep(min(left, 1.0))
        left = (instant - db.clock.now()).total_seconds()


def _retire_before(db: Database, key: int, who: str, why: str) -> tuple[int, ...] | None:
    """Retire the keys before this one; None where a field is still under one of them."""
    with db.reading() as session:  # a count takes long where there are many: no writer may wait
        if any(reencryption.stale_rows(session, key).values()):
            return None
    with db.writing() as session:
        keys = data_keys.every(session.connection())
        old = [k.number for k in keys if k.purpose == "field" and not k.retired_at]
        old.remove(key)
        data_keys.retire(session.connection(), old, db.clock.now())
        details: dict[str, Detail] = {
            "phase": "ended",
            "key": key,
            "retired": [str(number) for number in old],
        }
        audit.note(session, Entry(who, "keys.rotated", "", why, details), db.clock.now())
    return tuple(old)


def _why_not_destroyed(session: Session, key: DataKeyRecord, now: datetime) -> str | None:
    if key.destroyed_at is not None:
        return "is destroyed already"
    if key.purpose != "field":
        return "chains the audit, which could not be verified without it"
    if key.retired_at is None:
        return "is in use: rotate first"
    if any(reencryption.rows_under(session, key.number)):
        return "still opens fields: rotate again"
    if now - key.retired_at < KEPT:
        return f"was retired less than {KEPT.days * 24} hours ago"
    return None
