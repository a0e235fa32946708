"""The oldest rows of the audit, removed in due course, so that the chain can still be verified.

The chain then begins behind a *base*: the position and the hash of the last row removed, under a
seal of the audit's key. Rows are checked before they go, and a row of the audit says which went:
waiting does not hide what was done to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ivr.records import audit, audit_chain
from ivr.records.audit import Detail, Entry
from ivr.records.audit_chain import ChainedRow
from ivr.records.audit_check import begun
from ivr.records.database import Database
from ivr.records.models import AuditRow
from ivr.records.reencryption import take_time
from ivr.records.retention import Gone, Progress
from ivr.records.rows import key_ring

#: The class of these records, in settings and reports.
AUDIT = "audit"
#: Rows of one batch: one transaction, which reads, checks and removes them.
_BATCH = 1000
_PAUSE_S = 0.02


def prune(
    db: Database,
    period: timedelta,
    *,
    run: str,
    who: str = "process",
    why: str = "",
    progress: Progress = lambda record_class, done, total: None,
) -> Gone:
    """Remove the rows that are older than ``period`` from the beginning of the chain. Arguments
    and errors as in :func:`ivr.records.retention.purge`.

    Raises:
        AuditBroken: an old row is not as it was. Neither it nor what follows is removed.
    """
    before = db.clock.now() - period
    gone = Gone(AUDIT, before.isoformat(), {})
    total = overdue(db, period).count
    while True:
        with db.writing() as session:
            batch, details = _batch(session, before)
            if batch.count:
                told = Entry(who, "audit.pruned", "", why, {**details, "run": run})
                audit.note(session, told, db.clock.now())
        if not batch.count:
            return gone
        gone += batch
        progress(AUDIT, gone.count, max(total, gone.count))
        db.clock.sleep(_PAUSE_S)


def overdue(db: Database, period: timedelta) -> Gone:
    """What :func:`prune` would remove now, without checking it."""
    before = db.clock.now() - period
    edge, position = audit.instant(before), AuditRow.position
    with db.reading() as session:
        take_time(session)
        young = session.execute(select(func.min(position)).where(AuditRow.at >= edge)).scalar()
        query = select(func.count(), func.min(AuditRow.at), func.max(AuditRow.at))
        old = query if young is None else query.where(position < young)
        many, first, last = session.execute(old).one()
    rows = {AuditRow.__tablename__: many} if many else {}
    return Gone(AUDIT, before.isoformat(), rows, first or "", last or "")


def _batch(session: Session, before: datetime) -> tuple[Gone, Mapping[str, Detail]]:
    # Nothing may be chained, nor another run take the same rows, until this one is done.
    audit_chain.lock(session)
    key_ring(session).load(session.connection())
    checker, edge = begun(session, {}), audit.instant(before)
    taken: list[ChainedRow] = []
    for row in audit_chain.rows(session):
        if len(taken) == _BATCH or str(row.at) >= edge:
            break
        checker.take(row)
        taken.append(row)
    if not taken:
        return Gone(AUDIT, before.isoformat(), {}), {}
    gone = Gone(
        AUDIT, before.isoformat(), {AuditRow.__tablename__: len(taken)}, taken[0].at, taken[-1].at
    )
    audit_chain.move_base(session, checker.position, checker.mac)
    return gone, {
        "before": gone.before,
        "rows": gone.count,
        "first": gone.first,
        "last": gone.last,
        "position": checker.position,
        "mac": checker.mac,
    }
