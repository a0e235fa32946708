"""``ivr serve`` and ``ivr demo``."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from command_line import ROOT, Ivr

from ivr.commands.web_process import environment, free_address, running, serving
from ivr.errors import RehearsalError
from ivr.settings import load_settings


def test_help_names_the_webhook(ivr: Ivr) -> None:
    ran = ivr("serve", "--help")
    assert ran.code == 0
    assert "/voice/incoming" in ran.out


def test_a_server_says_where_it_answers_and_ends_when_told(home: Path) -> None:
    address = free_address()
    settings = load_settings(
        bind=address, public_url=f"http://{address}", twilio_auth_token="secret-token"
    )
    command = (sys.executable, "-m", "ivr.cli", "serve")
    log = home / "server.log"
    with running(command, environment(settings), log, f"http://{address}/healthz") as process:
        with urlopen(f"http://{address}/readyz", timeout=5) as ready:
            assert ready.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    said = log.read_text()
    assert f"A call comes in:       http://{address}/voice/incoming" in said
    for lacking in ("IVR_PUBLIC_URL", "IVR_DESTINATIONS", "IVR_SMS_SENDER"):
        assert f"  {lacking}: " in said
    assert "IVR_TWILIO_AUTH_TOKEN" not in said, "it is given"
    assert f"listening on {address}" in said
    assert "secret-token" not in said
    assert "Traceback" not in said


def test_a_broken_flow_refuses_to_start(
    ivr: Ivr, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "flows", home / "flows", ignore=shutil.ignore_patterns("calls"))
    flow = home / "flows/verify/flow.yaml"
    text = flow.read_text(encoding="utf-8")
    line = text[: text.index("    next: consent\n")].count("\n") + 1
    flow.write_text(text.replace("    next: consent\n", "    next: consnt\n"), encoding="utf-8")
    monkeypatch.setenv("IVR_FLOWS_DIR", str(home / "flows"))
    ran = ivr("serve")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (f"{flow}:{line}:11: unknown state 'consnt' (did you mean 'consent'?)\n")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"IVR_MODE": "production"}, "IVR_FIELD_KEY is missing"),
        ({"IVR_CHECK_SIGNATURES": "false", "IVR_BIND": "0.0.0.0:8080"}, "IVR_CHECK_SIGNATURES"),
        ({"IVR_BIND": "8080"}, "IVR_BIND"),
        ({"IVR_BIND": "127.0.0.1:99999"}, "must be an address and a port"),
        ({"IVR_BIND": "no.such.host.invalid:8080"}, "cannot listen on IVR_BIND"),
        ({"IVR_FIELD_KEY": "c2hvcnQ="}, "IVR_FIELD_KEY must be 32 bytes in base64"),
        ({"IVR_SIGNING_KEY": "{}"}, "the signing key is not a JWK"),
        ({"IVR_DATABASE_URL": "oracle://h/d"}, "databases of kind 'oracle'"),
        ({"IVR_SMS_SENDER": "smtp"}, "IVR_SMS_SENDER=smtp"),
    ],
)
def test_wrong_settings_refuse_to_start(
    ivr: Ivr, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], words: str
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    ran = ivr("serve")
    assert (ran.code, ran.out) == (1, "")
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert "Honnin answers" not in ran.err


def test_a_taken_port_refuses_to_start(ivr: Ivr, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("IVR_BIND", address)
        ran = ivr("serve")
    assert ran.code == 1
    assert f"cannot listen on IVR_BIND={address}: Address already in use (" in ran.err


#: A server whose app is never made.
HANGS = """
import sys, threading
from ivr.commands import serve

address = sys.argv.pop()
serve.Server(address, 1, threading.Event().wait, limit_s=1.0).run()
"""


def test_a_server_whose_app_is_never_made_ends_and_says_so() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", HANGS, free_address()],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 3
    assert "could not take calls 1 seconds after its start and was ended" in ran.stderr
    assert "IVR_START_LIMIT_S" in ran.stderr
    assert ran.stderr.count("could not take calls") == 1, "it is not tried again and again"


def test_a_process_that_does_not_start_is_told(home: Path) -> None:
    settings = load_settings(bind=free_address(), sms_sender="smtp")
    log = home / "server.log"
    with pytest.raises(RehearsalError, match=re.escape(str(log))), serving(settings, log):
        pass
    assert "IVR_SMS_SENDER=smtp" in log.read_text()


def test_a_process_finds_exactly_the_settings_it_is_given(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_RING_S", "33")
    given = load_settings(
        destinations={"agents": ("+81312345678", "+81312345679")},
        result_keys={"crm": "key-of-the-crm"},
        twilio_auth_token="token",
        check_signatures=False,
        ring_s=20,
        company_ja="",
        hearing=("vosk", "keys"),
    )
    monkeypatch.setattr(os, "environ", environment(given))
    assert load_settings() == given


#: What the rest of the environment says must not matter to a demo.
REAL_WORLD = {
    # Prompts are rendered in other tests.
    "IVR_RENDERED_VOICE": "off",
    "IVR_SMS_SENDER": "twilio",
    "IVR_TWILIO_ACCOUNT_SID": "AC" + "9" * 32,
    "IVR_TWILIO_AUTH_TOKEN": "a-real-token",
    "IVR_RESULT_KEYS": '{"crm": "a-real-key"}',
    "IVR_FALLBACK_NUMBER": "+81312345678",
}


@pytest.fixture
def demo_environment(home: Path) -> Iterator[dict[str, str]]:
    real = home / "real.sqlite3"
    yield {**os.environ, **REAL_WORLD, "IVR_DATABASE_URL": f"sqlite:///{real}"}
    assert not real.exists()


def test_the_demo_shows_a_whole_call_and_touches_nothing_real(
    home: Path, demo_environment: dict[str, str]
) -> None:
    """The one real run of the demo in these tests; it takes some twenty seconds."""
    ran = subprocess.run(
        [sys.executable, "-m", "ivr.cli", "demo", "--pace", "1000"],
        cwd=home,
        env=demo_environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    spoken = [
        line
        for line in ran.stdout.splitlines()
        if re.match(r"\s*[0-9:]* +(bot|caller|agent) ", line)
    ]
    assert len(spoken) >= 12
    assert "pip install 'honnin-ivr[voice]'" in ran.stdout
    heard = re.findall(r"^ +heard +(.+)  [0-9]+%$", ran.stdout, re.MULTILINE)
    assert (heard[0], len(heard)) == ("はい", 4), "consent, birthdate, name, ready"
    recorded = home / "var/demo/call.wav"
    assert f"Listen to it: {recorded}" in ran.stdout
    assert 100_000 < recorded.stat().st_size < 3_000_000
    assert "level verified, ended by transfer" in ran.stdout
    assert "All calls went as their files say." in ran.stdout
    log = (home / "var/demo/server.log").read_text(encoding="utf-8")
    log += (home / "var/demo/media.log").read_text(encoding="utf-8")
    assert '"event": "transfer"' in log
    assert '"event": "stream_left"' in log
    for secret in ("山田", "太郎", "昭和", "1985-03-05", "9012345678", "a-real-token"):
        assert secret not in log
