"""The examples for agents' systems and CRMs take what is ours, and nothing else."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr.clock import Clock, OffsetClock, SystemClock
from ivr.identity.assurance import Assurance
from ivr.identity.result import ResultSigner, new_signing_key
from ivr.telephony.crm.signing import CrmWebhook, headers_of

ROOT = Path(__file__).parents[2]
KEY = new_signing_key()
SECRET, FORMER = bytes(range(32)), bytes(range(32, 64))
BODY = '{"type":"result.issued","data":{"destination":"窓口"}}'.encode()
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Ran:
    """Whether an example took what it was given, and what it printed."""

    took: bool
    told: Any


def run(name: str, *arguments: str, given: bytes, secret: str = "") -> Ran:
    program = sys.executable if name.endswith(".py") else shutil.which("node")
    if program is None:
        pytest.skip("node is not there: apt-get install nodejs (18 or later)")
    done = subprocess.run(
        [program, ROOT / "examples" / name, *arguments],
        input=given,
        capture_output=True,
        env={**os.environ, "WEBHOOK_SECRET": secret},
        timeout=120,
        check=False,
    )
    return Ran(done.returncode == 0, json.loads(done.stdout) if done.stdout else None)


# --- results --------------------------------------------------------------------------------


def signer(clock: Clock, key: str = KEY, audience: str = "agents") -> ResultSigner:
    return ResultSigner(key, "https://voice.example.co.jp", audience, clock, HOUR / 2)


def token(clock: Clock, **other: str) -> str:
    return signer(clock, **other).issue(
        reference="ref",
        assurance=Assurance("verified", ("kba", "otp", "sms"), (), ()),
        language="ja",
        verified_at=None,
        flow="verify",
        flow_digest="d",
        destination="agents",
    )


def tampered(made: str) -> str:
    head, body, signature = made.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    more = base64.urlsafe_b64encode(json.dumps({**claims, "acr": "verified", "x": 1}).encode())
    return f"{head}.{more.decode().rstrip('=')}.{signature}"


def unsigned(made: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"honnin-result+jwt"}').decode()
    return f"{head.rstrip('=')}.{made.split('.')[1]}."


def another_kind(clock: Clock) -> str:
    return signer(clock).sign("honnin-audit-anchor+jwt", {"aud": "agents", "iat": 0, "exp": 2**40})


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_text(json.dumps(signer(SystemClock()).published().jwks))
    return path


MAKE: dict[str, tuple[Callable[[Clock], str], bool]] = {
    "ours": (token, True),
    "expired": (lambda clock: token(OffsetClock(clock.now() - HOUR)), False),
    "from the future": (lambda clock: token(OffsetClock(clock.now() + HOUR)), False),
    "for somebody else": (lambda clock: token(clock, audience="branch"), False),
    "of another key": (lambda clock: token(clock, key=new_signing_key()), False),
    "tampered": (lambda clock: tampered(token(clock)), False),
    "unsigned": (lambda clock: unsigned(token(clock)), False),
    "of another kind": (another_kind, False),
    "nothing": (lambda clock: "", False),
}


@pytest.mark.parametrize("name", ["verify_result.py", "verify_result.mjs"])
@pytest.mark.parametrize("made", MAKE)
def test_a_result_is_taken_or_not(name: str, made: str, keys: Path) -> None:
    make, good = MAKE[made]
    given = make(SystemClock())
    ran = run(name, str(keys), "agents", given=f"{given}\n".encode())
    assert ran.took == good
    assert (ran.told or {}).get("acr") == ("verified" if good else None)


# --- webhooks -------------------------------------------------------------------------------


def webhook(*secrets: bytes) -> CrmWebhook:
    return CrmWebhook("crm", "https://crm.example.co.jp", secrets)


@pytest.mark.parametrize("name", ["verify_webhook.py", "verify_webhook.mjs"])
@pytest.mark.parametrize(
    ("secrets", "body", "ago_s", "changed", "good"),
    [
        ((SECRET,), BODY, 0, {}, True),
        ((FORMER, SECRET), BODY, 0, {}, True),
        ((SECRET,), BODY, 120, {}, True),
        ((FORMER,), BODY, 0, {}, False),
        ((SECRET,), BODY + b" ", 0, {}, False),
        ((SECRET,), BODY, 400, {}, False),
        ((SECRET,), BODY, -400, {}, False),
        ((SECRET,), BODY, 0, {"webhook-id": "evt_other"}, False),
        ((SECRET,), BODY, 0, {"webhook-timestamp": "soon"}, False),
        ((SECRET,), BODY, 0, {"webhook-signature": ""}, False),
        ((SECRET,), BODY, 0, {"webhook-signature": "v1,AAAA"}, False),
    ],
)
def test_a_webhook_is_taken_or_not(
    tmp_path: Path,
    name: str,
    secrets: tuple[bytes, ...],
    body: bytes,
    ago_s: int,
    changed: dict[str, str],
    good: bool,
) -> None:
    at = SystemClock().now() - timedelta(seconds=ago_s)
    headers = tmp_path / "headers.json"
    headers.write_text(json.dumps({**headers_of(webhook(*secrets), "evt_1", BODY, at), **changed}))
    secret = f"whsec_{base64.b64encode(SECRET).decode()}"
    ran = run(name, str(headers), given=body, secret=secret)
    assert ran.took == good
    assert ran.told == (json.loads(BODY) if good else None)


@pytest.mark.parametrize("name", ["verify_result", "verify_webhook"])
def test_an_example_is_short_and_shown_in_the_docs(name: str) -> None:
    page = (ROOT / "docs" / "handover.md").read_text(encoding="utf-8")
    for ending in ("py", "mjs"):
        assert f"examples/{name}.{ending}" in page
    text = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    function = re.search(r"^def verify.*?(?=\n\n\nif)", text, re.MULTILINE | re.DOTALL)
    assert function
    assert f"```python\n{function[0]}\n```" in page
    assert len(function[0].splitlines()) <= 14
