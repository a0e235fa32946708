"""``ivr keys`` and ``ivr result``."""

from __future__ import annotations

import base64
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import Ivr

from ivr.clock import ManualClock, SystemClock
from ivr.identity.assurance import assess
from ivr.records import audit_chain, calls, results
from ivr.records.calls import CallRecord
from ivr.records.database import Database
from ivr.records.results import ResultRecord
from ivr.settings import load_settings
from ivr.wiring.backstage import open_database, open_signer

NEEDED = {
    "IVR_MODE": "production",
    "IVR_PUBLIC_URL": "https://voice.example.co.jp",
    "IVR_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "IVR_TWILIO_AUTH_TOKEN": "token",
    "IVR_TWILIO_NUMBER": "+815012345678",
    "IVR_FALLBACK_NUMBER": "+81398765432",
    "IVR_SMS_SENDER": "twilio",
    "IVR_VOICE_SENDER": "off",
    "IVR_EMAIL_SENDER": "off",
}


def token(*, issued: timedelta = timedelta(), audience: str = "") -> str:
    """A result signed with this installation's key so long before now."""
    settings = load_settings(**({"audience": audience} if audience else {}))
    now = datetime.now(UTC) - issued
    return open_signer(settings, ManualClock(now)).issue(
        reference="R1",
        assurance=assess(said_birthdate=True, said_name=True, evidence={"match": "one"}, flags=()),
        language="ja",
        verified_at=None,
        flow="verify",
        flow_digest="sha256:abc",
        destination="agents",
    )


def tampered(good: str) -> str:
    """``good`` with a higher level in its claims and the old signature."""
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    forged = json.dumps(claims | {"acr": "verified"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(forged).decode().rstrip('=')}.{signature}"


def test_new_keys_make_a_production_env_file(
    ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ivr("keys", "new"), ivr("keys", "new")
    assert first.code == 0
    assert not set(first.out.splitlines()) & set(second.out.splitlines())
    env = home / "honnin.env"
    given = {**NEEDED, "IVR_DATABASE_URL": f"sqlite:///{home}/records.sqlite3"}
    env.write_text(first.out + "".join(f"{name}={value}\n" for name, value in given.items()))
    monkeypatch.setenv("IVR_ENV_FILE", str(env))
    assert ivr("database", "upgrade").code == 0
    assert "holds 0 customers" in ivr("database", "check").out
    assert not (home / "var").exists()


def test_a_good_result_prints_its_claims(ivr: Ivr) -> None:
    ran = ivr("result", "verify", token())
    assert ran.code == 0
    claims = json.loads(ran.out)
    assert (claims["acr"], claims["sub"], claims["aud"]) == ("matched", "R1", "agents")


def test_a_result_comes_by_standard_input(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(token() + "\n"))
    assert json.loads(ivr("result", "verify", "-").out)["sub"] == "R1"


def test_results_that_must_not_be_relied_on(ivr: Ivr) -> None:
    good = token()
    for bad, words in (
        (token(issued=timedelta(minutes=32)), "has expired"),
        (tampered(good), "signature does not fit"),
        (good[:-6], "signature does not fit"),
        (token(audience="others"), "for somebody else"),
        ("nonsense", "no result token"),
    ):
        ran = ivr("result", "verify", bad)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.splitlines()[-1].startswith("not valid: ")
        assert words in ran.err


def test_published_keys_check_results_elsewhere(
    ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, keys = token(), home / "jwks.json"
    keys.write_text(json.dumps(open_signer(load_settings(), ManualClock(datetime.now(UTC))).jwks()))
    monkeypatch.setenv("IVR_VAR_DIR", str(home / "elsewhere"))
    assert "unknown key" in ivr("result", "verify", good).err
    assert ivr("result", "verify", good, "--jwks", keys).code == 0
    assert ivr("result", "verify", good, "--jwks", keys, "--audience", "others").code == 1
    for content in (b'{"keys": []}', b"[1]", b"{", b"\xff"):
        keys.write_bytes(content)
        ran = ivr("result", "verify", good, "--jwks", keys)
        assert (ran.code, ran.out) == (1, "")
        assert "Traceback" not in ran.err


def test_a_result_that_is_valid_but_too_old_for_its_reader(ivr: Ivr) -> None:
    old = token(issued=timedelta(minutes=10))
    assert ivr("result", "verify", old, "--max-age", 600).code == 0
    ran = ivr("result", "verify", old, "--max-age", 500)
    assert (ran.code, ran.out) == (1, "")
    assert "too old" in ran.err


def test_without_a_database_only_the_key_of_the_settings_is_tried(ivr: Ivr) -> None:
    ran = ivr("result", "verify", token())
    assert ran.code == 0
    assert ran.err.startswith("only IVR_SIGNING_KEY is tried: ")


def test_the_signing_key_is_replaced_in_three_steps(ivr: Ivr) -> None:
    assert ivr("database", "upgrade").code == 0
    assert ivr("keys", "list").out.endswith(
        "IVR_SIGNING_KEY: signs results, signs anchors of the audit\n"
    )
    made = ivr("keys", "rotate", "--signing", "--why", "yearly")
    assert made.code == 0
    assert made.out.startswith("signing key 3 is published; it signs from ")
    assert "the key before it stays published until " in made.out
    # Asked again, it is the same key: one waits already.
    assert ivr("keys", "rotate", "--signing", "--why", "yearly").out == made.out
    listed = ivr("keys", "list").out.splitlines()
    assert "3  signing  since" in listed[2]
    assert "signs results from" in listed[2]
    early = ivr("keys", "destroy", 3, "--why", "x")
    assert (early.code, "signs results, or will" in early.err) == (1, True)


def test_results_of_a_replaced_key_are_told_as_good(
    ivr: Ivr, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ivr("database", "upgrade").code == 0
    assert ivr("keys", "rotate", "--signing", "--why", "yearly").code == 0
    before = token()
    later = datetime.now(UTC) + timedelta(minutes=7)
    monkeypatch.setattr(SystemClock, "now", lambda self: later)
    after = token_of_database(later)
    assert before != after
    for each in (before, after):
        ran = ivr("result", "verify", each)
        assert (ran.code, ran.err) == (0, "")
    listed = ivr("keys", "list").out.splitlines()
    assert listed[2].endswith("signs results")
    assert "IVR_SIGNING_KEY: checks results until" in listed[3]


def token_of_database(now: datetime) -> str:
    """A result signed with the key that is in force in the database."""
    settings = load_settings()
    db = open_database(settings, ManualClock(now))
    db.look_for_keys()
    signed = open_signer(settings, ManualClock(now), db).issue(
        reference="R2",
        assurance=assess(said_birthdate=True, said_name=True, evidence={}, flags=()),
        language="ja",
        verified_at=None,
        flow="verify",
        flow_digest="sha256:abc",
        destination="agents",
    )
    db.dispose()
    return signed


# --- labels ---------------------------------------------------------------------------------


@pytest.fixture
def transferred(ivr: Ivr) -> Database:
    """A database with one call that was transferred an hour ago."""
    assert ivr("database", "upgrade").code == 0
    db = open_database(load_settings(), SystemClock())
    at = datetime.now(UTC) - timedelta(hours=1)
    call = CallRecord("c1", "CA1", "verify", "d", "ja", "", "+815012345678", 3, "ended", "{}", at)
    with db.writing() as session:
        calls.insert(session, call)
        results.insert(session, ResultRecord("R1", "c1", token(), at, at, 3))
    return db


def test_a_supervisor_labels_a_transfer_and_reads_all_labels(
    ivr: Ivr, transferred: Database
) -> None:
    before = json.loads(ivr("result", "labels", "--why", "tuning").out)
    assert (before["reference"], before["level"], before["label"]) == ("R1", "matched", None)
    assert (before["destination"], before["said"]) == ("agents", [])
    ran = ivr("result", "label", "R1", "not_person", "--why", "T-17")
    assert (ran.code, ran.out) == (0, "the call is labelled not_person\n")
    after = json.loads(ivr("result", "labels").out)
    assert after["label"] == "not_person"
    assert [said["by"].split()[0] for said in after["said"]] == ["operator"]
    with transferred.reading() as session:
        told = [(row.what, row.why) for row in audit_chain.rows(session)]
    assert ("labels.listed", "tuning") in told
    assert ("call.labelled", "T-17") in told
    transferred.dispose()


def test_a_transfer_that_nobody_knows_is_not_labelled(ivr: Ivr, transferred: Database) -> None:
    ran = ivr("result", "label", "R9", "person")
    assert (ran.code, ran.out) == (1, "")
    assert "no such result" in ran.err
    transferred.dispose()
