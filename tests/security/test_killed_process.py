"""kill -9 in the middle of a send: nothing is sent twice, and the call goes on."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from phone_rig import ACCOUNT, AUTH_TOKEN, NUMBER, PUBLIC_URL, RESULT_KEY, Phone, signature
from pydantic import SecretStr
from slow_mail import SilentMailServer

from ivr.clock import SystemClock
from ivr.records import customers
from ivr.records.customers import CustomerData
from ivr.settings import Settings
from ivr.wiring.backstage import open_database
from ivr.wiring.keys import new_keys

ROOT = Path(__file__).parents[2]
MISAKI = CustomerData(
    "misaki", "T0011", "田中", "美咲", "タナカ", "ミサキ", date(1993, 11, 30),
    email="misaki@example.jp",
)  # fmt: skip


class Served:
    """What a telephone needs of a web process, over real HTTP."""

    def __init__(self, address: str) -> None:
        self.address = address

    def post(self, target: str, fields: Mapping[str, str]) -> str:
        path = target.removeprefix(PUBLIC_URL)
        form = {"AccountSid": ACCOUNT, "To": NUMBER, "CallStatus": "in-progress", **fields}
        request = Request(
            f"http://{self.address}{path}",
            urlencode(form).encode(),
            {"X-Twilio-Signature": signature(PUBLIC_URL + path, form)},
        )
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            return str(answer.read().decode())


@pytest.fixture
def environment(tmp_path: Path, sqlite_url: str) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("IVR_")}
    return kept | new_keys() | {
        "PYTHONPATH": str(ROOT),
        "IVR_VAR_DIR": str(tmp_path / "var"),
        "IVR_FLOWS_DIR": str(ROOT / "flows"),
        "IVR_GRAMMARS_DIR": str(ROOT / "grammars"),
        "IVR_DATABASE_URL": sqlite_url,
        "IVR_BIND": address,
        "IVR_PUBLIC_URL": PUBLIC_URL,
        "IVR_TWILIO_ACCOUNT_SID": ACCOUNT,
        "IVR_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "IVR_DESTINATIONS": json.dumps({"agents": ["+81312345678"], "overflow": ["+81312345679"]}),
        "IVR_RESULT_KEYS": json.dumps({"crm": RESULT_KEY}),
        "IVR_SMS_SENDER": "off",
        "IVR_VOICE_SENDER": "off",
        "IVR_EMAIL_SENDER": "smtp",
        "IVR_SMTP_HOST": "127.0.0.1",
        "IVR_SMTP_FROM": "codes@example.co.jp",
        "IVR_SMTP_STARTTLS": "false",
        "IVR_PROVIDER_TIMEOUT_S": "30",
        "IVR_CHECK_DEADLINE_S": "2",
    }  # fmt: skip


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """``ivr serve`` in a process group of its own, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ivr.cli", "serve"],
        env=dict(environment),
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        clock = SystemClock()
        for _ in range(600):
            assert process.poll() is None, "ivr serve did not start"
            try:
                with urlopen(f"http://{environment['IVR_BIND']}/readyz", timeout=5):
                    break
            except (URLError, OSError):
                clock.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def _register(environment: Mapping[str, str]) -> None:
    settings = Settings(
        database_url=SecretStr(environment["IVR_DATABASE_URL"]),
        field_key=SecretStr(environment["IVR_FIELD_KEY"]),
        index_key=SecretStr(environment["IVR_INDEX_KEY"]),
        signing_key=SecretStr(environment["IVR_SIGNING_KEY"]),
        twilio_auth_token=SecretStr(AUTH_TOKEN),
        var_dir=Path(environment["IVR_VAR_DIR"]),
    )
    db = open_database(settings, SystemClock())
    with db.writing() as session:
        customers.add(session, MISAKI)
    db.dispose()


def test_a_killed_send_is_not_repeated_and_its_code_still_works(
    environment: dict[str, str],
) -> None:
    _register(environment)
    with SilentMailServer() as mail:
        environment["IVR_SMTP_PORT"] = str(mail.port)
        with serving(environment) as process:
            served = Served(environment["IVR_BIND"])
            phone = Phone(served, "+819099990000")
            phone.claim("平成五年十一月三十日です", "田中美咲です")
            # The question is answered by hand: the telephone would follow the fillers for ever.
            action = phone.one("Gather").attrib["action"]
            fields = {"CallSid": phone.sid, "From": phone.caller, "SpeechResult": "はい"}
            threading.Thread(target=_send, args=(served, action, fields), daemon=True).start()
            assert mail.taken.wait(timeout=30)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=30)
        with serving(environment):
            # Twilio got no answer, or a filler; either way it asks for the turn again.
            phone.receive(action, {"SpeechResult": "はい"})
            assert "六けた" in phone.words
            assert len(mail.messages) == 1
            phone.press(mail.code)
            assert phone.dials == ["+81312345678"]
            claims = _claims(environment["IVR_BIND"], phone.reference)
        assert (claims["acr"], claims["amr"]) == ("matched", ["kba", "otp", "email"])
        assert len(mail.messages) == 1


def _send(served: Served, action: str, fields: Mapping[str, str]) -> None:
    """A webhook whose answer may never come: the process dies meanwhile."""
    with suppress(OSError, HTTPException):
        served.post(action, fields)


def _claims(address: str, reference: str) -> dict[str, object]:
    request = Request(
        f"http://{address}/results/{reference}", headers={"Authorization": f"Bearer {RESULT_KEY}"}
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        payload = json.load(answer)["token"].split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims
