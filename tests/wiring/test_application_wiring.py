"""Composition: settings in, an application out, and secrets that stay where they belong."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from application_rig import ROOT, Call, by_client, settings_for
from fakes.senders import FakeSender, FakeVerifier
from sqlalchemy import func, select

from ivr.clock import ManualClock
from ivr.errors import FilesError, SendFailed, SettingsError
from ivr.flow.flow import Flow
from ivr.identity.contacts import Contact
from ivr.identity.ports import CodeChecker
from ivr.identity.send_limits import SendLimits
from ivr.records.customer_csv import store_file
from ivr.records.models import WebhookAnswer
from ivr.settings import Settings
from ivr.telephony.senders.outbox import LocalOutbox
from ivr.telephony.senders.smtp import SmtpSender
from ivr.telephony.senders.twilio_messaging import TwilioMessaging
from ivr.telephony.senders.twilio_verify import TwilioVerify
from ivr.telephony.senders.twilio_voice import TwilioVoice
from ivr.wiring import keys as wiring_keys
from ivr.wiring.application import RunningApp, build_app
from ivr.wiring.backstage import _counted, code_policy, load_shipped_flow, open_database
from ivr.wiring.keys import with_rehearsal_keys
from ivr.wiring.senders import make_senders

SECRETS = ("field_key", "index_key", "signing_key", "twilio_auth_token")
#: A production, but for its keys.
PRODUCTION: dict[str, Any] = {
    "mode": "production",
    "public_url": "https://voice.example.co.jp",
    "twilio_account_sid": "AC1",
    "twilio_auth_token": "token",
    "twilio_number": "+815012345678",
    "fallback_number": "+81398765432",
    "database_url": "postgresql://h/d",
    "sms_sender": "twilio",
    "voice_sender": "off",
    "email_sender": "off",
}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("IVR_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def shipped() -> Flow:
    return load_shipped_flow(Settings(flows_dir=ROOT / "flows", grammars_dir=ROOT / "grammars"))


def secrets_of(settings: Settings) -> dict[str, str]:
    return {name: getattr(settings, name).get_secret_value() for name in SECRETS}


# --- keys -----------------------------------------------------------------------------------


def test_production_names_everything_it_lacks(tmp_path: Path) -> None:
    lacking = Settings(mode="production", var_dir=tmp_path / "var", check_signatures=False)
    with pytest.raises(SettingsError) as caught:
        with_rehearsal_keys(lacking)
    told = str(caught.value)
    problems = lacking.production_problems()
    assert len(problems) > 10
    assert [problem for problem in problems if problem not in told] == []
    assert "ivr keys new" in told
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("mode", ["rehearsal", "production"])
def test_field_key_and_index_key_have_to_differ(tmp_path: Path, mode: str) -> None:
    # One key in two spellings, as openssl and Python may write the last bits.
    key = base64.b64encode(bytes(range(32))).decode()
    other = key[:-2] + chr(ord(key[-2]) + 1) + "="
    given = PRODUCTION | {"mode": mode, "signing_key": "s", "var_dir": tmp_path / "var"}
    for index in (key, other):
        assert base64.b64decode(index) == bytes(range(32))
        same = Settings(**given, field_key=key, index_key=index)
        with pytest.raises(SettingsError, match="are one and the same key") as caught:
            with_rehearsal_keys(same)
        assert key[:8] not in str(caught.value)


def test_the_way_out_of_one_key_for_both_is_open() -> None:
    one, two = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))
    keys = {"field_key": two, "field_key_before": one, "index_key": one, "signing_key": "s"}
    moving = Settings(**PRODUCTION | keys)
    assert with_rehearsal_keys(moving) == moving


def test_production_uses_the_keys_it_is_given(tmp_path: Path) -> None:
    keys = {name.removeprefix("IVR_").lower(): key for name, key in wiring_keys.new_keys().items()}
    settings = Settings(**PRODUCTION | keys, var_dir=tmp_path / "var")
    assert with_rehearsal_keys(settings) == settings
    assert not (tmp_path / "var").exists()


def test_a_rehearsal_makes_its_keys_once(tmp_path: Path) -> None:
    var = tmp_path / "deep" / "var"
    first = with_rehearsal_keys(Settings(var_dir=var))
    assert all(secrets_of(first).values())
    assert first.result_keys["rehearsal"] == first.twilio_auth_token
    assert secrets_of(with_rehearsal_keys(Settings(var_dir=var))) == secrets_of(first)
    assert secrets_of(with_rehearsal_keys(Settings(var_dir=tmp_path))) != secrets_of(first)
    assert [path.name for path in var.iterdir()] == ["keys.env"]
    assert stat.S_IMODE((var / "keys.env").stat().st_mode) == 0o600


def test_keys_that_are_given_win_over_kept_ones(tmp_path: Path) -> None:
    kept = with_rehearsal_keys(Settings(var_dir=tmp_path))
    own = base64.b64encode(b"k" * 32).decode()
    given = with_rehearsal_keys(
        Settings(var_dir=tmp_path, field_key=own, result_keys={"crm": "own"})  # type: ignore[arg-type,dict-item]
    )
    assert given.field_key.get_secret_value() == own
    assert set(given.result_keys) == {"crm"}
    assert given.index_key == kept.index_key


def test_processes_that_start_together_share_their_keys(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from ivr.settings import Settings;"
        "from ivr.wiring.keys import with_rehearsal_keys;"
        "s = with_rehearsal_keys(Settings(var_dir=Path(sys.argv[1])));"
        "print(s.field_key.get_secret_value(), s.signing_key.get_secret_value())"
    )

    def start(_: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "var")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    with ThreadPoolExecutor(3) as pool:
        printed = set(pool.map(start, range(3)))
    assert len(printed) == 1
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["keys.env"]


def test_threads_that_start_together_share_their_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(with_rehearsal_keys, Settings(var_dir=tmp_path / "v")) for _ in range(8)
        ]
        found = {tuple(secrets_of(future.result()).values()) for future in futures}
    assert len(found) == 1


@pytest.mark.parametrize("key", ["short", "not base64 at all!", "c2hvcnQ=", "あ"])
def test_a_malformed_key_is_named_and_not_quoted(
    tmp_path: Path, clock: ManualClock, key: str
) -> None:
    settings = Settings(var_dir=tmp_path, field_key=key)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="IVR_FIELD_KEY must be 32 bytes") as caught:
        open_database(settings, clock)
    assert key not in str(caught.value)


def test_a_key_that_was_lost_is_named(tmp_path: Path) -> None:
    with_rehearsal_keys(Settings(var_dir=tmp_path))
    file = tmp_path / "keys.env"
    kept = [line for line in file.read_text().splitlines() if "INDEX" not in line]
    file.write_text("# mine\n" + "\n".join(kept) + "\nIVR_NONSENSE=1\n")
    with pytest.raises(SettingsError, match=r"keys\.env lacks IVR_INDEX_KEY"):
        with_rehearsal_keys(Settings(var_dir=tmp_path))
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="IVR_VAR_DIR"):
        with_rehearsal_keys(Settings(var_dir=tmp_path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="IVR_VAR_DIR"):
        with_rehearsal_keys(Settings(var_dir=tmp_path / "file" / "var"))


# --- senders --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"sms": LocalOutbox, "voice": LocalOutbox, "email": LocalOutbox}),
        (
            {"sms_sender": "twilio", "voice_sender": "twilio", "email_sender": "smtp"},
            {"sms": TwilioMessaging, "voice": TwilioVoice, "email": SmtpSender},
        ),
        ({"sms_sender": "twilio", "voice_sender": "off", "email_sender": "off"},
         {"sms": TwilioMessaging}),
        ({"sms_sender": "verify", "voice_sender": "verify", "email_sender": "off"},
         {"sms": TwilioVerify, "voice": TwilioVerify}),
        ({"sms_sender": "off", "voice_sender": "off", "email_sender": "off"}, {}),
    ],
)  # fmt: skip
def test_a_sender_for_each_channel_that_is_on(
    tmp_path: Path, clock: ManualClock, changes: dict[str, Any], expected: dict[str, type]
) -> None:
    settings = Settings(
        **{
            "var_dir": tmp_path,
            "twilio_account_sid": "AC1",
            "twilio_auth_token": "token",
            "twilio_number": "+815012345678",
            "smtp_host": "mail.example.co.jp",
            "smtp_from": "bank@example.co.jp",
            "twilio_verify_service": "VA" + "0" * 32,
            **changes,
        }
    )
    made = make_senders(settings, clock)
    assert {channel: type(sender) for channel, sender in made.items()} == expected


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("sms_sender", "smtp"),
        ("voice_sender", "smtp"),
        ("email_sender", "twilio"),
        ("email_sender", "verify"),
        ("sms_sender", "verify"),  # which service?
    ],
)
def test_a_way_that_cannot_carry_a_channel_is_refused(
    tmp_path: Path, clock: ManualClock, setting: str, kind: str
) -> None:
    settings = Settings(**{"var_dir": tmp_path, setting: kind})
    with pytest.raises(SettingsError, match=f"IVR_{setting.upper()}={kind}"):
        make_senders(settings, clock)


def test_limits_on_codes_come_from_the_settings() -> None:
    policy = code_policy(
        Settings(
            code_minutes=7, code_attempts=2, code_sends=4, lockout_failures=9,
            customer_sends_per_day=5, prefix_sends_per_day=44, contact_changed_days=12,
            sends_per_day=99, phone_prefixes="+81,+82", breaker_sends=30, breaker_percent=0,
        )
    )  # fmt: skip
    assert (policy.minutes, policy.attempts, policy.sends) == (7, 2, 4)
    assert (policy.lockout_failures, policy.contact_changed_days) == (9, 12)
    assert (policy.customer_sends_per_day, policy.prefix_sends_per_day) == (5, 44)
    assert (policy.sends_per_day, policy.phone_prefixes) == (99, ("+81", "+82"))
    assert (policy.breaker_sends, policy.breaker_percent) == (30, 0)
    assert code_policy(Settings(phone_prefixes="")).phone_prefixes == ()


# --- the flow -------------------------------------------------------------------------------


def test_production_needs_numbers_for_every_destination() -> None:
    folders = {"flows_dir": ROOT / "flows", "grammars_dir": ROOT / "grammars"}
    settings = Settings(
        mode="production",
        destinations={"agents": ("+81312345678",)},
        **folders,  # type: ignore[arg-type]
    )
    with pytest.raises(FilesError) as caught:
        load_shipped_flow(settings)
    told = str(caught.value)
    assert "overflow" in told and "urgent" in told
    assert load_shipped_flow(Settings(**folders)).name == "verify"  # type: ignore[arg-type]


# --- the application ------------------------------------------------------------------------


class Wired:
    """One application, its settings and a sender."""

    def __init__(self, settings: Settings, clock: ManualClock, flow: Flow) -> None:
        self.settings, self.clock = settings, clock
        self.sms = FakeSender("blocked")
        self.app: RunningApp = build_app(settings, clock, senders={"sms": self.sms}, flow=flow)

    def call(self) -> Call:
        return Call([by_client(self.app.app)])

    def metrics(self) -> str:
        return self.app.app.test_client().get("/metrics").text


@pytest.fixture
def wired(sqlite_url: str, tmp_path: Path, clock: ManualClock, shipped: Flow) -> Iterator[Wired]:
    wired = Wired(settings_for(tmp_path / "var", sqlite_url), clock, shipped)
    store_file(wired.app.db, ROOT / "flows/verify/customers.csv", lambda done, total: None)
    yield wired
    wired.app.close()


def test_the_recogniser_is_hinted_what_the_question_is_about(wired: Wired) -> None:
    call = wired.call().rings().press("")
    consent = hints(call)
    call.say("はい")
    birthdate = hints(call)
    assert {"はい", "係"} <= set(consent)
    assert "昭和" in " ".join(birthdate)
    assert set(birthdate) != set(consent)
    for found in (consent, birthdate):
        assert len(found) <= 200
        assert len(set(found)) == len(found)
        assert all(0 < len(words) <= 100 for words in found)


def hints(call: Call) -> list[str]:
    (gather,) = ET.fromstring(call.document).iter("Gather")  # noqa: S314 (our own output)
    return gather.attrib["hints"].split(",")


def test_what_a_provider_refuses_is_counted(wired: Wired) -> None:
    assert "ivr_provider_failures_total{" not in wired.metrics()
    wired.call().until_code()
    assert 'ivr_provider_failures_total{channel="sms",kind="blocked"} 1.0' in wired.metrics()


def test_what_a_limit_keeps_back_is_counted(
    sqlite_url: str, tmp_path: Path, clock: ManualClock, shipped: Flow
) -> None:
    settings = settings_for(tmp_path / "var", sqlite_url).model_copy(update={"sends_per_day": 1})
    wired = Wired(settings, clock, shipped)
    try:
        store_file(wired.app.db, ROOT / "flows/verify/customers.csv", lambda done, total: None)
        assert "ivr_sends_withheld_total{" not in wired.metrics()
        db = wired.app.db
        limits = SendLimits(code_policy(settings), db.index, claim_index="c", customer_id="c9")
        with db.writing() as session:
            assert limits.take(session, Contact("sms", "+818011112222"), clock.now()) is None
        wired.call().until_code()
        line = 'ivr_sends_withheld_total{channel="sms",limit="day"} 1.0'
        assert line in wired.metrics()
    finally:
        wired.app.close()


def test_checks_that_a_provider_refuses_are_counted_too() -> None:
    failed: list[tuple[str, str]] = []
    checker = FakeVerifier("retry_later")
    counted = _counted("sms", checker, lambda channel, kind: failed.append((channel, kind)))
    assert isinstance(counted, CodeChecker)
    with pytest.raises(SendFailed):
        counted.check("+819012345678", "123456")
    assert counted.check("+819012345678", "123456") == "wrong"
    assert failed == [("sms", "retry_later")]
    assert not isinstance(_counted("sms", FakeSender(), lambda *_: None), CodeChecker)


def test_readiness_asks_the_database(wired: Wired) -> None:
    client = wired.app.app.test_client()
    assert client.get("/readyz").status_code == 200
    with wired.app.db.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    answer = client.get("/readyz")
    assert (answer.status_code, "database" in answer.text) == (503, True)


def test_old_webhook_answers_are_dropped_now_and_then(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr.telephony.stored._PURGE_EVERY", 5)
    wired.call().rings().press("").say("はい")  # three answers are kept
    wired.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    call = wired.call().rings()
    assert answers(wired) == 4
    call.press("")  # the fifth: what is older than a day goes
    assert answers(wired) == 2


def answers(wired: Wired) -> int:
    with wired.app.db.reading() as session:
        return session.execute(select(func.count()).select_from(WebhookAnswer)).scalar_one()


def test_trying_it_out_asks_nobody_anything(
    tmp_path: Path, clock: ManualClock, shipped: Flow
) -> None:
    """As ``ivr serve`` does before it forks: no database, no threads, nothing sent."""
    settings = settings_for(tmp_path / "var", f"sqlite:///{tmp_path}/none/none.sqlite3")
    build_app(settings, clock, flow=shipped, recover=False).close()
    assert [path.name for path in tmp_path.iterdir()] == ["var"]
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["keys.env"]
