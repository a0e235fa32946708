"""Entries of the audit, and a hand that changes its rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from ivr.records import audit, audit_chain
from ivr.records.audit import Entry
from ivr.records.audit_check import AuditBroken, verify
from ivr.records.database import Database

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
ROWS = 7


def fetch(call: object) -> Entry:
    return Entry("system crm", "result.fetched", f"call-{call}", "transfer", {"turn": 3})


def fill(db: Database, rows: int = ROWS) -> None:
    for number in range(rows):
        with db.writing() as session:
            audit.note(session, fetch(number), NOW)


def run(db: Database, *statements: str, **values: Any) -> None:
    """As somebody who may write to the tables, and holds no key."""
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)


def first_broken(db: Database, **anchors: Any) -> int:
    with pytest.raises(AuditBroken) as caught:
        verify(db, **anchors)
    assert str(caught.value.position) in str(caught.value)
    return caught.value.position


def stored(db: Database) -> list[audit_chain.ChainedRow]:
    with db.reading() as session:
        return list(audit_chain.rows(session))
