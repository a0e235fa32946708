"""``ivr purge``, ``ivr person`` and ``ivr incident`` as somebody types them."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import ROOT, Ivr

from ivr.clock import SystemClock
from ivr.commands.person import safe_cell
from ivr.settings import load_settings
from ivr.wiring.backstage import open_database

SAMPLE = ROOT / "flows" / "verify" / "customers.csv"


@pytest.fixture
def filled(ivr: Ivr) -> Ivr:
    """An installation with the made-up customers."""
    assert ivr("database", "upgrade").code == 0
    assert ivr("customers", "import", SAMPLE).code == 0
    return ivr


@pytest.fixture
def known() -> dict[str, str]:
    """The first of them."""
    with SAMPLE.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.DictReader(file))


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: now(self) + timedelta(days=days))
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: None)


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))


def count_up(scope: str) -> None:
    """A counter of today."""
    from ivr.identity.lockout import day_of
    from ivr.records import counters

    db = open_database(load_settings(), SystemClock())
    with db.writing() as session:
        counters.bump(session, scope, "key", day_of(db.clock.now()))
    db.dispose()


# --- purge --------------------------------------------------------------------------------


def test_purge_says_what_is_due_removes_it_and_proves_it(
    filled: Ivr, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_up("first")
    count_up("second")
    later(monkeypatch, 40)
    due = filled("purge", "--dry-run")
    assert (due.code, due.err) == (0, "")
    assert "counters: due 2 failure_counters; from " in due.out
    assert "calls: nothing from before " in due.out

    gone = filled("purge", "--why", "CHG-9")

    assert gone.code == 0
    assert "counters: removed 2 failure_counters; from " in gone.out
    run = gone.out.split()[-1]
    assert gone.err == "counters: 2 of 2\n"
    rows = [json.loads(line) for line in filled("audit", "export").out.splitlines()]
    (proof,) = [row for row in rows if row["what"] == "records.purged"]
    assert (proof["why"], proof["details"]["run"]) == ("CHG-9", run)
    assert proof["details"]["rows"] == {"failure_counters": 2}
    again = filled("purge", "--json")
    assert sum(sum(each["rows"].values()) for each in json.loads(again.out)["removed"]) == 0


def test_the_audit_ages_out_and_can_still_be_verified(
    filled: Ivr, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    filled("audit", "anchor", "--out", home / "anchors.txt")
    later(monkeypatch, 4000)
    assert "audit: removed 3 audit_log; from " in filled("purge", "--compact").out
    filled("audit", "anchor", "--out", home / "anchors.txt")
    ran = filled("audit", "verify", "--anchor", home / "anchors.txt")
    assert ran.code == 0
    assert "2 rows from" in ran.out
    assert "anchors fit; 3 older rows were purged" in ran.out
    with sqlite3.connect(home / "var" / "honnin.sqlite3") as connection:
        connection.execute("DELETE FROM audit_log WHERE position = 4")
    connection.close()
    assert "row 4 of the audit was removed" in filled("audit", "verify").err


def test_an_audit_that_was_tampered_with_stays_and_the_rest_goes(
    filled: Ivr, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    count_up("one")
    with sqlite3.connect(home / "var" / "honnin.sqlite3") as connection:
        connection.execute("UPDATE audit_log SET who = 'nobody' WHERE position = 1")
    connection.close()
    later(monkeypatch, 4000)
    ran = filled("purge")
    assert ran.code == 1
    assert "counters: removed 1 failure_counters" in ran.out
    assert "row 1 of the audit was changed" in ran.err
    with sqlite3.connect(home / "var" / "honnin.sqlite3") as connection:
        (rows,) = connection.execute("SELECT count(*) FROM audit_log WHERE position = 1").fetchone()
    connection.close()
    assert rows == 1


def test_a_log_in_use_is_told(filled: Ivr, home: Path) -> None:
    reader = sqlite3.connect(home / "var" / "honnin.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM customers").fetchone()
    count_up("one")
    ran = filled("purge")
    reader.close()
    assert ran.code == 0
    assert "run this again" in ran.err


def test_periods_come_from_the_settings(filled: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    count_up("one")
    later(monkeypatch, 40)
    monkeypatch.setenv("IVR_KEEP_COUNTERS_DAYS", "41")
    assert "counters: nothing" in filled("purge", "--dry-run").out
    monkeypatch.setenv("IVR_KEEP_COUNTERS_DAYS", "1")
    ran = filled("purge", "--dry-run")
    assert ran.code == 1
    assert "IVR_KEEP_COUNTERS_DAYS" in ran.err


# --- one person ---------------------------------------------------------------------------


def test_a_person_is_disclosed_as_json_and_as_csv(filled: Ivr, known: dict[str, str]) -> None:
    told = json.loads(filled("person", "disclose", known["number"], "--why", "REQ-1").out)
    assert told["customer"][0]["surname_kana"] == known["surname_kana"]
    table = list(csv.reader(io.StringIO(
        filled("person", "disclose", known["number"], "--format", "csv").out
    )))  # fmt: skip
    assert table[0] == ["section", "entry", "field", "value"]
    assert ["customer", "1", "given", known["given"]] in table
    rows = [json.loads(line) for line in filled("audit", "export").out.splitlines()]
    assert [row["why"] for row in rows if row["what"] == "person.disclosed"] == ["REQ-1", ""]


def test_a_person_is_corrected_from_standard_input(
    filled: Ivr, known: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "090-9999-8888")
    assert filled("person", "correct", known["number"], "mobile").out == "corrected\n"
    typed(monkeypatch, "+819099998888")
    assert "nothing changed" in filled("person", "correct", known["number"], "mobile").out
    typed(monkeypatch, "09099998888x")
    wrong = filled("person", "correct", known["number"], "mobile")
    assert wrong.code == 1
    assert "mobile is no phone number" in wrong.err
    assert "9999" not in wrong.err
    told = json.loads(filled("person", "disclose", known["number"]).out)["customer"][0]
    assert told["mobile"] == "+819099998888"
    assert told["contact_changed"] is not None


def test_a_person_is_deleted_after_a_question(
    filled: Ivr, known: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "n")
    assert filled("person", "delete", known["number"]).code == 1
    assert filled("person", "disclose", known["number"]).code == 0
    ran = filled("person", "delete", known["number"], "--yes", "--why", "REQ-2")
    assert ran.code == 0
    assert "customers: 1 deleted" in ran.out
    gone = filled("person", "disclose", known["number"])
    assert gone.code == 1
    assert "no customer with this number" in gone.err
    assert known["number"] not in gone.err


def test_a_lock_is_ended_by_customer_number(filled: Ivr, known: dict[str, str]) -> None:
    ran = filled("person", "release", known["number"], "--why", "REQ-3")
    assert (ran.code, ran.out) == (0, "forgotten: 0 wrong codes in a row\n")
    rows = [json.loads(line) for line in filled("audit", "export").out.splitlines()]
    (row,) = [row for row in rows if row["what"] == "person.released"]
    assert row["why"] == "REQ-3"
    assert filled("person", "release", "nobody").code == 1


# --- an incident --------------------------------------------------------------------------


def test_an_incident_lists_who_was_read_by_an_account(filled: Ivr, known: dict[str, str]) -> None:
    filled("person", "disclose", known["number"])
    rows = [json.loads(line) for line in filled("audit", "export").out.splitlines()]
    account = rows[-1]["who"]
    span = ("--from", "2020-01-01", "--to", "2100-01-01T00:00:00+09:00")

    ran = filled("incident", "affected", *span, "--account", account, "--why", "INC-1")

    table = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["customer_number"] for row in table] == [known["number"]]
    assert list(table[0]) == ["customer_number", "calls", "first", "last"]
    assert "customers affected: 1" in ran.err
    assert "which may show anybody: audit.exported, 1x" in ran.err
    named = filled("incident", "affected", *span, "--account", account, "--with-contacts")
    (row,) = csv.DictReader(io.StringIO(named.out))
    assert (row["surname"], row["given"]) == (known["surname"], known["given"])
    assert filled(
        "incident", "affected", *span
    ).out == "customer_number,calls,first,last\n".replace("\n", "\r\n")


def test_an_account_that_did_nothing_is_told_from_one_that_showed_nobody(filled: Ivr) -> None:
    filled("audit", "export")
    account = json.loads(filled("audit", "export").out.splitlines()[-1])["who"]
    span = ("--from", "2020-01-01", "--to", "2100-01-01")
    assert (
        "nothing by this account" in filled("incident", "affected", *span, "--account", "crmm").err
    )
    assert (
        "nothing by this account"
        not in filled("incident", "affected", *span, "--account", account).err
    )
    assert "nothing by this account" not in filled("incident", "affected", *span).err


def test_an_incident_asks_for_a_number_as_calls_have_it(filled: Ivr) -> None:
    span = ("--from", "2020-01-01", "--to", "2100-01-01")
    ran = filled("incident", "affected", *span, "--number", "0312345678")
    assert ran.code == 2
    assert "must be like +81312345678" in ran.err
    assert filled("incident", "affected", *span, "--number", "+81312345678").code == 0


@pytest.mark.parametrize(
    ("since", "until"), [("2026-11-22", "2026-11-22"), ("2026-11-23", "2026-11-22"), ("x", "y")]
)
def test_an_incident_has_a_beginning_before_its_end(filled: Ivr, since: str, until: str) -> None:
    assert filled("incident", "affected", "--from", since, "--to", until).code == 2


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("\t=1", "'\t=1"),
        ("+819012345678", "+819012345678"),
        ("-3.5", "-3.5"),
        ("山田", "山田"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(value: str, cell: str) -> None:
    assert safe_cell(value) == cell
