"""``ivr audit``, and what the other commands leave in it."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from command_line import ROOT, Ivr

from ivr.clock import SystemClock
from ivr.settings import load_settings
from ivr.wiring.backstage import open_signer

SAMPLE = ROOT / "flows" / "verify" / "customers.csv"


@pytest.fixture
def filled(ivr: Ivr) -> Ivr:
    """An installation with two entries."""
    assert ivr("database", "upgrade").code == 0
    assert ivr("customers", "import", SAMPLE, "--why", "CHG-7").code == 0
    return ivr


def exported(ivr: Ivr, *options: str) -> list[dict[str, Any]]:
    ran = ivr("audit", "export", *options)
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


def tamper(home: Path, statement: str) -> None:
    with sqlite3.connect(home / "var" / "honnin.sqlite3") as connection:
        connection.execute(statement)
    connection.close()


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and a second passes whenever somebody looks at the clock."""
    looks = count()
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: None)
    monkeypatch.setattr(SystemClock, "now", lambda self: now(self) + timedelta(seconds=next(looks)))


def test_what_operators_do_is_told_with_who_and_why(filled: Ivr) -> None:
    rows = exported(filled, "--why", "yearly audit")
    assert [row["what"] for row in rows] == [
        "database.upgraded",
        "customers.imported",
        "audit.exported",
    ]
    assert all(row["who"].startswith("operator ") and "@" in row["who"] for row in rows)
    assert [row["why"] for row in rows] == ["", "CHG-7", "yearly audit"]
    assert rows[1]["details"] == {"added": 25, "updated": 0}
    assert [row["position"] for row in rows] == [1, 2, 3]


def test_a_whole_audit_is_said_to_be(filled: Ivr) -> None:
    ran = filled("audit", "verify")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("the audit is whole: 2 rows from 20")


def test_an_empty_database_has_a_whole_audit(ivr: Ivr, home: Path) -> None:
    assert "ivr database upgrade" in ivr("audit", "verify").err
    ivr("database", "upgrade")
    assert ivr("audit", "verify").out.startswith("the audit is whole: 1 rows")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_log SET why = 'CHG-8' WHERE position = 2", "row 2 of the audit was changed"),
        ("DELETE FROM audit_log WHERE position = 1", "row 1 of the audit was removed"),
        ("DELETE FROM audit_log WHERE position = 2", "row 2 of the audit is missing"),
        ("DELETE FROM audit_head", "row 3 of the audit may be missing"),
    ],
)
def test_the_first_wrong_row_is_named(filled: Ivr, home: Path, statement: str, words: str) -> None:
    tamper(home, statement)
    ran = filled("audit", "verify")
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err
    assert filled("audit", "anchor").code == 1


def test_a_part_of_the_rows_can_be_read_out(filled: Ivr) -> None:
    at = exported(filled)[1]["at"]
    assert [row["position"] for row in exported(filled, "--since", at, "--until", at)] == []
    since = exported(filled, "--since", at)
    assert [row["position"] for row in since][:2] == [2, 3]
    assert exported(filled, "--until", "2020-01-01") == []
    assert exported(filled, "--call", "nobody")[0]["subject"] == "nobody"
    assert "must be like" in filled("audit", "export", "--since", "yesterday").err


def test_a_reason_may_not_be_somebody(filled: Ivr) -> None:
    for why in ("山田さん", "call 09012345678", "x" * 81, "a@b.example"):
        ran = filled("customers", "import", SAMPLE, "--why", why)
        assert ran.code == 2
        assert "like CHG-1234" in ran.err


def test_anchors_prove_that_nothing_before_them_vanished(filled: Ivr, home: Path) -> None:
    kept = home / "anchors.txt"
    assert filled("audit", "anchor", "--out", kept).code == 0
    filled("customers", "import", SAMPLE)
    printed = filled("audit", "anchor").out
    kept.write_text(kept.read_text() + "\n" + printed)
    whole = filled("audit", "verify", "--anchor", kept)
    assert whole.out.startswith("the audit is whole: 5 rows")
    assert whole.out.endswith("; 2 anchors fit\n")
    # The state of an hour ago, rows and head alike: nothing in the database tells.
    with sqlite3.connect(home / "var" / "honnin.sqlite3") as connection:
        older = connection.execute("SELECT * FROM audit_log WHERE position = 4").fetchone()
    connection.close()
    assert older is not None
    tamper(home, "DELETE FROM audit_log WHERE position >= 4")
    tamper(home, "UPDATE audit_head SET position = 3")
    ran = filled("audit", "verify", "--anchor", kept)
    assert ran.code == 1
    assert "row 4 of the audit" in ran.err


def test_anchors_are_checked_with_published_keys(filled: Ivr, home: Path) -> None:
    kept, keys = home / "anchors.txt", home / "jwks.json"
    filled("audit", "anchor", "--out", kept)
    keys.write_text(json.dumps(open_signer(load_settings(), SystemClock()).jwks()))
    assert filled("audit", "verify", "--anchor", kept, "--jwks", keys).code == 0
    token = kept.read_text().strip()
    head, body, signature = token.split(".")
    for bad, words in (
        (f"{head}.{body}.{signature[:-4]}AAAA", "signature does not fit"),
        (f"{head}.{body[:-2]}.{signature}", "signature does not fit"),
        ("anchor", "no signed anchor token"),
    ):
        kept.write_text(f"{token}\n{bad}\n")
        ran = filled("audit", "verify", "--anchor", kept)
        assert (ran.code, ran.out) == (1, "")
        assert f"{kept}:2: " in ran.err
        assert words in ran.err
    for content in ('{"keys": []}', "[1]", "{"):
        keys.write_text(content)
        ran = filled("audit", "verify", "--anchor", kept, "--jwks", keys)
        assert ran.code == 1
        assert "Traceback" not in ran.err
    assert "cannot be read" in filled("audit", "verify", "--anchor", home / "none").err


@pytest.mark.parametrize("emptied", ["", "\n\n"])
def test_a_file_without_anchors_is_no_proof(filled: Ivr, home: Path, emptied: str) -> None:
    kept = home / "anchors.txt"
    kept.write_text(emptied)
    ran = filled("audit", "verify", "--anchor", kept)
    assert ran.code == 1
    assert "holds no anchor" in ran.err


def test_a_result_is_no_anchor(filled: Ivr, home: Path) -> None:
    kept = home / "anchors.txt"
    signer = open_signer(load_settings(), SystemClock())
    kept.write_text(signer.sign("honnin-result+jwt", {"position": 1, "mac": "x"}))
    assert "not a signed anchor" in filled("audit", "verify", "--anchor", kept).err
    for claims in ({"position": 0, "mac": "x"}, {"mac": "x"}, {"position": 1}):
        kept.write_text(signer.sign("honnin-audit-anchor+jwt", claims))
        assert "names no row" in filled("audit", "verify", "--anchor", kept).err
    tokens = [
        signer.sign("honnin-audit-anchor+jwt", {"position": 1, "mac": mac}) for mac in ("x", "y")
    ]
    kept.write_text("\n".join(tokens))
    assert ":2: another anchor knows row 1" in filled("audit", "verify", "--anchor", kept).err


def test_keys_rotate_by_command(filled: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    listed = filled("keys", "list").out.splitlines()
    assert [line.split()[:2] for line in listed[:-1]] == [["1", "field"], ["2", "audit"]]
    assert listed[-1].startswith("IVR_SIGNING_KEY: signs results")
    assert listed[0].endswith("25 rows")
    ran = filled("keys", "rotate", "--why", "CHG-9")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "data key 3 is in force; 25 rows were encrypted anew",
        "data key 1 is retired; from tomorrow: ivr keys destroy 1",
    ]
    assert "encrypting anew: 25 of 25" in ran.err
    assert "25 customers" in filled("database", "check").out
    refused = filled("keys", "destroy", "1")
    assert refused.code == 1
    assert "less than 24 hours ago" in refused.err
    tamper(home, "UPDATE data_keys SET retired_at = '2020-01-01 00:00:00' WHERE number = 1")
    assert filled("keys", "destroy", "1").out == "key 1 is destroyed\n"
    assert filled("keys", "rewrap").out == "2 data keys are wrapped anew\n"
    states = [line.split()[2] for line in filled("keys", "list").out.splitlines()[:-1]]
    assert states == ["destroyed", "since", "since"]
    told = [(row["what"], row["why"]) for row in exported(filled)[2:-1]]
    assert told == [
        ("keys.rotated", "CHG-9"),
        ("keys.rotated", "CHG-9"),
        ("keys.destroyed", ""),
        ("keys.rewrapped", ""),
    ]


def test_fields_that_cannot_be_read_are_named_and_fail_the_rotation(
    filled: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    tamper(
        home,
        "UPDATE customers SET email = 'v2.1.AAAA' WHERE number_index = "
        "(SELECT min(number_index) FROM customers)",
    )
    ran = filled("keys", "rotate")
    assert ran.code == 1
    assert "customers.email of row " in ran.err
    assert "1 fields stay as they are" in ran.err
    assert "retired" not in ran.out
