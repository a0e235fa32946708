"""No personal data in clear, in any table, in any file of the database."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from full_records import every_cell

from ivr.clock import ManualClock
from ivr.errors import RecordsError
from ivr.records import calls, codes, intents, results, verifications, webhook_answers
from ivr.records.calls import CallRecord
from ivr.records.codes import CodeRecord
from ivr.records.customer_csv import store_file
from ivr.records.database import Database
from ivr.records.intents import IntentRecord
from ivr.records.results import ResultRecord
from ivr.records.verifications import VerificationRecord

CSV = """\
number,surname,given,surname_kana,given_kana,birthdate,mobile,landline,email,language,contact_changed
Q7391,鷲尾,紗智子,ワシオ,サチコ,1961-08-27,090-0000-7391,03-0000-7391,sachiko@example.jp,ja,
"""
SECRETS = (
    *("Q7391", "鷲尾", "紗智子", "ワシオ", "サチコ", "1961-08-27", "9000007391", "300007391"),
    *("sachiko@", "わしおさちこ", "鷲尾様", "9000001234", "evidence-secret", "token-secret"),
)


@pytest.fixture
def filled(
    database: Database,
    call: CallRecord,
    intent: IntentRecord,
    verification: VerificationRecord,
    new_code: Callable[..., CodeRecord],
    clock: ManualClock,
    tmp_path: Path,
) -> Database:
    file = tmp_path / "customers.csv"
    file.write_text(CSV, encoding="utf-8")
    assert store_file(database, file, lambda done, total: None).added == 1
    now = clock.now()
    with database.writing() as session:
        state = '{"name": "わしおさちこ", "birthdate": "1961-08-27"}'
        record = replace(call, caller="+819000001234", state=state)
        calls.insert(session, record)
        calls.save(session, replace(record, turn=2))
        calls.add_turn(
            session,
            call_id=call.id,
            number=1,
            event="heard",
            action='{"say": "鷲尾様"}',
            at=now,
            state_name="name",
        )
        intents.create(session, replace(intent, payload=state))
        verifications.create(session, replace(verification, evidence="evidence-secret"))
        codes.create(session, new_code())
        results.insert(session, ResultRecord("ref", call.id, "token-secret", now, now, 1))
        webhook_answers.put(session, "idempotent", "<Say>鷲尾様</Say>", now)
    return database


def test_every_table_is_free_of_plaintext(filled: Database) -> None:
    text = "\n".join(every_cell(filled))
    assert [secret for secret in SECRETS if secret in text] == []
    assert "call-1" in text  # the cells were really read


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_files_of_sqlite_are_free_of_plaintext(filled: Database, tmp_path: Path) -> None:
    wal = tmp_path / "honnin.sqlite3-wal"
    content = b"".join(path.read_bytes() for path in (tmp_path / "honnin.sqlite3", wal))
    assert wal.stat().st_size > 0
    assert b"call-1" in content
    for secret in SECRETS:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            assert secret.encode(encoding) not in content


def test_errors_quote_no_value_and_no_sql(filled: Database, call: CallRecord) -> None:
    with pytest.raises(RecordsError) as caught, filled.writing() as session:
        # The same id under another sid breaks the primary key, not the rule insert() awaits.
        calls.insert(session, replace(call, call_sid="CA-secret-9", state="わしおさちこ"))
    said = str(caught.value)
    for part in (*SECRETS, "CA-secret-9", "call-1", "INSERT", "v1."):
        assert part not in said
    assert caught.value.__suppress_context__
    assert "pk_calls" in said or "SQLITE_CONSTRAINT_PRIMARYKEY" in said
