"""Blind indexes made anew, after the index key was replaced. For a program that stands still:
meanwhile some customers are found with one key and some with the other."""

from __future__ import annotations

from sqlalchemy import delete

from ivr.records import audit, calls, customers
from ivr.records.audit import Entry
from ivr.records.database import Database
from ivr.records.models import FailureCounter, FailureRun
from ivr.records.reencryption import Progress

_BATCH = 200


def reindex(db: Database, progress: Progress, *, who: str = "process", why: str = "") -> int:
    """Make every blind index of customers and calls with the index key of ``db``; how many rows.

    Counters of failures are deleted: what they were counted for is stored nowhere. Verifications
    that are open are no longer resumed. ``who`` and ``why`` are for the audit.

    Raises:
        RecordsUnavailable: the database cannot answer now; run it again.
        RecordsError: a field cannot be read; rows before it are done.
    """
    with db.reading() as session:
        total = customers.count(session) + calls.count(session)
    done = 0
    for anew in (customers.reindex, calls.reindex):
        after = ""
        while True:
            with db.writing() as session:
                ids = anew(session, after, _BATCH)
            if not ids:
                break
            after, done = ids[-1], done + len(ids)
            progress("making indexes anew", done, max(done, total))
    with db.writing() as session:
        session.execute(delete(FailureCounter))
        session.execute(delete(FailureRun))
        entry = Entry(who, "keys.reindexed", "", why, {"rows": done})
        audit.note(session, entry, db.clock.now())
    return done
