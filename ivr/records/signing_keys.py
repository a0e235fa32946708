"""Keys that sign results: stored wrapped among the data keys, replaced while calls go on.

A signing key is 32 random bytes, the seed of an Ed25519 key (RFC 8032 section 5.1.5). It is stored
some minutes before it begins, so that whoever checks results knows it by then; what it was used for
afterwards is decided by :mod:`ivr.identity.signing_keys`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ivr.errors import RecordsError
from ivr.records import audit, data_keys
from ivr.records.audit import Detail, Entry
from ivr.records.data_keys import DataKeyRecord
from ivr.records.database import Database
from ivr.records.key_ring import KeyRing


@dataclass(frozen=True, slots=True)
class SigningSeed:
    """A stored signing key: ``seed`` (32 bytes), in force from ``active_from`` (aware) on until a
    younger one is."""

    number: int
    seed: bytes
    active_from: datetime


def held(ring: KeyRing) -> tuple[SigningSeed, ...]:
    """The stored keys as this process holds them, oldest first; none before the first rotation."""
    return tuple(
        SigningSeed(record.number, key, record.active_from)
        for record, key in ring.of_purpose("signing")
    )


def rotate(db: Database, *, published_before: timedelta, who: str, why: str) -> DataKeyRecord:
    """Store the next signing key, unless one waits to begin already; returns that key.

    It begins when every process has published it (they look for keys every ``fresh_s``), and
    ``published_before`` after that. ``who`` and ``why`` are for the audit.

    Raises:
        RecordsUnavailable: the database or the wrapper cannot answer now; run it again.
    """
    with db.writing():
        pass  # makes the first data keys, where there are none
    while True:
        waiting = _waiting(db)
        if waiting is not None:
            return waiting
        with db.reading() as session:
            number = data_keys.next_number(session.connection())
        lead = timedelta(seconds=db.keys.fresh_s * 1.5) + published_before
        key = db.keys.new(number, "signing", db.clock.now() + lead)
        with db.writing() as session:
            # Two at once ask for the same number: one of them is first.
            if data_keys.insert(session.connection(), key):
                begins = audit.instant(key.active_from)
                details: dict[str, Detail] = {"key": number, "begins": begins}
                audit.note(session, Entry(who, "keys.signing", "", why, details), db.clock.now())
                return key


def destroy(
    db: Database, number: int, *, published_after: timedelta, at_once: bool, who: str, why: str
) -> bool:
    """Forget the signing key ``number`` for good; False where no signing key has that number.

    ``published_after``: how long results that it signed may be valid after the next key began;
    ``at_once``: do not wait for that, because somebody else may have the key.

    Raises:
        RecordsError: it signs results, or those it signed may still be checked.
    """
    with db.reading() as session:
        keys = [k for k in data_keys.every(session.connection()) if k.purpose == "signing"]
    key = next((k for k in keys if k.number == number), None)
    if key is None:
        return False
    now = db.clock.now()
    later = [k.active_from for k in keys if k.number > number and not k.destroyed_at]
    if key.destroyed_at is not None:
        problem = "is destroyed already"
    elif not later or min(later) > now:
        problem = "signs results, or will: rotate first, and wait until the next one has begun"
    elif not at_once and now < min(later) + published_after:
        problem = f"still checks results until {min(later) + published_after:%Y-%m-%d %H:%M} UTC"
    else:
        with db.writing() as session:
            data_keys.destroy(session.connection(), number, now)
            details: dict[str, Detail] = {"key": number, "at_once": at_once}
            audit.note(session, Entry(who, "keys.destroyed", "", why, details), now)
        return True
    raise RecordsError(f"signing key {number} {problem}", hint="see: ivr keys list")


def _waiting(db: Database) -> DataKeyRecord | None:
    with db.reading() as session:
        keys = data_keys.every(session.connection())
    now = db.clock.now()
    return next(
        (k for k in keys if k.purpose == "signing" and not k.destroyed_at and k.active_from > now),
        None,
    )
