"""How far an import of customers is that has not ended yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ivr.errors import RecordsError
from ivr.records.customers import Stored
from ivr.records.models import CustomerImport
from ivr.records.rows import insert


@dataclass(frozen=True, slots=True)
class Progress:
    """``file_index``: a keyed index of what the file holds, so that its next version is another
    file. ``total``: its customers, all checked; ``stored``: those that were stored, from its
    beginning."""

    file_index: str
    total: int
    stored: Stored = field(default_factory=Stored)


def find(session: Session, file_index: str) -> Progress | None:
    """The import of this file that has not ended, or None."""
    row = session.execute(
        select(CustomerImport.total, CustomerImport.added, CustomerImport.updated).where(
            CustomerImport.file_index == file_index
        )
    ).one_or_none()
    return None if row is None else Progress(file_index, row[0], Stored(row[1], row[2]))


def advance(session: Session, before: Progress, more: Stored) -> Progress:
    """Note that ``more`` were stored, at least one.

    Raises:
        RecordsError: somebody else is importing this file.
    """
    after = Progress(before.file_index, before.total, before.stored + more)
    counts = {"added": after.stored.added, "updated": after.stored.updated}
    statement = (
        update(CustomerImport)
        .where(
            CustomerImport.file_index == before.file_index,
            CustomerImport.added == before.stored.added,
            CustomerImport.updated == before.stored.updated,
        )
        .values(**counts)
        .execution_options(synchronize_session=False)
        .returning(CustomerImport.total)
        if before.stored.all
        else insert(session, CustomerImport)
        .values(file_index=after.file_index, total=after.total, **counts)
        .on_conflict_do_nothing()
        .returning(CustomerImport.total)
    )
    if session.execute(statement).one_or_none() is None:
        raise RecordsError(
            "another process is importing this file", hint="wait until that has ended"
        )
    return after


def end(session: Session, progress: Progress) -> None:
    """Forget an import whose file has ended."""
    session.execute(
        delete(CustomerImport)
        .where(CustomerImport.file_index == progress.file_index)
        .execution_options(synchronize_session=False)
    )
