"""``ivr callbacks``: whom to call, and who need not be called any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import Ivr

from ivr.clock import SystemClock
from ivr.dialogue.actions import End
from ivr.dialogue.call import Call, call_to_json
from ivr.records import audit_chain, callbacks, calls
from ivr.records.callbacks import CallbackRecord
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.settings import load_settings
from ivr.wiring.backstage import open_database

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


@pytest.fixture
def db(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(SystemClock, "now", lambda self: NOW)
    assert ivr("database", "upgrade").code == 0
    return open_database(load_settings(), SystemClock())


def wish(db: Database, number: str, *flags: str, at: datetime = NOW, language: str = "ja") -> None:
    state = call_to_json(Call("d", language, at, End("e"), "e", flags=flags))
    with db.writing() as session:
        name = str(calls.count(session))
        call = CallRecord(
            name, f"CA{name}", "verify", "d", language, number, "+815012345678", 3, "ended", state,
            at,
        )  # fmt: skip
        calls.insert(session, call)
        kept_until = at + timedelta(days=3)
        callbacks.put(session, CallbackRecord(f"i{name}", name, number, language, at, kept_until))


def audited(db: Database) -> list[tuple[str, str, str]]:
    with db.reading() as session:
        rows = [row for row in audit_chain.rows(session) if row.what.startswith("callback")]
    return [(row.what, row.why, row.details) for row in rows]


def test_nobody_waits(ivr: Ivr, db: Database) -> None:
    assert ivr("callbacks", "list", "--why", "shift").out == "nobody waits to be called back\n"


def test_urgent_callers_come_first_and_reading_is_audited(ivr: Ivr, db: Database) -> None:
    wish(db, "+819011112222", at=NOW - timedelta(hours=2))
    wish(db, "+81312345678", "proxy", at=NOW - timedelta(hours=1), language="en")
    wish(db, "+819033334444", "urgent", "trouble")
    ran = ivr("callbacks", "list", "--why", "shift-9")
    assert ran.out.splitlines() == [
        "3  2026-11-22 10:00  +819033334444   ja  urgent",
        "1  2026-11-22 08:00  +819011112222   ja",
        "2  2026-11-22 09:00  +81312345678    en  proxy",
    ]
    assert audited(db) == [("callbacks.listed", "shift-9", '{"callbacks":["1","2","3"]}')]


def test_who_was_called_is_off_the_list_and_the_number_forgotten(ivr: Ivr, db: Database) -> None:
    wish(db, "+819011112222")
    wish(db, "+819033334444")
    ran = ivr("callbacks", "done", 1, "--why", "called")
    assert (ran.code, ran.out) == (0, "call-back 1 is done\n")
    assert "+819011112222" not in ivr("callbacks", "list", "--all").out
    assert ivr("callbacks", "list", "--all").out.splitlines()[0] == (
        "1  2026-11-22 10:00  -               ja  done 2026-11-22 10:00"
    )
    assert audited(db)[0] == ("callback.done", "called", '{"callback":1}')
    again = ivr("callbacks", "done", 1)
    assert (again.code, again.out) == (1, "")
    assert "no open call-back 1" in again.err


def test_what_nobody_called_in_time_is_not_listed(ivr: Ivr, db: Database) -> None:
    wish(db, "+819011112222", at=NOW - timedelta(days=3))
    assert ivr("callbacks", "list").out == "nobody waits to be called back\n"
    assert [what for what, _, _ in audited(db)] == ["callback.expired", "callbacks.listed"]


def test_numbers_are_nowhere_in_the_audit(ivr: Ivr, db: Database, home: Path) -> None:
    wish(db, "+819011112222")
    ivr("callbacks", "list")
    ivr("callbacks", "done", 1)
    assert "9011112222" not in str(audited(db))
    for file in (home / "var").iterdir():
        assert b"9011112222" not in file.read_bytes()


def test_a_purge_forgets_what_nobody_called_in_time(ivr: Ivr, db: Database) -> None:
    wish(db, "+819011112222", at=NOW - timedelta(days=3))
    wish(db, "+819033334444", at=NOW - timedelta(days=2))
    assert ivr("purge", "--why", "nightly").code == 0
    with db.reading() as session:
        kept = [(each.number, each.status) for each in callbacks.of_status(session)]
    assert kept == [(None, "expired"), ("+819033334444", "open")]
