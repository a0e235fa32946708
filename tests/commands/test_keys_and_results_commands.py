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

from ivr.clock import ManualClock
from ivr.identity.assurance import assess
from ivr.settings import load_settings
from ivr.wiring.backstage import open_signer

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
    assert (ran.code, ran.err) == (0, "")
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
        assert ran.err.startswith("not valid: ")
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
