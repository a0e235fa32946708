"""Calls about somebody, with everything that belongs to them."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from ivr.records import (
    audit,
    calls,
    codes,
    counters,
    failure_runs,
    intents,
    persons,
    results,
    verifications,
)
from ivr.records.audit import Entry
from ivr.records.calls import CallRecord
from ivr.records.codes import CodeRecord
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.intents import IntentRecord
from ivr.records.results import ResultRecord
from ivr.records.verifications import VerificationRecord


def token_with(**claims: Any) -> str:
    """A token with these claims, which nobody signed."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.signature"


def call_about(
    db: Database, call: CallRecord, who: CustomerData, name: str, *, proven: bool, said: str
) -> None:
    """A call in which ``said`` was said and fitted ``who``, with everything that belongs to it."""
    now = call.started_at
    later = now + timedelta(minutes=10)
    evidence = {
        "evidence": {"match": "one", "customer": who.number, "code": "ok" if proven else "wrong"},
        "flags": ["relay_risk"],
        "proven_in": name if proven else None,
    }
    with db.writing() as session:
        verifications.create(
            session,
            VerificationRecord(
                id=f"ver-{name}",
                caller_index=None,
                claim_index="claim",
                customer_id=who.id,
                language="ja",
                attempts=1,
                sends=1,
                verified_at=now if proven else None,
                expires_at=later,
                created_at=now,
                evidence=json.dumps(evidence),
            ),
        )
        state = json.dumps({"slots": {"name": said, "birthdate": who.birthdate.isoformat()}})
        calls.insert(
            session,
            replace(
                call, id=name, call_sid=f"CA-{name}", state=state, status="ended",
                verification_id=f"ver-{name}",
            ),
        )  # fmt: skip
        calls.add_turn(
            session, call_id=name, number=1, event="heard", action=f'{{"say": "{said}"}}', at=now,
            state_name="ask_name",
        )  # fmt: skip
        intents.create(
            session,
            IntentRecord(f"int-{name}", name, 1, "identify", said, "done", now, later),
        )
        codes.create(
            session,
            CodeRecord(f"code-{name}", f"ver-{name}", f"i-{name}", "sms", "h", "sent", now, later),
        )
        token = token_with(customer=who.number, acr="verified", sub="ref-secret")
        results.insert(session, ResultRecord(f"ref-{name}", name, token, now, later, 1))
        counters.bump(session, "failures_customer", session_key(db, who), date(2026, 11, 22))
        failure_runs.bump(session, session_key(db, who), None, by=1)
        mark = persons.customer_mark(session, who.number)
        details = {"customer": mark, "check": "identify", "verification": f"ver-{name}"}
        audit.note(session, Entry("caller", "check.ended", name, "call", details), now)
        audit.note(session, Entry("operator tanaka@host", "person.disclosed", "", "T-1",
                                  {"customer": mark, "calls": 1}), now)  # fmt: skip


def session_key(db: Database, who: CustomerData) -> str:
    return db.index.of("customer", who.id)
