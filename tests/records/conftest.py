"""Records to begin with, for the repositories' tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from calls_about import call_about

from ivr.clock import ManualClock
from ivr.records import calls, customers, verifications
from ivr.records.calls import CallRecord
from ivr.records.codes import CodeRecord
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.intents import IntentRecord
from ivr.records.verifications import VerificationRecord


@pytest.fixture
def hanako() -> CustomerData:
    return CustomerData(
        id="cust-hanako",
        number="T0002",
        surname="山田",
        given="花子",
        surname_kana="ヤマダ",
        given_kana="ハナコ",
        birthdate=date(1950, 5, 3),
        mobile="+819087654321",
        landline="+81300000002",
        email="hanako@example.jp",
    )


@pytest.fixture
def jiro() -> CustomerData:
    return CustomerData(
        id="cust-jiro",
        number="T0009",
        surname="佐藤",
        given="次郎",
        surname_kana="サトウ",
        given_kana="ジロウ",
        birthdate=date(1971, 12, 24),
        mobile="+819055550000",
        # A family: the landline is the same.
        landline="+81300000002",
        email="jiro@example.jp",
    )


@pytest.fixture
def two(database: Database, call: CallRecord, hanako: CustomerData, jiro: CustomerData) -> Database:
    """Hanako with a call she proved herself in and one that only named her; Jiro likewise."""
    with database.writing() as session:
        customers.put_all(session, [hanako, jiro], call.started_at)
    own = replace(call, caller=hanako.mobile or "")
    elsewhere = replace(call, caller="+819044440000")
    call_about(database, own, hanako, "hers", proven=True, said="やまだはなこ")
    call_about(database, elsewhere, hanako, "named", proven=False, said="だれかのこえ")
    his = replace(call, caller=jiro.mobile or "")
    call_about(database, his, jiro, "OTHER", proven=True, said="OTHER")
    return database


@pytest.fixture
def call(clock: ManualClock) -> CallRecord:
    return CallRecord(
        id="call-1",
        call_sid="CA0001",
        flow_name="verify",
        flow_digest="sha256-1",
        language="ja",
        caller="+819087654321",
        called="+81300001111",
        turn=1,
        status="active",
        state='{"birthdate": "1950-05-03"}',
        started_at=clock.now(),
    )


@pytest.fixture
def stored_call(database: Database, call: CallRecord) -> CallRecord:
    with database.writing() as session:
        calls.insert(session, call)
    return call


@pytest.fixture
def intent(clock: ManualClock) -> IntentRecord:
    return IntentRecord(
        id="intent-1",
        call_id="call-1",
        turn=1,
        check="identify",
        payload='{"name": "ヤマダ ハナコ"}',
        status="pending",
        created_at=clock.now(),
        deadline_at=clock.now() + timedelta(seconds=12),
    )


@pytest.fixture
def verification(clock: ManualClock) -> VerificationRecord:
    return VerificationRecord(
        id="ver-1",
        caller_index="caller",
        claim_index="claim",
        customer_id="cust-hanako",
        language="ja",
        attempts=0,
        sends=0,
        verified_at=None,
        expires_at=clock.now() + timedelta(minutes=10),
        created_at=clock.now(),
        evidence='{"match": "one"}',
    )


@pytest.fixture
def stored_verification(database: Database, verification: VerificationRecord) -> VerificationRecord:
    with database.writing() as session:
        verifications.create(session, verification)
    return verification


@pytest.fixture
def new_code(clock: ManualClock) -> Callable[..., CodeRecord]:
    """Makes a code that was sent; the id tells codes apart."""

    def make(number: int = 1, *, status: str = "sent", verification: str = "ver-1") -> CodeRecord:
        return CodeRecord(
            id=f"code-{number}",
            verification_id=verification,
            intent_id=f"intent-{number}",
            channel="sms",
            code_hash="hash",
            status=status,
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(minutes=10),
        )

    return make


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a file of customers is written."""
    return tmp_path / "customers.csv"
