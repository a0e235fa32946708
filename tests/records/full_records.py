"""One record in every table, and how to read them all again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from found_customers import born_on
from sqlalchemy import create_engine, inspect

from ivr.records import calls, codes, customers, intents, results, verifications, webhook_answers
from ivr.records.calls import CallRecord
from ivr.records.codes import CodeRecord
from ivr.records.customers import CustomerData
from ivr.records.database import Database
from ivr.records.intents import IntentRecord
from ivr.records.results import ResultRecord
from ivr.records.verifications import VerificationRecord

ACTION = '{"say": "鷲尾様"}'
ANSWER = "<Say>鷲尾様</Say>"


@dataclass(frozen=True)
class Records:
    """What the tables hold, decrypted."""

    customers: tuple[CustomerData, ...]
    call: CallRecord | None
    turn: tuple[int, str] | None
    intent: IntentRecord | None
    verification: VerificationRecord | None
    result: ResultRecord | None
    answer: str | None


def records(now: datetime, *, people: int = 3) -> Records:
    """The same every time. ``people`` are born on the same day."""
    later = now + timedelta(minutes=10)
    born = tuple(
        CustomerData(
            id=f"cust-{number:04d}",
            number=f"Q{number:04d}",
            surname="鷲尾",
            given="紗智子",
            surname_kana="ワシオ",
            given_kana="サチコ",
            birthdate=date(1961, 8, 27),
            mobile=f"+8190{number:08d}" if number % 2 else None,
            landline=f"+813{number:08d}",
            email="sachiko@example.jp",
            contact_changed=now,
        )
        for number in range(people)
    )
    state = '{"name": "わしおさちこ", "birthdate": "1961-08-27"}'
    call = CallRecord(
        id="call-1",
        call_sid="CA0001",
        flow_name="verify",
        flow_digest="sha256-1",
        language="ja",
        caller="+819000001234",
        called="+81300001111",
        turn=2,
        status="active",
        state=state,
        started_at=now,
    )
    return Records(
        customers=born,
        call=call,
        turn=(2, ACTION),
        intent=IntentRecord("intent-1", call.id, 1, "identify", state, "pending", now, later),
        verification=VerificationRecord(
            *(
                "ver-1",
                "caller",
                "claim",
                "cust-0001",
                "ja",
                0,
                0,
                None,
                later,
                now,
                "evidence-secret",
            )
        ),
        result=ResultRecord("ref", call.id, "token-secret", now, later, 2),
        answer=ANSWER,
    )


def store(db: Database, whole: Records) -> None:
    """Into an empty database."""
    assert whole.call and whole.turn and whole.intent and whole.verification and whole.result
    now = whole.call.started_at
    with db.writing() as session:
        customers.put_all(session, whole.customers, now)
        calls.insert(session, whole.call)
        calls.add_turn(
            session,
            call_id=whole.call.id,
            number=whole.turn[0] - 1,
            event="heard",
            action=whole.turn[1],
            at=now,
            state_name="name",
        )
        intents.create(session, whole.intent)
        verifications.create(session, whole.verification)
        codes.create(
            session, CodeRecord("code-1", "ver-1", "intent-1", "sms", "hash", "sent", now, now)
        )
        results.insert(session, whole.result)
        webhook_answers.put(session, "idempotent", ANSWER, now)


def read(db: Database) -> Records:
    """All of it, through the repositories."""
    with db.reading() as session:
        return Records(
            customers=tuple(born_on(session, date(1961, 8, 27))),
            call=calls.find(session, "CA0001"),
            turn=calls.answer(session, "call-1", 1),
            intent=intents.get(session, "intent-1"),
            verification=verifications.get(session, "ver-1"),
            result=results.get(session, "ref"),
            answer=webhook_answers.get(session, "idempotent"),
        )


def every_cell(database: Database) -> Iterator[str]:
    """What is really in the tables, by an engine that knows no key."""
    engine = create_engine(database.engine.url, creator=database.engine.pool._creator)
    try:
        with engine.connect() as connection:
            for table in inspect(connection).get_table_names():
                for row in connection.exec_driver_sql(f"SELECT * FROM {table}"):
                    yield from (str(cell) for cell in row)
    finally:
        engine.dispose()


def token_keys(database: Database) -> set[str]:
    """How the encrypted fields begin: the version, and the number of the key."""
    tokens = (cell for cell in every_cell(database) if cell.startswith(("v1.", "v2.")))
    return {token.rpartition(".")[0] for token in tokens}
