"""Settings in, senders out: one for each channel that is on, and none that cannot carry it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.senders import FakeSender, FakeVerifier

from ivr.clock import ManualClock
from ivr.errors import SendFailed, SettingsError
from ivr.identity.ports import CodeChecker
from ivr.settings import Settings
from ivr.telephony.senders.outbox import LocalOutbox
from ivr.telephony.senders.smtp import SmtpSender
from ivr.telephony.senders.twilio_messaging import TwilioMessaging
from ivr.telephony.senders.twilio_verify import TwilioVerify
from ivr.telephony.senders.twilio_voice import TwilioVoice
from ivr.wiring.backstage import _counted, code_policy
from ivr.wiring.senders import make_senders


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
